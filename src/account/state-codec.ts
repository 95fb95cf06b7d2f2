// State pages: what may change about messages, many to a page (FORMAT.md §9.6).
import { asBuffer, ByteWriter, joined, MalformedRecord } from '../base/bytes.ts'
import { flagSet, type FlagSet } from './flags.ts'
import type { MessageColumns } from './message-columns.ts'

/** A row without keywords. */
export const bareRowBytes = 40
/** Of these, what stands before the keywords, and behind them. */
const frontBytes = 14
const backBytes = bareRowBytes - frontBytes

/** Bytes that a row with these flags takes in a page. */
export const rowBytes = (flags: FlagSet): number => bareRowBytes + 2 * flags.keywords.length

/** Rows from index `from` up to `to`. `keywords` is the mailbox's keyword table, which the indexes point into. */
export function encodeStatePage(
  rows: MessageColumns,
  from: number,
  to: number,
  keywords: readonly string[],
): Buffer {
  const indexOf = new Map(keywords.map((word, index) => [word, index]))
  const page = new ByteWriter().u8(1).u16(to - from)
  for (let index = from; index < to; index += 1) {
    const row = rows.row(index)
    page.u32(row.uid).u64(row.modSeq).u8(row.flagSet.bits).u8(row.flagSet.keywords.length)
    for (const keyword of row.flagSet.keywords) {
      const at = indexOf.get(keyword)
      if (at === undefined) throw new Error('keyword missing from its mailbox')
      page.u16(at)
    }
    page
      .i64(row.internalDate)
      .u16(row.zoneMinutes & 0xffff)
      .u64(row.sizeBytes)
      .i64(row.savedAt)
  }
  return page.finish()
}

/** Flags as pages of a mailbox give them, looked up once for all rows that have the same. */
export class FlagReader {
  readonly #keywords: readonly string[]
  readonly #known = new Map<string, FlagSet>()
  readonly #bare: FlagSet[] = []

  constructor(keywords: readonly string[]) {
    this.#keywords = keywords
  }

  bare(bits: number): FlagSet {
    return (this.#bare[bits] ??= flagSet(bits, []))
  }

  /** `indexes`: two bytes for each keyword. Throws MalformedRecord for one that the mailbox does not know. */
  withKeywords(bits: number, indexes: Buffer): FlagSet {
    const id = `${bits} ${indexes.toString('latin1')}`
    let flags = this.#known.get(id)
    if (!flags) {
      const words = Array.from(
        { length: indexes.length / 2 },
        (_, at) => this.#keywords[indexes.readUInt16BE(2 * at)],
      )
      if (!words.every((word) => word !== undefined))
        throw new MalformedRecord('state page names an unknown keyword')
      flags = flagSet(bits, words)
      this.#known.set(id, flags)
    }
    return flags
  }
}

/** Appends a page's rows to `rows`. Throws MalformedRecord. Reads the bytes themselves: there are many thousands of rows. */
export function decodeStatePage(data: Uint8Array, flags: FlagReader, rows: MessageColumns): void {
  const bytes = asBuffer(data)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  if (bytes.length < 3) throw new MalformedRecord('record ends early')
  if (view.getUint8(0) !== 1) throw new MalformedRecord('state page of an unknown version')
  const count = view.getUint16(1)
  let at = 3
  let before = rows.uids.at(-1) ?? 0
  for (let row = 0; row < count; row += 1) {
    if (at + bareRowBytes > bytes.length) throw new MalformedRecord('record ends early')
    const uid = view.getUint32(at)
    if (uid <= before) throw new MalformedRecord('state page is out of order')
    before = uid
    const modSeq = joined(view.getUint32(at + 4), view.getUint32(at + 8))
    const bits = view.getUint8(at + 12)
    const keywords = view.getUint8(at + 13)
    const back = at + frontBytes + 2 * keywords
    if (back + backBytes > bytes.length) throw new MalformedRecord('record ends early')
    const flagSet =
      keywords === 0 ? flags.bare(bits) : flags.withKeywords(bits, bytes.subarray(at + frontBytes, back))
    rows.append(
      uid,
      modSeq,
      flagSet,
      joined(view.getInt32(back), view.getUint32(back + 4)),
      view.getInt16(back + 8),
      joined(view.getUint32(back + 10), view.getUint32(back + 14)),
      joined(view.getInt32(back + 18), view.getUint32(back + 22)),
    )
    at = back + backBytes
  }
  if (at !== bytes.length) throw new MalformedRecord('record has bytes behind its end')
}
