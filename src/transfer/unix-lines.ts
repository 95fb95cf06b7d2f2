// Messages as files keep them: lines end in LF, and an mbox quotes what would look like its own lines.
import { asBuffer } from '../base/bytes.ts'

const CR = 13

/**
 * CRLF becomes LF. A line that ends in CR itself keeps its CRLF: `normaliseLineEnds` makes of the result the very octets
 * that went in, whatever they were.
 */
export function toUnixLines(message: Uint8Array): Buffer {
  const bytes = asBuffer(message)
  const out = Buffer.allocUnsafe(bytes.length)
  let to = 0
  let from = 0
  for (let at = bytes.indexOf('\r\n'); at >= 0; at = bytes.indexOf('\r\n', at + 2)) {
    if (at > 0 && bytes[at - 1] === CR) continue
    to += bytes.copy(out, to, from, at)
    from = at + 1
  }
  to += bytes.copy(out, to, from)
  return out.subarray(0, to)
}

/** mboxrd: lines that begin with `From `, `>From `, `>>From ` and so on get one more `>`. */
export function quoteFromLines(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  let from = 0
  for (let at = bytes.indexOf('From '); at >= 0; at = bytes.indexOf('From ', at + 5)) {
    let line = at
    while (line > 0 && bytes[line - 1] === 0x3e) line -= 1
    if (line > 0 && bytes[line - 1] !== 10) continue
    parts.push(bytes.subarray(from, line), Buffer.of(0x3e))
    from = line
  }
  return from === 0 && parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(from)])
}
