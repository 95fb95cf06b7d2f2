// Finds the parts of a message in one pass over its octets.
import { type Delimiter, OpenBoundaries } from './boundary.ts'
import { parameterValue } from './content-type.ts'
import { fieldValue, type HeaderField, headerFields, isEmptyLine } from './header.ts'
import { LineFeeds } from './line-feeds.ts'
import { boundaryBytes, headerBytesPerMessage, partDepth, partsPerMessage } from './limits.ts'
import { type OctetString, trimBlanksEnd } from './octets.ts'
import {
  addMissingChild,
  describePart,
  type GrowingPart,
  isEmbeddedMessage,
  makeOpaque,
  type Part,
} from './part.ts'

const LF = 10
const CR = 13
const DASH = 45

/** The tree of a whole message. Never throws; time is linear in the message, depth and count are limited (`limits.ts`). */
export function parseParts(message: Uint8Array): Part {
  return new Scan(message).run()
}

// The position and the parts that have begun and not ended, outermost first. Every octet is looked at by one of the two
// line loops, in `#header` and `#body`; nothing here calls itself.
class Scan {
  readonly #bytes: Uint8Array
  readonly #feeds: LineFeeds
  readonly #open: GrowingPart[] = []
  readonly #boundaries = new OpenBoundaries()
  #at = 0
  #lines = 0
  #count = 0
  #headerBytesLeft = headerBytesPerMessage

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#feeds = new LineFeeds(bytes)
  }

  run(): Part {
    const root = this.#part(undefined)
    for (;;) {
      const delimiter = this.#body()
      if (!delimiter) break
      this.#endParts(delimiter)
      this.#skipLine()
      if (delimiter.isClosing) this.#boundaries.close(delimiter.depth)
      else if (this.#bytes[this.#at - 1] === LF) this.#part(this.#open[delimiter.depth])
    }
    const end = this.#bytes.length
    for (const part of this.#open) {
      part.bodyEnd = end
      part.bodyLines = this.#lines - part.bodyLines
      addMissingChild(part)
    }
    return root
  }

  // Reads the header at the present position and opens the part; an embedded message opens its own part at once.
  #part(parent: GrowingPart | undefined): GrowingPart {
    let outer = parent
    for (;;) {
      const part = this.#headerOfPart(outer)
      outer?.children.push(part)
      this.#open.push(part)
      if (!isEmbeddedMessage(part)) return this.#open[0] ?? part
      outer = part
    }
  }

  #headerOfPart(parent: GrowingPart | undefined): GrowingPart {
    // A delimiter may have ended the header of the part outside: then the message in it begins, empty, before the line end.
    const headerStart = parent && isEmbeddedMessage(parent) ? parent.bodyStart : this.#at
    const bodyStart = this.#header(headerStart)
    const header = headerFields(
      this.#bytes,
      headerStart,
      Math.min(bodyStart, headerStart + this.#headerBytesLeft),
    )
    this.#headerBytesLeft = Math.max(0, this.#headerBytesLeft - (bodyStart - headerStart))
    const part = describePart(contentFields(this.#bytes, header), parent)
    part.header = header
    this.#count += 1
    part.headerStart = headerStart
    part.bodyStart = bodyStart
    // The lines before it, until its end is known. Where a delimiter ended the header, the line end before that is of the body.
    part.bodyLines = this.#lines - (bodyStart < this.#at ? 1 : 0)
    const depth = this.#open.length
    const mayHaveParts = depth < partDepth && this.#count < partsPerMessage
    if (part.type === 'multipart' && mayHaveParts) {
      const parameter = parameterValue(part.contentType?.parameters ?? [], 'boundary')
      const boundary = trimBlanksEnd(parameter ?? '')
      if (boundary !== '') this.#boundaries.open(depth, boundary.slice(0, boundaryBytes))
    } else if (part.type === 'multipart' || isEmbeddedMessage(part)) {
      if (!mayHaveParts) makeOpaque(part)
    }
    return part
  }

  // Moves behind the header block and returns where the body begins. A delimiter ends the block too, and then the line end
  // before it is the delimiter's.
  #header(start: number): number {
    const bytes = this.#bytes
    while (this.#at < bytes.length) {
      if (this.#isDelimiterNext()) return Math.max(start, this.#at - lineEndBefore(bytes, this.#at))
      const isLast = isEmptyLine(bytes, this.#at)
      this.#skipLine()
      if (isLast) break
    }
    return this.#at
  }

  #isDelimiterNext(): boolean {
    const bytes = this.#bytes
    if (bytes[this.#at] !== DASH || bytes[this.#at + 1] !== DASH || this.#boundaries.isEmpty) return false
    return this.#boundaries.match(bytes, this.#at) !== undefined
  }

  #skipLine(): void {
    const lf = this.#feeds.next(this.#at)
    if (lf === this.#bytes.length) this.#at = lf
    else {
      this.#at = lf + 1
      this.#lines += 1
    }
  }

  // Moves to the next line that is a delimiter, or to the end of the message.
  #body(): Delimiter | undefined {
    const bytes = this.#bytes
    const end = bytes.length
    const boundaries = this.#boundaries
    const feeds = this.#feeds
    const mayEnd = !boundaries.isEmpty && this.#count < partsPerMessage
    let lines = 0
    let at = this.#at
    let delimiter: Delimiter | undefined
    for (;;) {
      if (mayEnd && bytes[at] === DASH && bytes[at + 1] === DASH) delimiter = boundaries.match(bytes, at)
      if (delimiter) break
      at = feeds.next(at)
      if (at === end) break
      at += 1
      lines += 1
    }
    this.#at = at
    this.#lines += lines
    return delimiter
  }

  // Ends every part inside the multipart whose delimiter is next.
  #endParts(delimiter: Delimiter): void {
    const eol = lineEndBefore(this.#bytes, this.#at)
    let end = this.#at - eol
    for (
      let part = this.#open.at(-1);
      part && this.#open.length - 1 > delimiter.depth;
      part = this.#open.at(-1)
    ) {
      end = Math.max(end, part.bodyStart) // an empty body begins behind that line end
      part.bodyEnd = end
      const isLineEndOutside = end < this.#at && eol > 0
      part.bodyLines = Math.max(0, this.#lines - part.bodyLines - (isLineEndOutside ? 1 : 0))
      addMissingChild(part)
      this.#open.pop()
    }
    this.#boundaries.close(delimiter.depth + 1)
  }
}

function lineEndBefore(bytes: Uint8Array, at: number): number {
  if (bytes[at - 1] !== LF) return 0
  return bytes[at - 2] === CR ? 2 : 1
}

function contentFields(bytes: Uint8Array, header: readonly HeaderField[]): Map<string, OctetString> {
  const fields = new Map<string, OctetString>()
  for (const field of header) {
    if (field.name.startsWith('content-') && !fields.has(field.name)) {
      fields.set(field.name, fieldValue(bytes, field))
    }
  }
  return fields
}
