// The stored form of a message: every line ends in CRLF.
//
// A lone LF becomes CRLF: it is a line end written by something that is not SMTP (RFC 5321 §2.3.8). A lone CR stays: it is
// an octet within a line, and to turn it into a line end would make lines (delimiters, ends of headers) that no one wrote.
// NUL and every other octet stay too, and nothing is put behind the last line. So a message differs from what was sent in
// its line ends alone, and a message that has been through here once is not changed by a second time.
import { asBuffer } from '../base/bytes.ts'
import { LineFeeds } from './line-feeds.ts'

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
  const feeds = new LineFeeds(bytes)
  const isLone = (lf: number): boolean => (lf > 0 ? bytes[lf - 1] : octetBefore) !== CR
  let count = 0
  for (let lf = feeds.next(0); lf < bytes.length; lf = feeds.next(lf + 1)) if (isLone(lf)) count += 1
  if (count === 0) return bytes

  const out = Buffer.allocUnsafe(bytes.length + count)
  let to = 0
  let from = 0
  for (let lf = feeds.next(0); lf < bytes.length; lf = feeds.next(lf + 1)) {
    if (!isLone(lf)) continue
    to += bytes.copy(out, to, from, lf)
    out[to++] = CR
    from = lf
  }
  bytes.copy(out, to, from)
  return out
}
