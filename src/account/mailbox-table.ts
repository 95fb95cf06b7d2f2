// One mailbox of an unlocked account in memory: its names, numbers and the rows of its messages.
import type { MailboxStatus, MessageState, ModSeq, Uid, UidValidity } from './api.ts'
import { deletedBit, seenBit, type FlagSet } from './flags.ts'
import type { MailboxEntry, StatePageRef } from './list-codec.ts'
import { lowerBound } from './uid-ranges.ts'

/** A message's state as kept here. An immutable value: a change makes a new one. */
export interface MessageRow extends MessageState {
  readonly flagSet: FlagSet
}

export function makeRow(fields: {
  uid: number
  modSeq: number
  flagSet: FlagSet
  internalDate: number
  zoneMinutes: number
  sizeBytes: number
  savedAt: number
}): MessageRow {
  // `flags` as a getter on a shared prototype would cost less memory; a plain field keeps rows plain values.
  return {
    uid: fields.uid as Uid,
    modSeq: fields.modSeq as ModSeq,
    flagSet: fields.flagSet,
    flags: fields.flagSet.list,
    internalDate: fields.internalDate,
    zoneMinutes: fields.zoneMinutes,
    sizeBytes: fields.sizeBytes,
    savedAt: fields.savedAt,
  }
}

/** Up to so many are taken out one by one: moving up what is behind them is cheaper than looking at all. */
const fewUids = 16

export class MailboxTable {
  readonly id: string
  readonly idBytes: Buffer
  name: string
  readonly specialUse: string
  readonly uidValidity: number
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
  #uids: number[] = []
  /** The last flags learned: messages that are changed together mostly have the same. */
  #learned: FlagSet | undefined
  #rows: Map<number, MessageRow> | undefined

  constructor(entry: MailboxEntry, isNew: boolean) {
    this.id = entry.id
    this.idBytes = Buffer.from(entry.id, 'hex')
    this.name = entry.name
    this.specialUse = entry.specialUse
    this.uidValidity = entry.uidValidity
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
    if (isNew) this.#rows = new Map()
  }

  get isLoaded(): boolean {
    return this.#rows !== undefined
  }

  /** Takes the rows that were read from the state pages. */
  fill(rows: readonly MessageRow[]): void {
    this.#rows = new Map(rows.map((row) => [row.uid, row]))
    this.#uids = rows.map((row) => row.uid)
  }

  #loaded(): Map<number, MessageRow> {
    if (!this.#rows) throw new Error('mailbox is not loaded')
    return this.#rows
  }

  /** Ascending; not to be changed. */
  get uids(): readonly Uid[] {
    this.#loaded()
    return this.#uids as Uid[]
  }

  row(uid: number): MessageRow | undefined {
    return this.#loaded().get(uid)
  }

  add(row: MessageRow): void {
    this.#loaded().set(row.uid, row)
    this.#uids.push(row.uid)
    this.uidNext = row.uid + 1
    this.#count(row, 1)
    this.#touch(row.uid, row.modSeq)
    this.learn(row.flagSet)
  }

  replace(row: MessageRow): void {
    const before = this.#loaded().get(row.uid)
    if (!before) return
    this.#count(before, -1)
    this.#loaded().set(row.uid, row)
    this.#count(row, 1)
    this.#touch(row.uid, row.modSeq)
    this.learn(row.flagSet)
  }

  /** `uids` ascending, all present. */
  remove(uids: readonly number[], modSeq: number): void {
    const rows = this.#loaded()
    for (const uid of uids) {
      const row = rows.get(uid)
      if (!row) continue
      rows.delete(uid)
      this.#count(row, -1)
      this.#touch(uid, modSeq)
    }
    if (uids.length <= fewUids) {
      for (const uid of uids) {
        const index = lowerBound(this.#uids, uid)
        if (this.#uids[index] === uid) this.#uids.splice(index, 1)
      }
      return
    }
    const gone = new Set(uids)
    const from = lowerBound(this.#uids, uids[0] ?? Infinity)
    const kept = this.#uids.slice(from).filter((uid) => !gone.has(uid))
    this.#uids.length = from
    for (const uid of kept) this.#uids.push(uid)
  }

  /** New keywords of `flags`, which the mailbox knows from now on. */
  learn(flags: FlagSet): string[] {
    if (flags.keywords.length === 0 || flags === this.#learned) return []
    const fresh = flags.keywords.filter((word) => !this.keywords.includes(word))
    this.keywords.push(...fresh)
    this.#learned = flags
    return fresh
  }

  #count(row: MessageRow, sign: 1 | -1): void {
    this.messages += sign
    this.sizeBytes += sign * row.sizeBytes
    if ((row.flagSet.bits & seenBit) === 0) this.unseen += sign
    if ((row.flagSet.bits & deletedBit) !== 0) this.deleted += sign
  }

  #touch(uid: number, modSeq: number): void {
    if (modSeq > this.highestModSeq) this.highestModSeq = modSeq
    this.dirtyPages.add(this.pageOf(uid))
  }

  /** First UID of the state page that `uid` belongs to, among those as last written. */
  pageOf(uid: number): number {
    let low = 0
    let high = this.pages.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.pages[middle]?.firstUid ?? Infinity) <= uid) low = middle + 1
      else high = middle
    }
    return (this.pages[low - 1] ?? this.pages[0])?.firstUid ?? 0
  }

  status(): MailboxStatus {
    return {
      id: this.id,
      messages: this.messages,
      recent: this.isLoaded ? this.#uids.length - lowerBound(this.#uids, this.recentFrom) : 0,
      unseen: this.unseen,
      deleted: this.deleted,
      uidNext: this.uidNext as Uid,
      uidValidity: this.uidValidity as UidValidity,
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
    }
  }
}
