// Finds the sealed pages of a mailbox's messages for UIDs that ascend, several at once where they follow each other.
import type { Snapshot } from '../store/store.ts'
import { mailboxRange, pageKey, textKey, uidOfKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'

/** A page as it is stored, and the UID in its key: no message in it has a lesser one. */
export type SealedPage = readonly [firstUid: number, sealed: Uint8Array]

/** The sealed message page that would hold `uid`, or text page: the last one that begins at or before it. */
export async function pageOf(
  snapshot: Snapshot,
  table: MailboxTable,
  uid: number,
  kind: 'p' | 't' = 'p',
): Promise<SealedPage | undefined> {
  const range = {
    gte: mailboxRange(kind, table.idBytes).gte,
    lt: (kind === 'p' ? pageKey : textKey)(table.idBytes, uid + 1),
    limit: 1,
    reverse: true,
  }
  for await (const entries of snapshot.range(range)) {
    for (const [key, sealed] of entries) return [uidOfKey(key), sealed]
  }
  return undefined
}

/** As `pageOf`, for UIDs that ascend from call to call. Each look at the store takes a turn on another thread. */
export class PageReader {
  readonly #snapshot: Snapshot
  readonly #table: MailboxTable
  /** Pages read ahead, neighbours by ascending UID. */
  #ahead: SealedPage[] = []

  constructor(snapshot: Snapshot, table: MailboxTable) {
    this.#snapshot = snapshot
    this.#table = table
  }

  async pageOf(uid: number): Promise<SealedPage | undefined> {
    const behind = this.#ahead.findIndex(([firstUid]) => firstUid > uid)
    // The last of them may have a neighbour that was not read: only the store knows which page it is.
    if (behind < 0) this.#ahead = []
    else if (behind > 0) {
      const [page] = this.#ahead.splice(0, behind).slice(-1)
      return page
    }
    return pageOf(this.#snapshot, this.#table, uid)
  }

  /** Reads the next few pages from `uid` on together, when none are read ahead yet. */
  async readAhead(uid: number, pages: number): Promise<void> {
    if (this.#ahead.length > 0 || pages < 2) return
    const { lt } = mailboxRange('p', this.#table.idBytes)
    const range = { gte: pageKey(this.#table.idBytes, uid), lt, limit: pages + 1 }
    for await (const entries of this.#snapshot.range(range)) {
      for (const [key, sealed] of entries) this.#ahead.push([uidOfKey(key), sealed])
    }
  }
}
