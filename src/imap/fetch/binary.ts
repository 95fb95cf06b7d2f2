// BINARY[section]<partial> and BINARY.SIZE: a part without its transfer encoding, decoded as it is sent (RFC 3516).
import type { MessageParts } from '../../account/message-parts.ts'
import { chunkBytes } from '../../base/limits.ts'
import { findPart } from '../../mail/section.ts'
import { transferDecoder, type TransferDecoder } from '../../mail/transfer-decoder.ts'
import type { BinaryItem } from '../wire/fetch-section.ts'
import type { OpenSection } from './section.ts'

/** The part's Content-Transfer-Encoding is not known: answer NO [UNKNOWN-CTE] (RFC 3516 §4.3). */
export class UnknownEncoding extends Error {
  override readonly name = 'UnknownEncoding'
}

/** The encoded octets of a part. */
interface Encoded {
  readonly start: number
  readonly end: number
  readonly encoding: string
}

/** Undefined when there is no such part. Throws UnknownEncoding. */
async function encodedPart(parts: MessageParts, path: readonly number[]): Promise<Encoded | undefined> {
  if (path.length === 0) return { start: 0, end: parts.content.sizeBytes, encoding: 'binary' }
  const part = findPart(await parts.tree(), path)
  if (!part) return undefined
  const { bodyStart: start, bodyEnd: end } = part
  // RFC 2045 §6.4: a multipart has no encoding of its own, whatever it says.
  const encoding = part.type === 'multipart' ? 'binary' : part.encoding
  if (!transferDecoder(encoding)) throw new UnknownEncoding('The encoding of a part is not known')
  return { start, end, encoding }
}

/** A place in a part from which it can be decoded. */
interface Mark {
  readonly encodedAt: number
  readonly decodedAt: number
  readonly decoder: TransferDecoder
}

/** Marks are so many decoded octets apart: what a client reads in pieces is not decoded from its beginning for each piece. */
const markBytes = 256 * 1024

/** What is known of the part that a session looked into last. */
export class DecodedPart {
  #key = ''
  #marks: Mark[] = []
  #sizeBytes: number | undefined

  /** Octets of the decoded part; undefined when there is no such part. Throws UnknownEncoding, Refusal 'damaged'. */
  async size(parts: MessageParts, path: readonly number[]): Promise<number | undefined> {
    const part = await encodedPart(parts, path)
    if (!part) return undefined
    this.#turnTo(parts, part)
    if (this.#sizeBytes === undefined) {
      const from = this.#marks.at(-1)?.decodedAt ?? 0
      const octets = this.#window(parts, part, from, Infinity)
      while (!(await octets.next()).done);
    }
    return this.#sizeBytes
  }

  /** Throws UnknownEncoding; Refusal 'damaged' before anything was promised. */
  async open(parts: MessageParts, { path, partial }: BinaryItem): Promise<OpenSection> {
    const part = await encodedPart(parts, path)
    if (!part) return { kind: 'nil' }
    const from = partial?.start ?? 0
    const to = partial ? from + partial.length : Infinity
    let sizeBytes = 0
    let isBinary = false
    // The first pass finds out how much comes, and whether with NUL; what fits into a chunk need not be read again.
    const kept: Buffer[] = []
    for await (const piece of this.#window(parts, part, from, to)) {
      sizeBytes += piece.length
      isBinary ||= piece.includes(0)
      if (sizeBytes <= chunkBytes) kept.push(Buffer.from(piece))
    }
    if (sizeBytes <= chunkBytes) return { kind: 'literal', bytes: Buffer.concat(kept), isBinary }
    const pieces = this.#window(parts, part, from, to)
    return {
      kind: 'stream',
      sizeBytes,
      isBinary,
      pieces: () => pieces,
      close: async () => {
        await pieces.return(undefined)
      },
    }
  }

  #turnTo({ content }: MessageParts, { start, end }: Encoded): string {
    const key = `${content.emailId} ${start} ${end}`
    if (key === this.#key) return key
    this.#key = key
    this.#marks = []
    this.#sizeBytes = undefined
    return key
  }

  /** Decoded octets from `from` up to `to`. */
  async *#window(
    parts: MessageParts,
    part: Encoded,
    from: number,
    to: number,
  ): AsyncGenerator<Buffer, undefined, undefined> {
    // Another item of the same FETCH may have been looked into since this was asked for.
    const key = this.#turnTo(parts, part)
    const { start, end, encoding } = part
    const mark = this.#marks.findLast(({ decodedAt }) => decodedAt <= from)
    const decoder = mark?.decoder.fork() ?? transferDecoder(encoding)
    if (!decoder) throw new UnknownEncoding()
    let encodedAt = mark?.encodedAt ?? start
    let at = mark?.decodedAt ?? 0
    for await (const piece of parts.read(encodedAt, end)) {
      const octets = decoder.push(piece)
      encodedAt += piece.length
      const wanted = octets.subarray(Math.max(0, from - at), Math.max(0, to - at))
      at += octets.length
      if (key === this.#key) this.#mark(encodedAt, at, decoder)
      if (wanted.length > 0) yield wanted
      if (at >= to) return
    }
    const rest = decoder.end()
    const wanted = rest.subarray(Math.max(0, from - at), Math.max(0, to - at))
    if (key === this.#key) this.#sizeBytes = at + rest.length
    if (wanted.length > 0) yield wanted
  }

  #mark(encodedAt: number, decodedAt: number, decoder: TransferDecoder): void {
    if (decodedAt < (this.#marks.at(-1)?.decodedAt ?? 0) + markBytes) return
    const fork = decoder.fork()
    if (fork) this.#marks.push({ encodedAt, decodedAt, decoder: fork })
  }
}
