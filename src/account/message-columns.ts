// The rows of a mailbox as columns: a few typed arrays instead of an object for each message.
import type { MessageState, ModSeq, Uid } from './api.ts'
import type { FlagSet } from './flags.ts'
import { lowerBound } from './uid-ranges.ts'

/** What is kept of a message. */
export interface RowFields {
  readonly uid: number
  readonly modSeq: number
  readonly flagSet: FlagSet
  /** Milliseconds since 1970, and minutes east. */
  readonly internalDate: number
  readonly zoneMinutes: number
  readonly sizeBytes: number
  /** Milliseconds since 1970. */
  readonly savedAt: number
}

/** A message's state as it is now: a value made when asked for, which no later change alters. */
export interface MessageRow extends MessageState {
  readonly flagSet: FlagSet
}

/** Where a message's numbers stand in its stretch of the column of numbers. */
const modSeqAt = 0
const internalDateAt = 1
const zoneAt = 2
const sizeAt = 3
const savedAt = 4
const numbersPerRow = 5

const smallest = 16

/** Rows of which only the UIDs were looked at. */
interface UnreadRows {
  from: number
  to: number
  readonly read: (row: (fields: RowFields) => void) => void
}

/** By ascending UID. 48 bytes a message, flags shared by all that have the same. */
export class MessageColumns {
  #length = 0
  /** What was once written is never written over: arrays handed out by `uids` stay as they are. */
  #uid = new Uint32Array(0)
  #numbers = new Float64Array(0)
  /** Indexes into `#sets`. */
  #flags = new Uint32Array(0)
  #sets: FlagSet[] = []
  #indexOfSet = new Map<FlagSet, number>()
  #lastSet: FlagSet | undefined
  #lastSetIndex = 0
  /** Ascending. SELECT needs little more than UIDs: the rest of a page waits until somebody asks for one of its rows. */
  #unread: UnreadRows[] = []
  #uids: Uint32Array | undefined
  /** Where the last message asked for stood: most are asked for in order. */
  #hint = 0

  get length(): number {
    return this.#length
  }

  /** How many different sets of flags are kept. */
  get flagSets(): number {
    return this.#sets.length
  }

  /** The UIDs as they are now. Shared, and never changed by anybody. */
  get uids(): Uint32Array {
    return (this.#uids ??= this.#uid.subarray(0, this.#length))
  }

  /** Index of a message; -1: there is none of that UID. */
  indexOf(uid: number): number {
    const next = this.#hint + 1
    if (next < this.#length && this.#uid[next] === uid) return (this.#hint = next)
    if (this.#hint < this.#length && this.#uid[this.#hint] === uid) return this.#hint
    const index = lowerBound(this.uids, uid)
    if (this.#uid[index] !== uid || index >= this.#length) return -1
    return (this.#hint = index)
  }

  flagSet(index: number): FlagSet {
    if (this.#unread.length > 0) this.#read(index)
    const flags = index < this.#length ? this.#sets[this.#flags[index] ?? 0] : undefined
    if (!flags) throw new RangeError('no such row')
    return flags
  }

  sizeBytes(index: number): number {
    if (this.#unread.length > 0) this.#read(index)
    return this.#numbers[index * numbersPerRow + sizeAt] ?? 0
  }

  modSeq(index: number): number {
    if (this.#unread.length > 0) this.#read(index)
    return this.#numbers[index * numbersPerRow + modSeqAt] ?? 0
  }

  row(index: number): MessageRow {
    const flagSet = this.flagSet(index)
    const at = index * numbersPerRow
    return {
      uid: (this.#uid[index] ?? 0) as Uid,
      modSeq: (this.#numbers[at + modSeqAt] ?? 0) as ModSeq,
      flagSet,
      flags: flagSet.list,
      internalDate: this.#numbers[at + internalDateAt] ?? 0,
      zoneMinutes: this.#numbers[at + zoneAt] ?? 0,
      sizeBytes: this.#numbers[at + sizeAt] ?? 0,
      savedAt: this.#numbers[at + savedAt] ?? 0,
    }
  }

  /** Makes room for so many rows in all. */
  reserve(rows: number): void {
    if (rows <= this.#uid.length) return
    const uid = new Uint32Array(rows)
    uid.set(this.uids)
    const numbers = new Float64Array(rows * numbersPerRow)
    numbers.set(this.#numbers.subarray(0, this.#length * numbersPerRow))
    const flags = new Uint32Array(rows)
    flags.set(this.#flags.subarray(0, this.#length))
    this.#uid = uid
    this.#numbers = numbers
    this.#flags = flags
    this.#uids = undefined
  }

  #extend(rows: number): number {
    const from = this.#length
    const wanted = from + rows
    if (wanted > this.#uid.length) this.reserve(Math.max(smallest, wanted, from + (from >>> 1)))
    this.#length = wanted
    this.#uids = undefined
    return from
  }

  /** Appends a row, whose UID must be greater than all before. */
  add(row: RowFields): void {
    this.#put(this.#extend(1), row)
  }

  /**
   * Appends rows of these UIDs, ascending and greater than all before. What else there is of them is asked for when it is
   * needed: `read` gives all of them, in order, and may throw.
   */
  addUnread(uids: Uint32Array, read: (row: (fields: RowFields) => void) => void): void {
    const from = this.#extend(uids.length)
    this.#uid.set(uids, from)
    if (uids.length > 0) this.#unread.push({ from, to: this.#length, read })
  }

  #read(index: number): void {
    const at = this.#unread.findIndex(({ to }) => index < to)
    const found = this.#unread[at]
    if (!found || index < found.from) return
    let next = found.from
    found.read((row) => {
      this.#put(next, row)
      next += 1
    })
    this.#unread.splice(at, 1)
  }

  #put(index: number, row: RowFields): void {
    this.#uid[index] = row.uid
    const at = index * numbersPerRow
    this.#numbers[at + modSeqAt] = row.modSeq
    this.#numbers[at + internalDateAt] = row.internalDate
    this.#numbers[at + zoneAt] = row.zoneMinutes
    this.#numbers[at + sizeAt] = row.sizeBytes
    this.#numbers[at + savedAt] = row.savedAt
    this.#flags[index] = this.#intern(row.flagSet)
  }

  #intern(set: FlagSet): number {
    if (set === this.#lastSet) return this.#lastSetIndex
    let index = this.#indexOfSet.get(set)
    if (index === undefined) {
      if (this.#sets.length > 2 * this.#length + smallest) this.#forgetSets()
      index = this.#sets.push(set) - 1
      this.#indexOfSet.set(set, index)
    }
    this.#lastSet = set
    this.#lastSetIndex = index
    return index
  }

  /** Flags come and go: only those that messages have are kept. */
  #forgetSets(): void {
    const before = this.#sets
    this.#sets = []
    this.#indexOfSet = new Map()
    this.#lastSet = undefined
    for (let index = 0; index < this.#length; index += 1) {
      const set = before[this.#flags[index] ?? 0]
      if (set) this.#flags[index] = this.#intern(set)
    }
  }

  setFlags(index: number, flagSet: FlagSet, modSeq: number): void {
    if (this.#unread.length > 0) this.#read(index)
    this.#flags[index] = this.#intern(flagSet)
    this.#numbers[index * numbersPerRow + modSeqAt] = modSeq
  }

  /** Takes rows out; `indexes` ascend. What is behind the first of them moves up, once. */
  remove(indexes: readonly number[]): void {
    const first = indexes[0]
    if (first === undefined) return
    for (const index of indexes) if (this.#unread.length > 0) this.#read(index)
    for (const unread of this.#unread) {
      const before = lowerBound(indexes, unread.from)
      unread.from -= before
      unread.to -= before
    }
    const uid = new Uint32Array(this.#uid.length)
    uid.set(this.#uid.subarray(0, first))
    let to = first
    for (const [nth, index] of indexes.entries()) {
      const end = indexes[nth + 1] ?? this.#length
      uid.set(this.#uid.subarray(index + 1, end), to)
      this.#numbers.copyWithin(to * numbersPerRow, (index + 1) * numbersPerRow, end * numbersPerRow)
      this.#flags.copyWithin(to, index + 1, end)
      to += end - index - 1
    }
    this.#uid = uid
    this.#length = to
    this.#uids = undefined
  }
}
