// A message that came as a literal8 (RFC 3516 §4.4), in its stored form: parts that lines cannot hold become base64.
import { asBuffer } from '../base/bytes.ts'
import { headerFields } from './header.ts'
import { LineFeeds } from './line-feeds.ts'
import { normaliseLineEnds } from './normalise.ts'
import type { Part } from './part.ts'
import { parseParts } from './parse-parts.ts'

const CR = 13
const lineOctets = 57 // 76 characters of base64

/**
 * The message with CRLF line ends and without NUL. A part labelled `binary` that holds NUL, or a CR or LF that is not of a
 * line end, is encoded again, its octets unchanged; everything else is treated as in `normaliseLineEnds`. Undefined when
 * that would lose something: NUL where no encoding can hide it, or in a part under a signature.
 */
export function storedFormOfBinary(message: Uint8Array): Buffer | undefined {
  const bytes = asBuffer(message)
  const pieces: Buffer[] = []
  let from = 0
  for (const part of partsToEncode(parseParts(bytes), bytes)) {
    const body = bytes.subarray(part.bodyStart, part.bodyEnd)
    pieces.push(normaliseLineEnds(bytes.subarray(from, part.headerStart)), encodedHeader(part, bytes))
    pieces.push(base64Lines(body))
    from = part.bodyEnd
  }
  pieces.push(normaliseLineEnds(bytes.subarray(from)))
  const [only] = pieces
  const stored = pieces.length === 1 && only ? only : Buffer.concat(pieces)
  return stored.includes(0) ? undefined : stored
}

/** In the order in which they stand. */
function partsToEncode(part: Part, bytes: Buffer): Part[] {
  // RFC 1847 §2.1: what is signed must not be changed; it is 7bit unless somebody broke the rule before.
  if (part.type === 'multipart' && part.subtype === 'signed') return []
  if (part.children.length > 0) return part.children.flatMap((child) => partsToEncode(child, bytes))
  const isBinary = part.encoding === 'binary' && !areLines(bytes.subarray(part.bodyStart, part.bodyEnd))
  return isBinary ? [part] : []
}

/** Whether nothing stands there but lines with CRLF ends: no NUL, and neither CR nor LF by itself. */
function areLines(body: Buffer): boolean {
  if (body.includes(0)) return false
  const feeds = new LineFeeds(body)
  let count = 0
  for (let lf = feeds.next(0); lf < body.length; lf = feeds.next(lf + 1)) {
    if (lf === 0 || body[lf - 1] !== CR) return false
    count += 1
  }
  for (let at = body.indexOf(CR); at >= 0; at = body.indexOf(CR, at + 1)) count -= 1
  return count === 0
}

/** The part's header block, which says `base64` from now on. */
function encodedHeader(part: Part, bytes: Buffer): Buffer {
  const pieces: Buffer[] = []
  let from = part.headerStart
  for (const field of headerFields(bytes, part.headerStart, part.bodyStart)) {
    if (field.name !== 'content-transfer-encoding') continue
    pieces.push(bytes.subarray(from, field.valueStart), Buffer.from(' base64\r\n'))
    from = field.end
  }
  pieces.push(bytes.subarray(from, part.bodyStart))
  return normaliseLineEnds(Buffer.concat(pieces))
}

function base64Lines(body: Buffer): Buffer {
  const lines: string[] = []
  for (let at = 0; at < body.length; at += lineOctets) {
    lines.push(body.toString('base64', at, Math.min(body.length, at + lineOctets)))
  }
  return Buffer.from(lines.join('\r\n'), 'latin1')
}
