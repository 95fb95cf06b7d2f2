// Takes message records away: single ones, and those in pages, which are written again without them (FORMAT.md §9.5).
import { breathe } from '../base/async.ts'
import type { Snapshot, Transaction } from '../store/store.ts'
import type { Uid } from './api.ts'
import { recordsBytes } from './commit-limits.ts'
import { pageOf } from './page-reader.ts'
import { Damage } from './errors.ts'
import { mailboxRange, messageKey, pageKey, uidOfKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { decodeMessage } from './message-codec.ts'
import { openMessagePage, openMessageRecord, sealMessagePage } from './message-seal.ts'
import { isDamage } from './refusing.ts'
import { decoded } from './replay.ts'
import { textRemoval } from './text-removal.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import { lowerBound } from './uid-ranges.ts'

export interface Removal {
  /** Those that it takes away: not all that were asked for, when too many pages would have to be written again. */
  readonly uids: readonly Uid[]
  /** How many of them were damaged: their bodies stay, since nobody knows any more which they are. */
  readonly damaged: number
  /** Puts and deletes that take the records away. */
  write(tx: Transaction): void
}

export interface RemovalOptions {
  /**
   * Takes damaged messages away as well: who cannot read them must still be able to be rid of them. Otherwise they are
   * refused with 'damaged'.
   */
  readonly damagedToo: boolean
  /** Bodies stay counted, although their messages go: a repair sees to them. */
  readonly keepsBodies?: boolean
}

class Plan {
  readonly #account: UnlockedAccount
  readonly #table: MailboxTable
  readonly #snapshot: Snapshot
  readonly #options: RemovalOptions
  readonly #blobs: Buffer[] = []
  readonly #writes: ((tx: Transaction) => void)[] = []
  #bytes = 0
  #damaged = 0

  constructor(account: UnlockedAccount, table: MailboxTable, snapshot: Snapshot, options: RemovalOptions) {
    this.#account = account
    this.#table = table
    this.#snapshot = snapshot
    this.#options = options
  }

  async make(uids: readonly Uid[]): Promise<Removal> {
    let done = 0
    for (let uid = uids[0]; uid !== undefined && this.#bytes < recordsBytes; uid = uids[done]) {
      if (uid < this.#table.packedUntil) done += await this.#takePage(uid, uids.slice(done))
      else {
        await this.#takeSingle(uid)
        done += 1
      }
    }
    const taken = uids.slice(0, done)
    const takeText = await textRemoval(this.#account, this.#table, this.#snapshot, taken)
    return {
      uids: taken,
      damaged: this.#damaged,
      write: (tx) => {
        takeText(tx)
        for (const write of this.#writes) write(tx)
        if (this.#options.keepsBodies !== true) for (const blob of this.#blobs) tx.unlink(blob)
      },
    }
  }

  /** Throws, or, where damage is to be taken away too, only counts. */
  #damage(error: unknown, messages: number): void {
    if (!this.#options.damagedToo || !isDamage(error)) throw error
    this.#damaged += messages
  }

  #takeBlob(encoded: Buffer): void {
    try {
      this.#blobs.push(Buffer.from(decoded('message record', () => decodeMessage(encoded)).blob))
    } finally {
      encoded.fill(0)
    }
  }

  async #takeSingle(uid: Uid): Promise<void> {
    const key = messageKey(this.#table.idBytes, uid)
    try {
      const sealed = await this.#snapshot.get(key)
      if (!sealed) throw new Damage('the record of a message is missing')
      this.#takeBlob(openMessageRecord(this.#account.vault, this.#table, uid, sealed))
    } catch (error) {
      this.#damage(error, 1)
    }
    this.#writes.push((tx) => tx.delete(key))
  }

  /** Takes those of `uids` away that are in the page of `uid`, the first of them; resolves to how many. */
  async #takePage(uid: Uid, uids: readonly Uid[]): Promise<number> {
    const page = await pageOf(this.#snapshot, this.#table, uid)
    // Where no page begins, none ends: only this one is known to be missing.
    if (!page) {
      this.#damage(new Damage('a message page is missing'), 1)
      return 1
    }
    const [firstUid, sealed] = page
    this.#bytes += sealed.length
    await breathe()
    let records: [uid: number, encoded: Buffer][]
    try {
      records = openMessagePage(this.#account.vault, this.#table, firstUid, sealed)
    } catch (error) {
      return this.#takeDamagedPage(error, firstUid, uids)
    }
    const byUid = new Map(records)
    const gone = new Set<number>()
    for (let next = uids[0]; next !== undefined && byUid.has(next); next = uids[gone.size]) {
      gone.add(next)
      this.#takeBlob(byUid.get(next) ?? Buffer.alloc(0))
    }
    if (gone.size === 0) {
      this.#damage(new Damage('a message is missing from its page'), 1)
      return 1
    }
    const kept = records.filter(([each]) => !gone.has(each))
    this.#writes.push(this.#rewrite(firstUid, kept))
    return gone.size
  }

  /** The page goes with the last of its messages; until then it stays as it is, unreadable. */
  async #takeDamagedPage(error: unknown, firstUid: number, uids: readonly Uid[]): Promise<number> {
    const { idBytes, packedUntil, uids: present } = this.#table
    let end = packedUntil
    const behind = { gte: pageKey(idBytes, firstUid + 1), lt: mailboxRange('p', idBytes).lt, limit: 1 }
    for await (const entries of this.#snapshot.range(behind)) {
      for (const [key] of entries) end = uidOfKey(key)
    }
    const taken = lowerBound(uids, end)
    this.#damage(error, taken)
    const held = lowerBound(present, end) - lowerBound(present, firstUid)
    if (taken === held) this.#writes.push((tx) => tx.delete(pageKey(idBytes, firstUid)))
    return taken
  }

  #rewrite(firstUid: number, kept: readonly (readonly [number, Buffer])[]): (tx: Transaction) => void {
    const key = pageKey(this.#table.idBytes, firstUid)
    if (kept.length === 0) return (tx) => tx.delete(key)
    const sealed = sealMessagePage(this.#account.vault, this.#table, firstUid, kept)
    return (tx) => tx.put(key, sealed)
  }
}

/** Prepares the removal of messages that are present, ascending; for use inside a commit. Refuses with 'damaged'. */
export function removal(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly Uid[],
  options: RemovalOptions,
): Promise<Removal> {
  return account.read((snapshot) => new Plan(account, table, snapshot, options).make(uids))
}
