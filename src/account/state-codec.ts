// State pages: what may change about messages, many to a page (FORMAT.md §9.6).
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { flagSet, type FlagSet } from './flags.ts'
import { signed16 } from './log-codec.ts'
import { makeRow, type MessageRow } from './mailbox-table.ts'

/** Bytes that a row takes in a page. */
export const rowBytes = (row: MessageRow): number => 40 + 2 * row.flagSet.keywords.length

/** `keywords` is the mailbox's keyword table, which the indexes point into. */
export function encodeStatePage(rows: readonly MessageRow[], keywords: readonly string[]): Buffer {
  const indexOf = new Map(keywords.map((word, index) => [word, index]))
  const to = new ByteWriter().u8(1).u16(rows.length)
  for (const row of rows) {
    to.u32(row.uid).u64(row.modSeq).u8(row.flagSet.bits).u8(row.flagSet.keywords.length)
    for (const keyword of row.flagSet.keywords) {
      const index = indexOf.get(keyword)
      if (index === undefined) throw new Error('keyword missing from its mailbox')
      to.u16(index)
    }
    to.i64(row.internalDate)
      .u16(row.zoneMinutes & 0xffff)
      .u64(row.sizeBytes)
      .i64(row.savedAt)
  }
  return to.finish()
}

/** Flags as a page gives them, looked up once for all rows that have the same. */
function flagReader(keywords: readonly string[]): (from: ByteReader) => FlagSet {
  const known = new Map<string, FlagSet>()
  const bare: FlagSet[] = []
  return (from) => {
    const bits = from.u8()
    const count = from.u8()
    if (count === 0) return (bare[bits] ??= flagSet(bits, []))
    const indexes = from.fixed(2 * count)
    const id = `${bits} ${indexes.toString('latin1')}`
    let flags = known.get(id)
    if (!flags) {
      const words = Array.from({ length: count }, (_, at) => keywords[indexes.readUInt16BE(2 * at)])
      if (!words.every((word) => word !== undefined))
        throw new MalformedRecord('state page names an unknown keyword')
      flags = flagSet(bits, words)
      known.set(id, flags)
    }
    return flags
  }
}

export function decodeStatePage(data: Uint8Array, keywords: readonly string[]): MessageRow[] {
  const from = new ByteReader(data)
  if (from.u8() !== 1) throw new MalformedRecord('state page of an unknown version')
  const readFlags = flagReader(keywords)
  const rows: MessageRow[] = []
  for (let count = from.u16(); count > 0; count -= 1) {
    rows.push(
      makeRow({
        uid: from.u32(),
        modSeq: from.u64(),
        flagSet: readFlags(from),
        internalDate: from.i64(),
        zoneMinutes: signed16(from.u16()),
        sizeBytes: from.u64(),
        savedAt: from.i64(),
      }),
    )
  }
  from.end()
  return rows
}
