// The duty of an unlocked account to keep its search text complete, behind everything that somebody waits for.
import { breathe } from '../base/async.ts'
import { isRefusal } from './errors.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { pageOf } from './page-reader.ts'
import { buildSome, type Stretch } from './text-build.ts'
import { indexedUntil, onUnindexed, textState } from './text-state.ts'
import { nextPage } from './text-removal.ts'
import { lowerBound } from './uid-ranges.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** Fewer messages are opened by each search: that takes some milliseconds. */
const worthwhile = 32
/** Work begins so long after it was found: what comes together is written together, and sessions go first. */
const delayMs = 300
/** After a failure. */
const retryMs = 60_000
/** A logout still indexes for so long; the rest waits for the next session. */
const logoutMs = 300

export class Indexing {
  readonly #account: UnlockedAccount
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #isWanted = false
  #isStopped = false

  constructor(account: UnlockedAccount) {
    this.#account = account
    onUnindexed(account, () => this.wake())
  }

  /** Messages came, or pages are missing. */
  wake(): void {
    this.#isWanted = true
    this.#later(delayMs)
  }

  #later(ms: number): void {
    if (this.#isStopped || this.#timer || this.#running) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#running = this.#run().finally(() => {
        this.#running = undefined
        if (this.#isWanted) this.#later(delayMs)
      })
    }, ms).unref()
  }

  async #run(): Promise<void> {
    this.#isWanted = false
    try {
      for (const table of [...this.#account.state.mailboxes.values()]) {
        for (;;) {
          if (this.#isStopped) return
          const stretch = await this.#stretchOf(table)
          if (!stretch) break
          await this.#build(table, stretch)
        }
      }
    } catch (error) {
      this.#failed(error)
    }
  }

  async #build(table: MailboxTable, { from, until }: Stretch): Promise<void> {
    const isStopped = (): boolean => this.#isStopped
    for (let next = from; next < until && !this.#isStopped;) {
      if (!this.#account.state.mailboxes.has(table.id)) return
      next = await buildSome(this.#account, table, { from: next, until }, isStopped)
      await breathe()
    }
  }

  /** Where a mailbox in memory needs pages, if that is worth it. */
  async #stretchOf(table: MailboxTable): Promise<Stretch | undefined> {
    const account = this.#account
    if (!table.isLoaded || !account.state.mailboxes.has(table.id)) return undefined
    const { missing } = textState(table)
    const [first] = missing
    if (first === undefined && table.messages < worthwhile) return undefined
    return account.read(async (snapshot) => {
      const end = await indexedUntil(account, snapshot, table)
      const tail = table.uids.length - lowerBound(table.uids, end)
      if (tail >= worthwhile) return { from: end, until: table.uidNext }
      if (first === undefined) return undefined
      if (first >= end) {
        missing.delete(first)
        return undefined
      }
      const page = await pageOf(snapshot, table, first, 't')
      return { from: page?.[0] ?? 1, until: Math.min(end, await nextPage(snapshot, table, first)) }
    })
  }

  #failed(error: unknown): void {
    this.#report(error)
    this.#isWanted = false
    if (this.#isStopped || this.#account.isFailed) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.wake()
    }, retryMs).unref()
  }

  #report(error: unknown): void {
    // The account was locked, or given up, which is said elsewhere.
    if (this.#account.isFailed) return
    const reason = isRefusal(error) ? error.code : 'fault'
    const detail = error instanceof Error ? error.message : ''
    const account = this.#account.id.toString('hex')
    this.#account.site.log.write('error', 'indexing.failed', { account, reason, detail })
  }

  /** Ends what runs. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#running
  }

  /** After `stop`: a little more, so that accounts whose sessions are short are indexed too; not while `isAwaited`. Never throws. */
  async finish(isAwaited: () => boolean): Promise<void> {
    const end = performance.now() + logoutMs
    const isStopped = (): boolean => isAwaited() || performance.now() > end
    if (isStopped()) return
    try {
      for (const table of [...this.#account.state.mailboxes.values()]) {
        const stretch = await this.#stretchOf(table)
        if (stretch) await buildSome(this.#account, table, stretch, isStopped)
        if (isStopped()) return
      }
    } catch (error) {
      this.#report(error)
    }
  }
}
