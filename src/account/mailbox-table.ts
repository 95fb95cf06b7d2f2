// One mailbox of an unlocked account in memory: its names, numbers and the rows of its messages.
import type { MailboxStatus, ModSeq, Uid, UidValidity } from './api.ts'
import { ExpungeHistory } from './expunge-history.ts'
import { deletedBit, seenBit, type FlagSet } from './flags.ts'
import type { MailboxEntry, StatePageRef } from './list-codec.ts'
import { MessageColumns, type MessageRow, type RowFields } from './message-columns.ts'
import { lowerBound, type UidRange } from './uid-ranges.ts'

export class MailboxTable {
  readonly id: string
  readonly idBytes: Buffer
  name: string
  readonly specialUse: string
  /** Part of the places of its records: never changes. */
  readonly uidValidity: number
  /** What clients are told. */
  shownUidValidity: number
  uidNext: number
  highestModSeq: number
  /** UIDs from here on are \Recent for the next session that selects the mailbox. */
  recentFrom: number
  /** Message records of smaller UIDs are in pages. */
  packedUntil: number
  readonly keywords: string[]
  messages = 0
  unseen = 0
  deleted = 0
  sizeBytes = 0
  /** State pages as last written, and the first UIDs of those that differ from the rows now. */
  pages: readonly StatePageRef[]
  readonly dirtyPages = new Set<number>()
  readonly expunges: ExpungeHistory
  /** The last flags learned: messages that are changed together mostly have the same. */
  #learned: FlagSet | undefined
  #rows: MessageColumns | undefined
  /** What came while the rows were not loaded. */
  #tail: MessageColumns | undefined

  constructor(entry: MailboxEntry, isNew: boolean) {
    this.id = entry.id
    this.idBytes = Buffer.from(entry.id, 'hex')
    this.name = entry.name
    this.specialUse = entry.specialUse
    this.uidValidity = entry.uidValidity
    this.shownUidValidity = entry.shownUidValidity
    this.uidNext = entry.uidNext
    this.highestModSeq = entry.highestModSeq
    this.recentFrom = entry.recentFrom
    this.packedUntil = entry.packedUntil
    this.keywords = [...entry.keywords]
    this.messages = entry.messages
    this.unseen = entry.unseen
    this.deleted = entry.deleted
    this.sizeBytes = entry.sizeBytes
    this.pages = entry.pages
    this.expunges = new ExpungeHistory(entry)
    if (isNew) this.#rows = new MessageColumns()
  }

  get isLoaded(): boolean {
    return this.#rows !== undefined
  }

  /** Takes the rows that were read from the state pages. */
  fill(rows: MessageColumns): void {
    const tail = this.#tail
    for (let index = 0; index < (tail?.length ?? 0); index += 1) if (tail) rows.add(tail.row(index))
    this.#rows = rows
    this.#tail = undefined
  }

  /** The rows by index, which hold until the next change; only to be read. */
  get rows(): MessageColumns {
    if (!this.#rows) throw new Error('mailbox is not loaded')
    return this.#rows
  }

  /** Ascending; shared, and never changed: a later change makes a new one. */
  get uids(): Uint32Array {
    return this.rows.uids
  }

  has(uid: number): boolean {
    return this.rows.indexOf(uid) >= 0
  }

  row(uid: number): MessageRow | undefined {
    const index = this.rows.indexOf(uid)
    return index < 0 ? undefined : this.rows.row(index)
  }

  /** undefined: there is no such message. */
  flagsOf(uid: number): FlagSet | undefined {
    const index = this.rows.indexOf(uid)
    return index < 0 ? undefined : this.rows.flagSet(index)
  }

  firstUnseen(): number | undefined {
    if (this.unseen === 0) return undefined
    const { rows, uids } = this
    for (const [index, uid] of uids.entries()) if ((rows.flagSet(index).bits & seenBit) === 0) return uid
    return undefined
  }

  /** Octets of the messages with \Deleted. */
  deletedBytes(): number {
    const { rows } = this
    let sum = 0
    for (let index = 0; index < rows.length; index += 1)
      if ((rows.flagSet(index).bits & deletedBit) !== 0) sum += rows.sizeBytes(index)
    return sum
  }

  /** Octets of those of `uids` that are present. */
  octetsOf(uids: readonly number[]): number {
    let sum = 0
    for (const uid of uids) {
      const index = this.rows.indexOf(uid)
      if (index >= 0) sum += this.rows.sizeBytes(index)
    }
    return sum
  }

  /** The rows need not be loaded: what comes is put behind them when they are. */
  add(row: RowFields): void {
    const rows = this.#rows ?? (this.#tail ??= new MessageColumns())
    rows.add(row)
    this.uidNext = row.uid + 1
    this.#count(row.sizeBytes, row.flagSet, 1)
    this.#touch(row.uid, row.modSeq)
    this.learn(row.flagSet)
  }

  /** Gives the messages in `ranges` (ascending), in the commit `modSeq`, other flags; returns their UIDs. */
  setFlags(ranges: readonly UidRange[], flags: FlagSet, modSeq: number): number[] {
    const { rows, uids } = this
    const changed: number[] = []
    let from = 0
    for (const [first, last] of ranges) {
      from = lowerBound(uids, first, from)
      for (; from < uids.length; from += 1) {
        const uid = uids[from] ?? 0
        if (uid > last) break
        this.#recount(rows.flagSet(from), flags)
        rows.setFlags(from, flags, modSeq)
        changed.push(uid)
      }
    }
    this.#touchAll(changed, modSeq)
    this.learn(flags)
    return changed
  }

  /** `uids` ascending. */
  remove(uids: readonly number[], modSeq: number): void {
    const { rows } = this
    const indexes: number[] = []
    const gone: number[] = []
    for (const uid of uids) {
      const index = rows.indexOf(uid)
      if (index < 0) continue
      indexes.push(index)
      gone.push(uid)
      this.#count(rows.sizeBytes(index), rows.flagSet(index), -1)
    }
    this.#touchAll(gone, modSeq)
    rows.remove(indexes)
  }

  /** New keywords of `flags`, which the mailbox knows from now on. */
  learn(flags: FlagSet): string[] {
    if (flags.keywords.length === 0 || flags === this.#learned) return []
    const fresh = flags.keywords.filter((word) => !this.keywords.includes(word))
    this.keywords.push(...fresh)
    this.#learned = flags
    return fresh
  }

  #count(sizeBytes: number, flags: FlagSet, sign: 1 | -1): void {
    this.messages += sign
    this.sizeBytes += sign * sizeBytes
    if ((flags.bits & seenBit) === 0) this.unseen += sign
    if ((flags.bits & deletedBit) !== 0) this.deleted += sign
  }

  /** A message has other flags. */
  #recount(before: FlagSet, after: FlagSet): void {
    if (before.bits === after.bits) return
    this.unseen += (before.bits & seenBit) - (after.bits & seenBit)
    this.deleted += ((after.bits & deletedBit) - (before.bits & deletedBit)) / deletedBit
  }

  raiseModSeq(modSeq: number): void {
    if (modSeq > this.highestModSeq) this.highestModSeq = modSeq
  }

  #touch(uid: number, modSeq: number): void {
    this.raiseModSeq(modSeq)
    this.dirtyPages.add(this.pageOf(uid).firstUid)
  }

  /** `uids` ascending. */
  #touchAll(uids: readonly number[], modSeq: number): void {
    let end = 0
    for (const uid of uids) {
      if (uid < end) continue
      const page = this.pageOf(uid)
      this.dirtyPages.add(page.firstUid)
      end = page.end
    }
    if (uids.length > 0) this.raiseModSeq(modSeq)
  }

  /** The state page that `uid` belongs to, among those as last written: its first UID, and the next page's. */
  pageOf(uid: number): { readonly firstUid: number; readonly end: number } {
    let low = 0
    let high = this.pages.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.pages[middle]?.firstUid ?? Infinity) <= uid) low = middle + 1
      else high = middle
    }
    const at = Math.max(low, 1)
    return { firstUid: this.pages[at - 1]?.firstUid ?? 0, end: this.pages[at]?.firstUid ?? Infinity }
  }

  /** How many are \\Recent for the next session; undefined: only the rows could tell, and they are not loaded. */
  get recent(): number | undefined {
    if (this.recentFrom >= this.uidNext) return 0
    if (this.#rows) return this.#rows.length - lowerBound(this.#rows.uids, this.recentFrom)
    // Nobody has ever selected it.
    if (this.recentFrom <= 1) return this.messages
    const { uids } = this.#tail ?? {}
    return uids?.[0] !== undefined && this.recentFrom >= uids[0]
      ? uids.length - lowerBound(uids, this.recentFrom)
      : undefined
  }

  status(): MailboxStatus {
    return {
      id: this.id,
      messages: this.messages,
      recent: this.recent ?? 0,
      unseen: this.unseen,
      deleted: this.deleted,
      uidNext: this.uidNext as Uid,
      uidValidity: this.shownUidValidity as UidValidity,
      highestModSeq: this.highestModSeq as ModSeq,
      sizeBytes: this.sizeBytes,
    }
  }

  entry(): MailboxEntry {
    return {
      id: this.id,
      name: this.name,
      specialUse: this.specialUse,
      uidValidity: this.uidValidity,
      shownUidValidity: this.shownUidValidity,
      uidNext: this.uidNext,
      highestModSeq: this.highestModSeq,
      recentFrom: this.recentFrom,
      packedUntil: this.packedUntil,
      messages: this.messages,
      unseen: this.unseen,
      deleted: this.deleted,
      sizeBytes: this.sizeBytes,
      keywords: this.keywords,
      pages: this.pages,
      expungedDigest: this.expunges.digest,
    }
  }
}
