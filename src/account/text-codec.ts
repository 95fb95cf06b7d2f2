// Search text pages: an uncompressed directory of messages, a filter, and four sections that are deflated (FORMAT.md §9.9).
import { promisify } from 'node:util'
import { constants, deflateRaw, inflateRaw } from 'node:zlib'
import { asBuffer, ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { isGrams, makeGrams, mayHold } from './text-grams.ts'

/** In the order in which a search reads them, and of their bits in `cut`. */
export const sections = ['facts', 'front', 'rest', 'body'] as const
export type Section = (typeof sections)[number]
export const cutBits: Readonly<Record<Section, number>> = { facts: 1, front: 2, rest: 4, body: 8 }
export const cutAll = 15

/** One message's share of a page. */
export interface TextEntry {
  readonly uid: number
  readonly sizeBytes: number
  /** Milliseconds since 1970. */
  readonly savedAt: number
  readonly cut: number
  readonly facts: Buffer
  readonly front: Buffer
  /** The two pieces of `rest`. */
  readonly own: Buffer
  readonly parts: Buffer
  readonly body: Buffer
}

const version = 2
const deflated = promisify(deflateRaw)
const inflated = promisify(inflateRaw)
/** A good deal smaller than level 1, and hardly slower; higher levels cost twice the time for a tenth. */
const level = 3
/** Sections are not marked as ends, so that neighbours can be inflated in one go: each go costs as much as some 10 KB of text. */
const finishFlush = constants.Z_FULL_FLUSH
/** More raw bytes of one section are no page of ours. */
const sectionBytesAtMost = 4 * 1024 * 1024

const piecesOf = (entry: TextEntry, section: Section): readonly Buffer[] =>
  section === 'rest' ? [entry.own, entry.parts] : [entry[section]]

/** Bytes of an entry before they are deflated, its part of the directory included. */
export function rawBytes(entry: TextEntry): number {
  return sections.reduce(
    (sum, section) => piecesOf(entry, section).reduce((all, piece) => all + piece.length, sum),
    41,
  )
}

/** The data of a page. `entries` by ascending UID. Deflates in the thread pool. */
export async function encodeTextPage(entries: readonly TextEntry[]): Promise<Buffer> {
  const raw = sections.map((section) => Buffer.concat(entries.flatMap((entry) => piecesOf(entry, section))))
  const packed = await Promise.all(
    raw.map(async (bytes) => (bytes.length === 0 ? bytes : deflated(bytes, { level, finishFlush }))),
  )
  const to = new ByteWriter().u8(version).u16(entries.length)
  for (const entry of entries) {
    to.u32(entry.uid).u64(entry.sizeBytes).i64(entry.savedAt).u8(entry.cut)
    for (const section of sections) for (const piece of piecesOf(entry, section)) to.u32(piece.length)
  }
  to.bytes16(makeGrams(raw.slice(1)))
  for (const bytes of packed) to.u32(bytes.length)
  for (const bytes of packed) to.fixed(bytes)
  return to.finish()
}

/** Where each message's bytes of a section begin, and at last where they end. */
type Offsets = Readonly<Record<Section, Uint32Array>>

/** A page whose sections are inflated when asked for. */
export class TextPage {
  readonly uids: readonly number[]
  readonly #sizes: readonly number[]
  readonly #saved: readonly number[]
  readonly #cut: Uint8Array
  /** Bytes of `own` within a message's `rest`. */
  readonly #own: Uint32Array
  readonly #offsets: Offsets
  readonly #grams: Buffer
  /** All sections, deflated, and where each begins and at last where they end. */
  readonly #packed: Buffer
  readonly #packedAt: readonly number[]

  /** Throws MalformedRecord. */
  constructor(data: Uint8Array) {
    const from = new ByteReader(data)
    if (from.u8() !== version) throw new MalformedRecord('text page of an unknown version')
    const count = from.u16()
    const uids: number[] = []
    const sizes: number[] = []
    const saved: number[] = []
    this.#cut = new Uint8Array(count)
    this.#own = new Uint32Array(count)
    const column = (): Uint32Array => new Uint32Array(count + 1)
    this.#offsets = { facts: column(), front: column(), rest: column(), body: column() }
    for (let index = 0; index < count; index += 1) {
      const uid = from.u32()
      if (uid <= (uids.at(-1) ?? 0)) throw new MalformedRecord('text page with UIDs out of order')
      uids.push(uid)
      sizes.push(from.u64())
      saved.push(from.i64())
      this.#cut[index] = from.u8()
      for (const section of sections) {
        let length = from.u32()
        if (section === 'rest') {
          this.#own[index] = length
          length += from.u32()
        }
        const end = this.start(section, index) + length
        if (end > sectionBytesAtMost) throw new MalformedRecord('text page of absurd length')
        this.#offsets[section][index + 1] = end
      }
    }
    this.#grams = from.bytes16()
    if (!isGrams(this.#grams)) throw new MalformedRecord('text page with a filter of an unknown form')
    const packedAt = [0]
    for (let end = 0; packedAt.length <= sections.length; packedAt.push(end)) end += from.u32()
    this.#packed = from.fixed(packedAt.at(-1) ?? 0)
    this.#packedAt = packedAt
    from.end()
    this.uids = uids
    this.#sizes = sizes
    this.#saved = saved
  }

  start(section: Section, index: number): number {
    return this.#offsets[section][index] ?? 0
  }

  end(section: Section, index: number): number {
    return this.start(section, index + 1)
  }

  /** Where a message's own fields end within `rest`. */
  ownEnd(index: number): number {
    return this.start('rest', index) + (this.#own[index] ?? 0)
  }

  isCut(section: Section, index: number): boolean {
    return ((this.#cut[index] ?? cutAll) & cutBits[section]) !== 0
  }

  /** Whether the entry is of a message of that size and saved date. */
  isOf(index: number, message: { readonly sizeBytes: number; readonly savedAt: number }): boolean {
    return this.#sizes[index] === message.sizeBytes && this.#saved[index] === message.savedAt
  }

  /** False: surely no message has the text, in UTF-8 and folded, in what is held of its header and body. */
  mayHold(text: Uint8Array): boolean {
    return mayHold(this.#grams, text)
  }

  /** All bytes of sections that follow each other, each by itself. Inflates in the thread pool. Throws MalformedRecord. */
  async inflate(first: Section, last: Section = first): Promise<Buffer[]> {
    const from = sections.indexOf(first)
    const wanted = sections.slice(from, sections.indexOf(last) + 1)
    const lengths = wanted.map((section) => this.end(section, this.uids.length - 1))
    const length = lengths.reduce((sum, each) => sum + each, 0)
    const bytes = await this.#inflated(from, from + wanted.length, length)
    let at = 0
    return lengths.map((each) => bytes.subarray(at, (at += each)))
  }

  async #inflated(from: number, to: number, length: number): Promise<Buffer> {
    const packed = this.#packed.subarray(this.#packedAt[from], this.#packedAt[to])
    if (length === 0 && packed.length === 0) return packed
    try {
      // One octet more than there is: else the engine asks for another buffer before it sees the end.
      const options = { chunkSize: Math.max(64, length + 1), maxOutputLength: length + 1, finishFlush }
      const bytes = await inflated(packed, options)
      if (bytes.length === length) return asBuffer(bytes)
    } catch (error) {
      throw new MalformedRecord('text page with a damaged section', { cause: error })
    }
    throw new MalformedRecord('text page with a section of another length')
  }

  /** Every message's share, inflated. Throws MalformedRecord. */
  async entries(): Promise<TextEntry[]> {
    const [facts, front, rest, body] = await this.inflate('facts', 'body')
    if (!facts || !front || !rest || !body) return []
    const piece = (section: Section, bytes: Buffer, index: number): Buffer =>
      bytes.subarray(this.start(section, index), this.end(section, index))
    return this.uids.map((uid, index) => ({
      uid,
      sizeBytes: this.#sizes[index] ?? 0,
      savedAt: this.#saved[index] ?? 0,
      cut: this.#cut[index] ?? cutAll,
      facts: piece('facts', facts, index),
      front: piece('front', front, index),
      own: rest.subarray(this.start('rest', index), this.ownEnd(index)),
      parts: rest.subarray(this.ownEnd(index), this.end('rest', index)),
      body: piece('body', body, index),
    }))
  }
}
