// Reads pages of search text for SEARCH, SORT, THREAD and PREVIEW, some ahead of those who use them.
import { breathe } from '../base/async.ts'
import type { Snapshot } from '../store/store.ts'
import { mailboxRange, textKey, uidOfKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { pageOf, type SealedPage } from './page-reader.ts'
import { isDamage } from './refusing.ts'
import type { TextPage } from './text-codec.ts'
import { openTextPage } from './text-seal.ts'
import { indexedUntil, noteMissing, noteUnindexed } from './text-state.ts'
import { lowerBound } from './uid-ranges.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** Pages read together, less than a megabyte, where most of what they hold is wanted. */
const pagesAtOnce = 16
/** So many of the next messages among so many UIDs are dense. */
const denseMessages = 64
const denseUids = 512
const opensBetweenBreaths = 4

interface Batch {
  readonly pages: readonly TextPage[]
  /** Index in the UIDs asked for where to go on. */
  readonly next: number
}

class TextReader {
  readonly #account: UnlockedAccount
  readonly #table: MailboxTable
  readonly #uids: readonly number[]
  #missing = 0

  constructor(account: UnlockedAccount, table: MailboxTable, uids: readonly number[]) {
    this.#account = account
    this.#table = table
    this.#uids = uids
  }

  async *pages(): AsyncGenerator<TextPage> {
    const end = await this.#account.read(async (snapshot) =>
      lowerBound(this.#uids, await indexedUntil(this.#account, snapshot, this.#table)),
    )
    let batch = this.#read(0, end)
    // Read ahead: nobody may wait for it any more when it fails.
    batch.catch(() => undefined)
    for (let at = 0; at < end;) {
      const { pages, next } = await batch
      at = next
      if (at < end) {
        batch = this.#read(at, end)
        batch.catch(() => undefined)
      }
      yield* pages
    }
    if (this.#missing === 0) return
    const fields = { account: this.#account.id.toString('hex'), messages: this.#missing }
    this.#account.site.log.write('info', 'search.unindexed', fields)
    noteUnindexed(this.#account)
  }

  /** The pages of the next few messages from index `at` on. */
  async #read(at: number, end: number): Promise<Batch> {
    const uids = this.#uids
    const first = uids[at]
    if (at >= end || first === undefined) return { pages: [], next: end }
    const isDense = (uids[Math.min(at + denseMessages, end) - 1] ?? Infinity) - first < denseUids
    const limit = isDense ? pagesAtOnce : 0
    const { sealed, isLast } = await this.#account.read((snapshot) => this.#sealed(snapshot, first, limit))
    const pages: TextPage[] = []
    let next = at
    for (const [index, [firstUid, bytes]] of sealed.entries()) {
      if (index % opensBetweenBreaths === opensBetweenBreaths - 1) await breathe()
      next = this.#skip(next, lowerBound(uids, firstUid))
      const page = this.#open(firstUid, bytes)
      if (!page) continue
      const last = page.uids.at(-1) ?? firstUid
      if (last < first) continue
      pages.push(page)
      next = this.#through(page, next, Math.min(end, lowerBound(uids, last + 1)))
    }
    // Behind the last page of all there is nothing; else the next look begins with the page behind.
    if (isLast) return { pages, next: this.#skip(next, end) }
    return { pages, next: next > at ? next : this.#skip(at, at + 1) }
  }

  /** The page that would hold `uid`, if any, and up to `limit` behind it. */
  async #sealed(
    snapshot: Snapshot,
    uid: number,
    limit: number,
  ): Promise<{ readonly sealed: SealedPage[]; readonly isLast: boolean }> {
    const { idBytes } = this.#table
    const first = await pageOf(snapshot, this.#table, uid, 't')
    const sealed: SealedPage[] = first ? [first] : []
    if (limit === 0) return { sealed, isLast: false }
    const behind = { gte: textKey(idBytes, uid + 1), lt: mailboxRange('t', idBytes).lt, limit }
    for await (const entries of snapshot.range(behind))
      for (const [key, bytes] of entries) sealed.push([uidOfKey(key), bytes])
    return { sealed, isLast: sealed.length - (first ? 1 : 0) < limit }
  }

  #open(firstUid: number, sealed: Uint8Array): TextPage | undefined {
    try {
      return openTextPage(this.#account.vault, this.#table, firstUid, sealed)
    } catch (error) {
      if (!isDamage(error)) throw error
      const account = this.#account.id.toString('hex')
      this.#account.site.log.write('error', 'search.damaged-page', { account })
      noteMissing(this.#table, firstUid)
      this.#missing += 1
      return undefined
    }
  }

  /** Notes which messages from index `from` on the page should hold and does not; returns `to`. */
  #through(page: TextPage, from: number, to: number): number {
    const held = new Set(page.uids)
    for (let index = from; index < to; index += 1) {
      const uid = this.#uids[index] ?? 0
      if (!held.has(uid)) this.#miss(uid)
    }
    return Math.max(from, to)
  }

  /** Messages up to index `to` are in no page. */
  #skip(from: number, to: number): number {
    for (let index = from; index < to; index += 1) this.#miss(this.#uids[index] ?? 0)
    return Math.max(from, to)
  }

  #miss(uid: number): void {
    if (!this.#table.has(uid)) return
    noteMissing(this.#table, uid)
    this.#missing += 1
  }
}

/**
 * Pages that hold some of `uids` (ascending), in order. Messages that should be in one and are not are noted, to be indexed again;
 * of what is in no page nobody may conclude anything. Refuses with 'unavailable'.
 */
export function textPages(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly number[],
): AsyncGenerator<TextPage> {
  return new TextReader(account, table, uids).pages()
}
