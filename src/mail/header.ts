// Header blocks: where each field begins and ends, and unfolding. Bytes stay as they are.
import { type OctetString, asOctets, octetString } from './octets.ts'

const LF = 10
const CR = 13
const SP = 32
const TAB = 9
const COLON = 58
const nearBytes = 100

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
  // Most lines are short, and a call costs as much as some fifty octets: a header of millions of lines is somebody's weapon.
  const near = Math.min(end, at + nearBytes)
  for (let next = at; next < near; next += 1) if (bytes[next] === LF) return next + 1
  if (near === end) return end
  const lf = bytes.indexOf(LF, near)
  return lf < 0 || lf >= end ? end : lf + 1
}

/** A field: where it begins, its name ends, its value begins and it ends. A line without a colon has a name of no octets. */
type FieldVisitor = (start: number, nameEnd: number, valueStart: number, end: number) => unknown

/**
 * The fields of a header block in order, up to its blank line or `end`, or behind the one for which `visit` returns true; returns where that is. Folded lines belong to the
 * field above them (RFC 5322 §2.2.3); white space before the colon is tolerated (§4.5.8).
 */
export function eachField(bytes: Uint8Array, start: number, end: number, visit: FieldVisitor): number {
  let at = start
  while (at < end && !isEmptyLine(bytes, at)) {
    const firstLineEnd = lineEnd(bytes, at, end)
    let next = firstLineEnd
    while (next < end && isBlank(bytes[next])) next = lineEnd(bytes, next, end)
    let colon = at
    while (colon < firstLineEnd && bytes[colon] !== COLON) colon += 1
    let isEnough: unknown
    if (colon === firstLineEnd) isEnough = visit(at, at, at, next)
    else {
      let nameEnd = colon
      while (nameEnd > at && isBlank(bytes[nameEnd - 1])) nameEnd -= 1
      isEnough = visit(at, nameEnd, colon + 1, next)
    }
    at = next
    if (isEnough === true) break
  }
  return at
}

/** As `eachField`, as a list; a line without a colon is a field without a name. */
export function headerFields(
  bytes: Uint8Array,
  start: number = 0,
  end: number = bytes.length,
): HeaderField[] {
  const fields: HeaderField[] = []
  eachField(bytes, start, end, (from, nameEnd, valueStart, to) => {
    const name = octetString(bytes, from, nameEnd).toLowerCase()
    fields.push({ name, start: from, valueStart, end: to })
    return false
  })
  return fields
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
