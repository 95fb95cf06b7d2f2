// The stored form of a message: every line ends in CRLF.
//
// A lone LF becomes CRLF: it is a line end written by something that is not SMTP (RFC 5321 §2.3.8). A lone CR stays: it is
// an octet within a line, and to turn it into a line end would make lines (delimiters, ends of headers) that no one wrote.
// NUL and every other octet stay too, and nothing is put behind the last line. So a message differs from what was sent in
// its line ends alone, and a message that has been through here once is not changed by a second time.
import { asBuffer } from '../base/bytes.ts'

const LF = 10
const CR = 13

/** Gives back the same memory when there is nothing to change. */
export function normaliseLineEnds(message: Uint8Array): Buffer {
  return withCrlf(asBuffer(message), 0)
}

/** The same, chunk by chunk; chunks without a lone LF pass through uncopied, empty ones are left out. */
export async function* normaliseStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let last = 0
  for await (const chunk of source) {
    if (chunk.length === 0) continue
    const out = withCrlf(asBuffer(chunk), last)
    last = chunk[chunk.length - 1] ?? 0
    yield out
  }
}

function withCrlf(bytes: Buffer, octetBefore: number): Buffer {
  const loneLfs = countLoneLfs(bytes, octetBefore)
  if (loneLfs === 0) return bytes
  const out = Buffer.allocUnsafe(bytes.length + loneLfs)
  let to = 0
  let from = 0
  let previous = octetBefore
  for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
    if (lf > 0) previous = bytes[lf - 1] ?? 0
    if (previous === CR) continue
    to += bytes.copy(out, to, from, lf)
    out[to++] = CR
    from = lf
  }
  bytes.copy(out, to, from)
  return out
}

function countLoneLfs(bytes: Buffer, octetBefore: number): number {
  let count = 0
  let previous = octetBefore
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0 // an index loop: this runs over every octet of every message
    if (byte === LF && previous !== CR) count += 1
    previous = byte
  }
  return count
}
