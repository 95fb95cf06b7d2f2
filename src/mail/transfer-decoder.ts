// Content-Transfer-Encoding, taken off piece by piece: what is held between two pieces is bounded (RFC 2045 §6).
import { asBuffer } from '../base/bytes.ts'

/** Takes an encoding off. Bad input is passed over, never refused: readers show what can be shown. */
export interface TransferDecoder {
  /** The octets that are decided once `bytes` have come, in new memory or in that of `bytes`. */
  push(bytes: Uint8Array): Buffer
  /** What was held back. */
  end(): Buffer
  /** A decoder that goes on from here as this one would; undefined where octets are held back. */
  fork(): TransferDecoder | undefined
}

/** `encoding` in lower case. Undefined when it is not known (RFC 3516 §4.3: UNKNOWN-CTE). */
export function transferDecoder(encoding: string): TransferDecoder | undefined {
  switch (encoding) {
    case '7bit':
    case '8bit':
    case 'binary':
      return identity
    case 'base64':
      return new Base64Decoder()
    case 'quoted-printable':
      return new QuotedPrintableDecoder()
    default:
      return undefined
  }
}

const nothing = Buffer.alloc(0)
const identity: TransferDecoder = { push: asBuffer, end: () => nothing, fork: () => identity }

const skipped = 64
const padding = 65
/** Values of the alphabet by octet. Others are skipped (RFC 2045 §6.8). */
const values = new Uint8Array(256).fill(skipped)
for (const [value, octet] of Buffer.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
).entries()) {
  values[octet] = value
}
values[0x3d] = padding

class Base64Decoder implements TransferDecoder {
  /** Up to three values of six bits that do not make three octets yet. */
  #bits = 0
  #count = 0

  push(bytes: Uint8Array): Buffer {
    const out = Buffer.allocUnsafe(Math.ceil(bytes.length / 4) * 3 + 3)
    let bits = this.#bits
    let count = this.#count
    let to = 0
    for (const octet of bytes) {
      const value = values[octet] ?? skipped
      if (value < skipped) {
        bits = (bits << 6) | value
        count += 1
        if (count < 4) continue
        out[to] = bits >>> 16
        out[to + 1] = bits >>> 8
        out[to + 2] = bits
        to += 3
      } else if (value === padding) {
        // Padding does not end the part: some mailers join pieces that were encoded one by one.
        to += this.#flush(out, to, bits, count)
      } else continue
      bits = 0
      count = 0
    }
    this.#bits = bits
    this.#count = count
    return out.subarray(0, to)
  }

  end(): Buffer {
    const out = Buffer.alloc(2)
    const length = this.#flush(out, 0, this.#bits, this.#count)
    this.#count = 0
    return out.subarray(0, length)
  }

  fork(): TransferDecoder {
    const copy = new Base64Decoder()
    copy.#bits = this.#bits
    copy.#count = this.#count
    return copy
  }

  /** Two values make one octet, three make two; one alone makes none. */
  #flush(out: Buffer, to: number, bits: number, count: number): number {
    if (count === 3) out.writeUInt16BE((bits >>> 2) & 0xffff, to)
    else if (count === 2) out[to] = bits >>> 4
    return Math.max(0, count - 1)
  }
}

const LF = 10
const CR = 13
const SP = 32
const TAB = 9
const EQUALS = 61
/** Blanks in a row that may turn out to be at the end of a line; more of them (RFC 2045 allows 76) are content. */
const mostBlanks = 1000
/** More octets must come before it is known what stands here. */
const undecided = -1
const none = -2

class QuotedPrintableDecoder implements TransferDecoder {
  #held: Buffer = nothing

  push(bytes: Uint8Array): Buffer {
    return this.#decode(asBuffer(bytes), false)
  }

  end(): Buffer {
    return this.#decode(nothing, true)
  }

  fork(): TransferDecoder | undefined {
    return this.#held.length === 0 ? new QuotedPrintableDecoder() : undefined
  }

  #decode(fresh: Buffer, isEnd: boolean): Buffer {
    const bytes = this.#held.length === 0 ? fresh : Buffer.concat([this.#held, fresh])
    const out = Buffer.allocUnsafe(bytes.length)
    let to = 0
    let at = 0
    while (at < bytes.length) {
      const octet = bytes[at] ?? 0
      if (octet === SP || octet === TAB) {
        const end = blanksEnd(bytes, at)
        // RFC 2045 §6.7 (3): white space at the end of an encoded line was added on the way.
        const lineEnd = end - at < mostBlanks ? lineEndAt(bytes, end, isEnd) : 0
        if (lineEnd === undecided) break
        if (lineEnd === 0 && (end < bytes.length || end - at >= mostBlanks))
          to += bytes.copy(out, to, at, end)
        at = end
      } else if (octet === EQUALS) {
        const blanks = blanksEnd(bytes, at + 1)
        const lineEnd = lineEndAt(bytes, blanks, isEnd)
        const value = lineEnd === 0 ? hexPair(bytes, at + 1, isEnd) : 0
        if (lineEnd === undecided || value === undecided) break
        // "=" as the last octet is a soft line break too.
        if (lineEnd > 0 || blanks === bytes.length) at = blanks + lineEnd
        else if (value === none) {
          out[to++] = octet // not an encoded octet: shown as it stands
          at += 1
        } else {
          out[to++] = value
          at += 3
        }
      } else {
        out[to++] = octet
        at += 1
      }
    }
    this.#held = at < bytes.length ? Buffer.from(bytes.subarray(at)) : nothing
    return out.subarray(0, to)
  }
}

function blanksEnd(bytes: Buffer, from: number): number {
  let end = from
  while (end - from < mostBlanks && (bytes[end] === SP || bytes[end] === TAB)) end += 1
  return end
}

/** Octets of the line end at `at`; 0 when there is none. */
function lineEndAt(bytes: Buffer, at: number, isEnd: boolean): number {
  if (bytes[at] === LF) return 1
  if (bytes[at] === CR && bytes[at + 1] === LF) return 2
  const isOpen = at >= bytes.length || (bytes[at] === CR && at + 1 >= bytes.length)
  return isOpen && !isEnd ? undecided : 0
}

/** The octet that two digits stand for. */
function hexPair(bytes: Buffer, at: number, isEnd: boolean): number {
  const high = hexDigit(bytes[at])
  const low = hexDigit(bytes[at + 1])
  if (high >= 0 && at + 1 >= bytes.length && !isEnd) return undecided
  return high < 0 || low < 0 ? none : high * 16 + low
}

function hexDigit(octet: number | undefined): number {
  if (octet === undefined) return -1
  if (octet >= 48 && octet <= 57) return octet - 48
  const upper = octet & 0xdf
  return upper >= 65 && upper <= 70 ? upper - 55 : -1
}
