// Which UIDs of a mailbox went when (FORMAT.md §9.8): what the last checkpoint wrote, and what came after. Answers may name
// more that is gone than was asked for, never less (RFC 7162 §3.2.6).
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import type { MailboxEntry } from './list-codec.ts'
import { lowerBound, readRanges, uniteRanges, writeRanges, type UidRange } from './uid-ranges.ts'

interface Expunges {
  /** The greatest MODSEQ at which, or before which, `ranges` went. */
  readonly modSeq: number
  readonly ranges: readonly UidRange[]
}

/** A history as it is stored. Immutable. */
export interface ExpungeRecord {
  /** For this MODSEQ and greater ones the entries are all there is. */
  readonly knownSince: number
  /** By MODSEQ, ascending. */
  readonly entries: readonly Expunges[]
}

/** With box and padding a record stays below 48 KiB. */
const recordBytes = 44 * 1024
/** What a record that grew too long is brought down to, so that not every checkpoint has to do it. */
const goalBytes = (recordBytes * 3) / 4
const nothing: ExpungeRecord = { knownSince: 0, entries: [] }

const bytesOf = ({ ranges }: Expunges): number => 12 + 8 * ranges.length
const totalBytes = (entries: readonly Expunges[]): number =>
  entries.reduce((sum, entry) => sum + bytesOf(entry), 0)

export function encodeExpunges({ knownSince, entries }: ExpungeRecord): Buffer {
  const to = new ByteWriter().u8(1).u64(knownSince).u32(entries.length)
  for (const { modSeq, ranges } of entries) {
    to.u64(modSeq)
    writeRanges(to, ranges)
  }
  return to.finish()
}

/** Throws MalformedRecord. */
export function decodeExpunges(data: Uint8Array): ExpungeRecord {
  const from = new ByteReader(data)
  if (from.u8() !== 1) throw new MalformedRecord('expunge history of an unknown version')
  const knownSince = from.u64()
  const entries: Expunges[] = []
  let last = knownSince
  for (let count = from.u32(); count > 0; count -= 1) {
    const modSeq = from.u64()
    if (modSeq <= last) throw new MalformedRecord('expunge history is out of order')
    last = modSeq
    entries.push({ modSeq, ranges: readRanges(from) })
  }
  from.end()
  return { knownSince, entries }
}

/** Brings a record that is too long down to the goal. `present`: the UIDs that are there, ascending. */
function shortened(record: ExpungeRecord, present: ArrayLike<number>): ExpungeRecord {
  const { entries } = record
  if (totalBytes(entries) <= recordBytes) return record
  let from = entries.length
  let keptBytes = 0
  for (let next = entries[from - 1]; next; next = entries[from - 1]) {
    if (keptBytes + bytesOf(next) > goalBytes / 2) break
    keptBytes += bytesOf(next)
    from -= 1
  }
  const old = entries.slice(0, from)
  const kept = entries.slice(from)
  const modSeq = old.at(-1)?.modSeq ?? record.knownSince
  const isAllGone = (after: number, before: number): boolean =>
    (present[lowerBound(present, after + 1)] ?? Infinity) >= before
  const ranges = uniteRanges(
    old.flatMap((entry) => entry.ranges),
    isAllGone,
  )
  const merged = { modSeq, ranges }
  if (keptBytes + bytesOf(merged) <= goalBytes)
    return { knownSince: record.knownSince, entries: [merged, ...kept] }
  return { knownSince: modSeq, entries: kept }
}

export class ExpungeHistory {
  /** Of the record as it was last written; undefined when there is none. */
  digest: Buffer | undefined
  /** The record, once it was read. */
  stored: ExpungeRecord | undefined
  /** The record has everything up to this MODSEQ. */
  #storedThrough: number
  /** What the log says since, and since when that and the record are all there is. */
  #recent: Expunges[] = []
  #knownSince = 0
  #recentBytes = 0
  #isLost = false

  constructor(entry: Pick<MailboxEntry, 'expungedDigest' | 'messages' | 'uidNext' | 'highestModSeq'>) {
    this.digest = entry.expungedDigest
    this.#storedThrough = entry.highestModSeq
    // Without a record nobody remembers what went, unless nothing did.
    if (!entry.expungedDigest && entry.messages !== entry.uidNext - 1) this.#knownSince = entry.highestModSeq
  }

  /** Whether the next checkpoint has something of it to write. */
  get isDirty(): boolean {
    return this.#recent.length > 0 || this.#isLost
  }

  /** Whether the record must be read to know what went after `modSeq`. */
  needsStored(modSeq: number): boolean {
    return this.digest !== undefined && this.stored === undefined && modSeq < this.#storedThrough
  }

  /** `ranges` went at `modSeq`, which is greater than, or the same as, the one before; `present` is what is left, ascending. */
  note(modSeq: number, ranges: readonly UidRange[], present: ArrayLike<number>): void {
    if (ranges.length === 0) return
    const last = this.#recent.at(-1)
    if (last?.modSeq === modSeq)
      this.#recent[this.#recent.length - 1] = { modSeq, ranges: uniteRanges([...last.ranges, ...ranges]) }
    else this.#recent.push({ modSeq, ranges })
    this.#recentBytes += 12 + 8 * ranges.length
    // While no checkpoint is possible it must not grow for ever.
    if (this.#recentBytes <= 4 * recordBytes) return
    const { knownSince, entries } = shortened(
      { knownSince: this.#knownSince, entries: this.#recent },
      present,
    )
    this.#knownSince = knownSince
    this.#recent = [...entries]
    this.#recentBytes = totalBytes(entries)
  }

  /** The record cannot be read: what went up to the last checkpoint is forgotten. */
  lose(): void {
    this.digest = undefined
    this.stored = undefined
    this.#isLost = true
    this.#knownSince = Math.max(this.#knownSince, this.#storedThrough)
  }

  #whole(): ExpungeRecord {
    const stored = this.stored ?? nothing
    const knownSince = Math.max(stored.knownSince, this.#knownSince)
    const entries = [...stored.entries, ...this.#recent]
    return { knownSince, entries: entries.filter(({ modSeq }) => modSeq > knownSince) }
  }

  /** What a checkpoint is to write; the record that there is must have been read. `present` ascending. */
  next(present: ArrayLike<number>): ExpungeRecord {
    if (this.digest && !this.stored) throw new Error('the expunge history was not read')
    return shortened(this.#whole(), present)
  }

  /** A checkpoint wrote what `next` said, which has everything up to `through`. */
  written(digest: Buffer, through: number): void {
    this.digest = digest
    this.stored = undefined
    this.#storedThrough = through
    this.#recent = []
    this.#knownSince = 0
    this.#recentBytes = 0
    this.#isLost = false
  }

  /**
   * The UIDs that went after `modSeq`, and perhaps others that are gone: ascending and disjoint. `present` are those that are
   * there, ascending; the record must have been read where `needsStored` says so.
   */
  since(modSeq: number, present: ArrayLike<number>, uidNext: number): UidRange[] {
    const { knownSince, entries } = this.#whole()
    if (modSeq < knownSince) return missing(present, uidNext)
    return uniteRanges(entries.filter((entry) => entry.modSeq > modSeq).flatMap(({ ranges }) => ranges))
  }
}

/** All UIDs below `uidNext` that are not there. */
function missing(present: ArrayLike<number>, uidNext: number): UidRange[] {
  const gaps: UidRange[] = []
  let next = 1
  for (let index = 0; index < present.length; index += 1) {
    const uid = present[index] ?? 0
    if (uid > next) gaps.push([next, uid - 1])
    next = uid + 1
  }
  if (uidNext > next) gaps.push([next, uidNext - 1])
  return gaps
}
