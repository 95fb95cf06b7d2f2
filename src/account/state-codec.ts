// State pages: what may change about messages, many to a page (FORMAT.md §9.6).
import { asBuffer, ByteWriter, joined, MalformedRecord } from '../base/bytes.ts'
import { flagSet, type FlagSet } from './flags.ts'
import type { MessageColumns, RowFields } from './message-columns.ts'

/** A row without keywords. */
export const bareRowBytes = 40
const frontOfPage = 3
/** Of a row, what stands before the keywords, and behind them. */
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

  /** Those of the row that begins at `at`. Throws MalformedRecord for a keyword that the mailbox does not know. */
  at(page: Buffer, at: number): FlagSet {
    const bits = page[at + frontBytes - 2] ?? 0
    const keywords = page[at + frontBytes - 1] ?? 0
    if (keywords === 0) return (this.#bare[bits] ??= flagSet(bits, []))
    return this.#withKeywords(bits, page.subarray(at + frontBytes, at + frontBytes + 2 * keywords))
  }

  #withKeywords(bits: number, indexes: Buffer): FlagSet {
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

/**
 * Appends a page's rows to `rows`, with their UIDs; the rest is read when it is asked for. Throws MalformedRecord. There are
 * many thousands of rows: their bytes are read without a reader in between.
 */
export function decodeStatePage(data: Uint8Array, flags: FlagReader, rows: MessageColumns): void {
  const bytes = asBuffer(data)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  if (bytes.length < frontOfPage) throw new MalformedRecord('record ends early')
  if (view.getUint8(0) !== 1) throw new MalformedRecord('state page of an unknown version')
  const uids = new Uint32Array(view.getUint16(1))
  let at = frontOfPage
  let before = rows.uids.at(-1) ?? 0
  for (let row = 0; row < uids.length; row += 1) {
    if (at + bareRowBytes > bytes.length) throw new MalformedRecord('record ends early')
    const uid = view.getUint32(at)
    if (uid <= before) throw new MalformedRecord('state page is out of order')
    uids[row] = before = uid
    const keywords = view.getUint8(at + frontBytes - 1)
    if (keywords > 0 && at + bareRowBytes + 2 * keywords <= bytes.length) flags.at(bytes, at)
    at += bareRowBytes + 2 * keywords
  }
  if (at !== bytes.length) throw new MalformedRecord('record does not end with its last row')
  rows.addUnread(uids, (take) => readRows(view, bytes, flags, take))
}

function readRows(view: DataView, bytes: Buffer, flags: FlagReader, take: (row: RowFields) => void): void {
  let at = frontOfPage
  while (at < bytes.length) {
    const back = at + frontBytes + 2 * view.getUint8(at + frontBytes - 1)
    take({
      uid: view.getUint32(at),
      modSeq: joined(view.getUint32(at + 4), view.getUint32(at + 8)),
      flagSet: flags.at(bytes, at),
      internalDate: joined(view.getInt32(back), view.getUint32(back + 4)),
      zoneMinutes: view.getInt16(back + 8),
      sizeBytes: joined(view.getUint32(back + 10), view.getUint32(back + 14)),
      savedAt: joined(view.getInt32(back + 18), view.getUint32(back + 22)),
    })
    at = back + backBytes
  }
}
