// Changing many messages at once: flags, copies, moves, removal.
import type { Contestant } from '../contestants/contestant.ts'
import { ImapClient } from '../load/imap-client.ts'
import { seed } from '../load/seed.ts'
import { measure } from '../measure.ts'
import { MessageGenerator } from '../message-generator.ts'
import { makeAccount, smallBytes, type Figure, type Scenario } from './scenario.ts'

const delivered = 1_000

/** STORE on all messages; COPY, MOVE and EXPUNGE of half of them. What a round made it removes again. */
export const change: Scenario = {
  name: 'change',
  about: 'STORE on 10,000 messages; COPY, MOVE and EXPUNGE of 5,000',
  argon2: 'light',
  async setUp(contestant, scale) {
    const account = await makeAccount(contestant, 'changing')
    const count = scale.smallMessages
    const first = Math.min(delivered, count)
    await seed(contestant, account, new MessageGenerator('text', smallBytes), first)
    const opening = await ImapClient.login(contestant.imapPort, account)
    await opening.selectAll(first)
    await opening.logout()
    await contestant.fill(account, count)
    const half = Math.floor(count / 2)
    return async () => {
      const client = await ImapClient.login(contestant.imapPort, account)
      await client.selectAll(count)
      const figures: Figure[] = []
      const step = async (row: string, messages: number, command: string): Promise<void> => {
        figures.push(
          await timed(contestant, client, `${row} ${messages.toLocaleString('en-US')}`, messages, command),
        )
      }
      await step('STORE on', count, 'STORE 1:* +FLAGS (\\Flagged)')
      await step('STORE.SILENT on', count, 'STORE 1:* -FLAGS.SILENT (\\Flagged)')
      await client.command('CREATE Copies')
      await client.command('CREATE Moved')
      await step('COPY of', half, `COPY 1:${half} Copies`)
      await client.select('Copies')
      await step('MOVE of', half, `MOVE 1:${half} Moved`)
      await client.select('Moved')
      await client.command('STORE 1:* +FLAGS.SILENT (\\Deleted)')
      await step('EXPUNGE of', half, 'EXPUNGE')
      await client.command('UNSELECT')
      await client.command('DELETE Copies')
      await client.command('DELETE Moved')
      await client.logout()
      return figures
    }
  },
}

async function timed(
  contestant: Contestant,
  client: ImapClient,
  row: string,
  messages: number,
  command: string,
): Promise<Figure> {
  const { seconds, cpuSeconds } = await measure(contestant, () => client.command(command))
  return {
    row,
    unit: 'msg/s',
    better: 'more',
    value: messages / seconds,
    cpuPerThousand: (cpuSeconds / messages) * 1000,
  }
}
