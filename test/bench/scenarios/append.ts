// APPEND a second, to one account.
import { ImapClient } from '../load/imap-client.ts'
import { measure } from '../measure.ts'
import { MessageGenerator } from '../message-generator.ts'
import { loop, makeAccount, smallBytes, type Figure, type Scenario } from './scenario.ts'

const distinctMessages = 500

/** APPEND of 4 KB messages on 1 and on 4 connections; each round into a mailbox of its own. */
export const append: Scenario = {
  name: 'append',
  about: 'APPEND of 4 KB on 1 and 4 connections',
  argon2: 'light',
  async setUp(contestant, scale) {
    const account = await makeAccount(contestant, 'appending')
    const generator = new MessageGenerator('text', smallBytes)
    const messages = Array.from({ length: distinctMessages }, (_, index) => generator.message(index))
    let round = 0
    return async () => {
      const figures: Figure[] = []
      for (const connections of [1, 4]) {
        const mailbox = `Appended${(round += 1)}`
        const clients = await Promise.all(
          Array.from({ length: connections }, () => ImapClient.login(contestant.imapPort, account)),
        )
        await clients[0]?.command(`CREATE ${mailbox}`)
        const { result, seconds, cpuSeconds } = await measure(contestant, () =>
          loop(scale.loopSeconds, connections, async (worker, count) => {
            const message = messages[count % distinctMessages] ?? generator.message(0)
            await clients[worker]?.append(mailbox, message)
          }),
        )
        for (const client of clients) await client.logout()
        figures.push({
          row: `APPEND, 4 KB, ${connections} connection${connections === 1 ? '' : 's'}`,
          unit: 'msg/s',
          better: 'more',
          value: result / seconds,
          cpuPerThousand: (cpuSeconds / result) * 1000,
        })
      }
      return figures
    }
  },
}
