// Opening an account with very many messages.
import { ImapClient } from '../load/imap-client.ts'
import { seed } from '../load/seed.ts'
import { measure, settle } from '../measure.ts'
import { MessageGenerator } from '../message-generator.ts'
import { mean } from '../statistics.ts'
import { makeAccount, smallBytes, type Scenario } from './scenario.ts'

/** LOGIN and SELECT from the second login on; the first, after the deliveries, is not measured here. */
export const open: Scenario = {
  name: 'open',
  about: 'SELECT of an account with 50,000 messages, second login',
  argon2: 'light',
  async setUp(contestant, scale) {
    const account = await makeAccount(contestant, 'many')
    const messages = new MessageGenerator('text', smallBytes)
    const delivered = Math.min(1_000, scale.manyMessages)
    await seed(contestant, account, messages, delivered)
    const first = await ImapClient.login(contestant.imapPort, account)
    await first.selectAll(delivered)
    await first.logout()
    await contestant.fill(account, scale.manyMessages)
    return async () => {
      await contestant.stop()
      await contestant.start()
      const visit = async (): Promise<{ totalMs: number; selectMs: number }> => {
        const startedAt = performance.now()
        const client = await ImapClient.login(contestant.imapPort, account)
        const loggedInAt = performance.now()
        const exists = await client.select()
        const selectedAt = performance.now()
        if (exists !== scale.manyMessages) throw new Error(`SELECT says ${exists} messages`)
        await client.logout()
        return { totalMs: selectedAt - startedAt, selectMs: selectedAt - loggedInAt }
      }
      await visit()
      await settle(contestant)
      const { result, cpuSeconds } = await measure(contestant, async () => {
        const visits = []
        for (let turn = 0; turn < scale.openings; turn++) visits.push(await visit())
        return visits
      })
      const name = scale.manyMessages.toLocaleString('en-US')
      return [
        {
          row: `SELECT of ${name} messages`,
          unit: 'ms',
          better: 'less',
          value: mean(result.map((visit) => visit.selectMs)),
        },
        {
          row: `LOGIN and SELECT of ${name} messages`,
          unit: 'ms',
          better: 'less',
          value: mean(result.map((visit) => visit.totalMs)),
          cpuPerThousand: (cpuSeconds / result.length) * 1000,
        },
      ]
    }
  },
}
