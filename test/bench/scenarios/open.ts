// Opening an account with very many messages.
import type { Account, Contestant } from '../contestants/contestant.ts'
import { ImapClient } from '../load/imap-client.ts'
import { seed } from '../load/seed.ts'
import { measure, settle } from '../measure.ts'
import { MessageGenerator } from '../message-generator.ts'
import { mean } from '../statistics.ts'
import { makeAccounts, smallBytes, type Figure, type Scenario } from './scenario.ts'

const indexedWithinMs = 180_000

/** LOGIN and SELECT after a restart and again, and FLAGS of all; the first login, after the deliveries, is not measured here. */
export const open: Scenario = {
  name: 'open',
  about: 'SELECT of accounts with 10,000 and 50,000 messages, after a restart and again',
  argon2: 'light',
  async setUp(contestant, scale) {
    const sizes = [scale.smallMessages, scale.manyMessages]
    const accounts = await makeAccounts(contestant, sizes.length, 'many')
    for (const [index, account] of accounts.entries()) await prepare(contestant, account, sizes[index] ?? 0)
    return async () => {
      const figures: Figure[] = []
      for (const [index, account] of accounts.entries()) {
        await contestant.stop()
        await contestant.start()
        figures.push(...(await openings(contestant, account, sizes[index] ?? 0, scale.openings)))
      }
      return figures
    }
  },
}

async function prepare(contestant: Contestant, account: Account, count: number): Promise<void> {
  const messages = new MessageGenerator('text', smallBytes)
  const delivered = Math.min(1_000, count)
  await seed(contestant, account, messages, delivered)
  const first = await ImapClient.login(contestant.imapPort, account)
  await first.selectAll(delivered)
  await first.logout()
  await contestant.fill(account, count)
  // What a server does behind everything with mail that came in a moment is not what opening a mailbox costs from then on.
  const last = await ImapClient.login(contestant.imapPort, account)
  await last.select()
  await settle(contestant, indexedWithinMs)
  await last.logout()
}

interface Visit {
  readonly totalMs: number
  readonly selectMs: number
}

async function visit(contestant: Contestant, account: Account, count: number): Promise<Visit> {
  const startedAt = performance.now()
  const client = await ImapClient.login(contestant.imapPort, account)
  const loggedInAt = performance.now()
  const exists = await client.select()
  const selectedAt = performance.now()
  if (exists !== count) throw new Error(`SELECT says ${exists} messages`)
  await client.logout()
  return { totalMs: selectedAt - startedAt, selectMs: selectedAt - loggedInAt }
}

async function openings(
  contestant: Contestant,
  account: Account,
  count: number,
  times: number,
): Promise<Figure[]> {
  const cold = await visit(contestant, account, count)
  const { result, cpuSeconds } = await measure(contestant, async () => {
    const visits: Visit[] = []
    for (let turn = 0; turn < times; turn++) visits.push(await visit(contestant, account, count))
    return visits
  })
  const client = await ImapClient.login(contestant.imapPort, account)
  await client.select()
  const sync = await measure(contestant, () => client.command('UID FETCH 1:* (UID FLAGS)'))
  if (sync.result.fetches !== count) throw new Error(`FETCH gives ${sync.result.fetches} messages`)
  await client.logout()
  const name = count.toLocaleString('en-US')
  const ms = (row: string, value: number): Figure => ({ row, unit: 'ms', better: 'less', value })
  return [
    ms(`LOGIN and SELECT of ${name} messages, just restarted`, cold.totalMs),
    ms(`SELECT of ${name} messages`, mean(result.map(({ selectMs }) => selectMs))),
    {
      ...ms(`LOGIN and SELECT of ${name} messages`, mean(result.map(({ totalMs }) => totalMs))),
      cpuPerThousand: (cpuSeconds / result.length) * 1000,
    },
    ms(`FETCH FLAGS of ${name} messages, first in a session`, sync.seconds * 1000),
  ]
}
