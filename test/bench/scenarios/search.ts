// Searching a mailbox for words: in texts, bodies and fields, found and not found, after a restart and again; and who waits for it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account, Contestant } from '../contestants/contestant.ts'
import { ImapClient } from '../load/imap-client.ts'
import { seed } from '../load/seed.ts'
import { settle } from '../measure.ts'
import { MessageGenerator } from '../message-generator.ts'
import { makeAccount, smallBytes, type Figure, type Scenario } from './scenario.ts'

const pauseMs = 2
/** A server may index what it was given while somebody is there, and gets so many looks for it. */
const settlesAtMost = 20

const searches: readonly (readonly [what: string, keys: string])[] = [
  ['TEXT, not found', 'TEXT "no such words"'],
  ['TEXT, found often', 'TEXT "meeting"'],
  ['BODY, not found', 'BODY "no such words"'],
  ['SUBJECT', 'SUBJECT "no such words"'],
  ['HEADER', 'HEADER X-Mailer "no such words"'],
]

/** SEARCH by each kind of key on one account, while another session asks NOOP after NOOP. */
export const search: Scenario = {
  name: 'search',
  about: 'SEARCH of TEXT, BODY, SUBJECT and HEADER, after a restart and again',
  argon2: 'light',
  async setUp(contestant, scale) {
    const account = await makeAccount(contestant, 'searcher')
    const watcher = await makeAccount(contestant, 'watcher')
    await seed(contestant, account, new MessageGenerator('text', smallBytes), scale.smallMessages)
    const client = await ImapClient.login(contestant.imapPort, account)
    await client.selectAll(scale.smallMessages)
    for (let look = 0; look < settlesAtMost; look++) await settle(contestant)
    await client.logout()
    return async () => {
      const figures: Figure[] = []
      for (const [what, keys] of searches) {
        await contestant.stop()
        await contestant.start()
        figures.push(...(await measureSearch(contestant, account, watcher, what, keys, scale.smallMessages)))
      }
      return figures
    }
  },
}

async function measureSearch(
  contestant: Contestant,
  account: Account,
  watcher: Account,
  what: string,
  keys: string,
  count: number,
): Promise<Figure[]> {
  const client = await ImapClient.login(contestant.imapPort, account)
  await client.selectAll(count)
  const other = await ImapClient.login(contestant.imapPort, watcher)
  await other.select()
  await settle(contestant)
  const first = await timed(client, keys)
  const again = await timed(client, keys)
  const ended = new AbortController()
  const last = timed(client, keys).finally(() => ended.abort())
  let worst = 0
  while (!ended.signal.aborted) {
    const sentAt = performance.now()
    await other.command('NOOP')
    worst = Math.max(worst, performance.now() - sentAt)
    await sleep(pauseMs)
  }
  await last
  await client.logout()
  await other.logout()
  const among = `SEARCH ${what}, among ${count.toLocaleString('en-US')}`
  const row = { unit: 'ms', better: 'less' } as const
  return [
    { row: `${among}, first`, ...row, value: first },
    { row: `${among}, again`, ...row, value: again },
    { row: `NOOP of somebody else during SEARCH ${what}, worst`, ...row, value: worst, combine: 'worst' },
  ]
}

async function timed(client: ImapClient, keys: string): Promise<number> {
  const startedAt = performance.now()
  await client.command(`UID SEARCH ${keys}`)
  return performance.now() - startedAt
}
