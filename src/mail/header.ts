// Header blocks: where each field begins and ends, and unfolding. Bytes stay as they are.
import { type OctetString, asOctets, octetString } from './octets.ts'

const LF = 10
const CR = 13
const SP = 32
const TAB = 9
const COLON = 58

/** One field of a block; offsets are those of the bytes given to `headerFields`. */
export interface HeaderField {
  /** Lower case. Empty for a line that has no colon. */
  readonly name: string
  readonly start: number
  /** First octet behind the colon. */
  readonly valueStart: number
  /** First octet behind the last line of the field, line end included. */
  readonly end: number
}

function isBlank(byte: number | undefined): boolean {
  return byte === SP || byte === TAB
}

/** True when an empty line, CRLF or LF, begins at `at`. */
export function isEmptyLine(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF)
}

/** First octet behind the line that begins at `at`; `end` when its LF is missing. */
function lineEnd(bytes: Uint8Array, at: number, end: number): number {
  const lf = bytes.indexOf(LF, at)
  return lf < 0 || lf >= end ? end : lf + 1
}

/**
 * The fields of a header block in order, up to its blank line or `end`. Folded lines belong to the field above them
 * (RFC 5322 §2.2.3); white space before the colon is tolerated (§4.5.8); a line without a colon is a field without a name.
 */
export function headerFields(
  bytes: Uint8Array,
  start: number = 0,
  end: number = bytes.length,
): HeaderField[] {
  const fields: HeaderField[] = []
  let at = start
  while (at < end && !isEmptyLine(bytes, at)) {
    const first = lineEnd(bytes, at, end)
    let next = first
    while (next < end && isBlank(bytes[next])) next = lineEnd(bytes, next, end)
    fields.push(fieldAt(bytes, at, first, next))
    at = next
  }
  return fields
}

function fieldAt(bytes: Uint8Array, start: number, firstLineEnd: number, end: number): HeaderField {
  let colon = start
  while (colon < firstLineEnd && bytes[colon] !== COLON) colon += 1
  if (colon === firstLineEnd) return { name: '', start, valueStart: start, end }
  let nameEnd = colon
  while (nameEnd > start && isBlank(bytes[nameEnd - 1])) nameEnd -= 1
  return { name: octetString(bytes, start, nameEnd).toLowerCase(), start, valueStart: colon + 1, end }
}

/** The value of a field: unfolded (CR and LF taken out, RFC 5322 §2.2.3), without blanks at its ends, not decoded. */
export function fieldValue(bytes: Uint8Array, field: HeaderField): OctetString {
  let { valueStart: start, end } = field
  while (start < end && isSpace(bytes[start])) start += 1
  while (end > start && isSpace(bytes[end - 1])) end -= 1
  return asOctets(octetString(bytes, start, end).replace(/[\r\n]+/g, ''))
}

function isSpace(byte: number | undefined): boolean {
  return isBlank(byte) || byte === CR || byte === LF
}
