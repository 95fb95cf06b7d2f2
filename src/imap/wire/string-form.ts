// How a string goes on the wire: as an atom, quoted, or as a literal.
import { isAstringChar, runEnd } from './characters.ts'

/** Longer strings go as literals: some clients give a quoted string a small buffer. */
const maxQuotedBytes = 1000

/** The quoted form of ASCII bytes, or of UTF-8 when `isUtf8`; undefined when only a literal can hold them. */
export function quotedForm(bytes: Buffer, isUtf8: boolean = false): Buffer | undefined {
  if (bytes.length > maxQuotedBytes) return undefined
  let escapes = 0
  for (const byte of bytes) {
    // RFC 3501 §9: QUOTED-CHAR leaves out NUL, CR, LF and everything beyond ASCII.
    if (byte === 0 || byte === 0x0a || byte === 0x0d || (byte >= 0x80 && !isUtf8)) return undefined
    if (byte === 0x22 || byte === 0x5c) escapes += 1
  }
  const quoted = Buffer.alloc(bytes.length + escapes + 2, 0x22)
  let at = 1
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) {
      quoted[at] = 0x5c
      at += 1
    }
    quoted[at] = byte
    at += 1
  }
  return quoted
}

/** Whether the bytes can stand as they are where an astring is wanted. NIL could, but clients would misread it. */
export function isAstringAtom(bytes: Buffer): boolean {
  return bytes.length > 0 && runEnd(bytes, 0, isAstringChar) === bytes.length && !isNil(bytes)
}

function isNil(bytes: Buffer): boolean {
  return bytes.length === 3 && bytes.toString('latin1').toUpperCase() === 'NIL'
}
