// What a scenario is: prepared once for each server, then run in rounds that take turns between the servers.
import type { Account, Contestant } from '../contestants/contestant.ts'

/** One measured number. */
export interface Figure {
  /** What was done; figures of the same row are compared. */
  readonly row: string
  readonly unit: 'msg/s' | 'MB/s' | 'logins/s' | 'ms' | 'KiB'
  readonly better: 'more' | 'less'
  readonly value: number
  /** Processor seconds of the server for 1,000 of what the row counts; absent where that says nothing. */
  readonly cpuPerThousand?: number
  /** How rounds become one number; the mean unless said otherwise. */
  readonly combine?: 'worst'
}

/** How much of everything: `full` for figures, `quick` to see that it works. */
export interface Scale {
  /** Length of a timed loop. */
  readonly loopSeconds: number
  /** Small messages in the account that is read. */
  readonly smallMessages: number
  /** Large messages in the account that is read. */
  readonly largeMessages: number
  /** Messages in the account that is only opened. */
  readonly manyMessages: number
  readonly idleSessions: number
  readonly idleAccounts: number
  readonly arrivals: number
  readonly openings: number
  readonly bulkBytes: number
  /** Mailboxes in the account that has many. */
  readonly mailboxes: number
}

/** Runs once; resolves to what it measured. */
export type Round = () => Promise<readonly Figure[]>

/** One thing to compare. */
export interface Scenario {
  readonly name: string
  readonly about: string
  /** `equal`: passwords at the cost that is compared. `light`: at the least, because logins only lead to what is measured. */
  readonly argon2: 'equal' | 'light'
  /** Prepares a fresh, running server; nothing in here is measured. */
  setUp(contestant: Contestant, scale: Scale): Promise<Round>
}

/** Message sizes, the two that every figure speaks of. */
export const smallBytes = 4_096
export const largeBytes = 75 * 1_024

/** Creates `count` accounts; the same number gives the same addresses. */
export async function makeAccounts(
  contestant: Contestant,
  count: number,
  prefix = 'user',
): Promise<Account[]> {
  const accounts = Array.from({ length: count }, (_, index) => ({
    address: `${prefix}${index}@bench.test`,
    password: `correct-horse-${prefix}`,
  }))
  await contestant.addUsers(accounts)
  return accounts
}

/** Creates one account. */
export async function makeAccount(contestant: Contestant, name: string): Promise<Account> {
  const [account] = await makeAccounts(contestant, 1, name)
  if (account === undefined) throw new Error('no account was made')
  return account
}

/** Runs `task` on `workers` connections until the time is over; resolves to how often it completed. */
export async function loop(
  seconds: number,
  workers: number,
  task: (worker: number, count: number) => Promise<void>,
): Promise<number> {
  const deadline = performance.now() + seconds * 1000
  let done = 0
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      for (let count = 0; performance.now() < deadline; count++) {
        await task(worker, count)
        done++
      }
    }),
  )
  return done
}
