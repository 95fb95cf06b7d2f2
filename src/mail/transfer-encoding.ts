// Content-Transfer-Encoding: the octets of a part as they were before it was encoded (RFC 2045 §6).
import { asBuffer } from '../base/bytes.ts'

/** `encoding` in lower case. Undefined when it is not known (BINARY answers UNKNOWN-CTE then). Bad input is passed over, never refused. */
export function decodeTransfer(bytes: Uint8Array, encoding: string): Buffer | undefined {
  switch (encoding) {
    case '7bit':
    case '8bit':
    case 'binary':
      return asBuffer(bytes)
    case 'base64':
      return decodeBase64(bytes)
    case 'quoted-printable':
      return decodeQuotedPrintable(bytes)
    default:
      return undefined
  }
}

// Octets outside the alphabet are skipped (RFC 2045 §6.8). Padding does not end the part: some mailers join pieces that
// were encoded one by one, and Node's decoder stops at the first "=".
function decodeBase64(bytes: Uint8Array): Buffer {
  const text = asBuffer(bytes).toString('latin1')
  const padding = text.indexOf('=')
  if (padding < 0 || !/[a-z0-9+/]/i.test(text.slice(padding))) return Buffer.from(text, 'base64')
  return Buffer.concat(text.split(/=+/).map((piece) => Buffer.from(piece, 'base64')))
}

const LF = 10
const CR = 13
const SP = 32
const TAB = 9
const EQUALS = 61

function decodeQuotedPrintable(bytes: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(bytes.length)
  let to = 0
  let blanksFrom = -1 // where a run of blanks began that may turn out to be at the end of a line
  for (let at = 0; at < bytes.length; at++) {
    const octet = bytes[at] ?? 0
    if (octet === SP || octet === TAB) {
      if (blanksFrom < 0) blanksFrom = to
      out[to++] = octet
      continue
    }
    // RFC 2045 §6.7 (3): white space at the end of an encoded line was added on the way.
    const isLineEnd = octet === LF || (octet === CR && bytes[at + 1] === LF)
    if (isLineEnd && blanksFrom >= 0) to = blanksFrom
    blanksFrom = -1
    if (octet !== EQUALS) {
      out[to++] = octet
      continue
    }
    const softBreak = softBreakLength(bytes, at + 1)
    const value = softBreak > 0 ? -1 : hexPair(bytes, at + 1)
    if (softBreak > 0) at += softBreak
    else if (value >= 0) {
      out[to++] = value
      at += 2
    } else out[to++] = octet // not an encoded octet: shown as it stands
  }
  return out.subarray(0, blanksFrom >= 0 ? blanksFrom : to)
}

// Octets of a soft line break behind "=": blanks and a line end; 0 when there is none. "=" as the last octet is one too.
function softBreakLength(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at] === SP || bytes[at] === TAB) at += 1
  if (at >= bytes.length) return at - from + 1
  if (bytes[at] === CR && bytes[at + 1] === LF) return at - from + 2
  return bytes[at] === LF ? at - from + 1 : 0
}

function hexPair(bytes: Uint8Array, at: number): number {
  const high = hexDigit(bytes[at])
  const low = hexDigit(bytes[at + 1])
  return high < 0 || low < 0 ? -1 : high * 16 + low
}

function hexDigit(octet: number | undefined): number {
  if (octet === undefined) return -1
  if (octet >= 48 && octet <= 57) return octet - 48
  const upper = octet & 0xdf
  return upper >= 65 && upper <= 70 ? upper - 55 : -1
}
