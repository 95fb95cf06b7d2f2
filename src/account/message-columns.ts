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

/** By ascending UID. 52 bytes a message, flags shared by all that have the same. */
export class MessageColumns {
  #length = 0
  /** What was once written is never written over: arrays handed out by `uids` stay as they are. */
  #uid = new Uint32Array(0)
  #numbers = new Float64Array(0)
  readonly #flags: FlagSet[] = []
  #uids: Uint32Array | undefined
  /** Where the last message asked for stood: most are asked for in order. */
  #hint = 0

  get length(): number {
    return this.#length
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
    const flags = this.#flags[index]
    if (!flags) throw new RangeError('no such row')
    return flags
  }

  modSeq(index: number): number {
    return this.#numbers[index * numbersPerRow + modSeqAt] ?? 0
  }

  sizeBytes(index: number): number {
    return this.#numbers[index * numbersPerRow + sizeAt] ?? 0
  }

  row(index: number): MessageRow {
    const at = index * numbersPerRow
    const flagSet = this.flagSet(index)
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
    this.#uid = uid
    this.#numbers = numbers
    this.#uids = undefined
  }

  /** Appends a row, whose UID must be greater than all before. */
  add(row: RowFields): void {
    this.append(
      row.uid,
      row.modSeq,
      row.flagSet,
      row.internalDate,
      row.zoneMinutes,
      row.sizeBytes,
      row.savedAt,
    )
  }

  /** As `add`, without an object in between: pages of a thousand rows are read so. */
  append(
    uid: number,
    modSeq: number,
    flagSet: FlagSet,
    internalDate: number,
    zoneMinutes: number,
    sizeBytes: number,
    saved: number,
  ): void {
    const index = this.#length
    if (index === this.#uid.length) this.reserve(Math.max(smallest, index + (index >>> 1)))
    this.#uid[index] = uid
    const at = index * numbersPerRow
    this.#numbers[at + modSeqAt] = modSeq
    this.#numbers[at + internalDateAt] = internalDate
    this.#numbers[at + zoneAt] = zoneMinutes
    this.#numbers[at + sizeAt] = sizeBytes
    this.#numbers[at + savedAt] = saved
    this.#flags.push(flagSet)
    this.#length = index + 1
    this.#uids = undefined
  }

  setFlags(index: number, flagSet: FlagSet, modSeq: number): void {
    this.#flags[index] = flagSet
    this.#numbers[index * numbersPerRow + modSeqAt] = modSeq
  }

  /** Takes rows out; `indexes` ascend. What is behind the first of them moves up, once. */
  remove(indexes: readonly number[]): void {
    const first = indexes[0]
    if (first === undefined) return
    const uid = new Uint32Array(this.#uid.length)
    uid.set(this.#uid.subarray(0, first))
    let to = first
    for (const [nth, index] of indexes.entries()) {
      const end = indexes[nth + 1] ?? this.#length
      uid.set(this.#uid.subarray(index + 1, end), to)
      this.#numbers.copyWithin(to * numbersPerRow, (index + 1) * numbersPerRow, end * numbersPerRow)
      for (let from = index + 1; from < end; from += 1) {
        this.#flags[to] = this.flagSet(from)
        to += 1
      }
    }
    this.#uid = uid
    this.#flags.length = to
    this.#length = to
    this.#uids = undefined
  }
}
