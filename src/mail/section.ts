// BODY[section]: which octets of a message a section names (RFC 3501 §6.4.5).
import { breathe } from '../base/async.ts'
import { asBuffer } from '../base/bytes.ts'
import { eachField, isEmptyLine } from './header.ts'
import { isEmbeddedMessage, type PartNode } from './part.ts'

/** The inside of BODY[...]: part numbers, then what of that part. `text` absent is the part's body, or the whole message. */
export interface Section {
  readonly path: readonly number[]
  readonly text?: 'HEADER' | 'TEXT' | 'MIME' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT'
  /** Field names of HEADER.FIELDS and HEADER.FIELDS.NOT, any case. */
  readonly fields?: readonly string[]
}

/** Octets from `start` up to, not including, `end`; `isFiltered` means that `filterHeader` must be applied to them. */
interface SectionRange {
  readonly start: number
  readonly end: number
  readonly isFiltered: boolean
}

/** The octets a section names, or undefined when the message has no such part. */
export function sectionRange(root: PartNode, section: Section): SectionRange | undefined {
  const { path, text } = section
  if (path.length === 0) {
    // "The whole message" begins with its header. MIME of no part is not in the grammar.
    return text === 'MIME' ? undefined : messageRange(root, text)
  }
  const part = findPart(root, path)
  if (!part) return undefined
  if (text === undefined) return range(part.bodyStart, part.bodyEnd)
  if (text === 'MIME') return range(part.headerStart, part.bodyStart)
  // HEADER, HEADER.FIELDS and TEXT behind part numbers are those of the message embedded in that part, and of no other part.
  const [embedded] = part.children
  return isEmbeddedMessage(part) && embedded ? messageRange(embedded, text) : undefined
}

function messageRange(message: PartNode, text: Exclude<Section['text'], 'MIME'>): SectionRange {
  switch (text) {
    case undefined:
      return range(message.headerStart, message.bodyEnd)
    case 'TEXT':
      return range(message.bodyStart, message.bodyEnd)
    case 'HEADER':
      return range(message.headerStart, message.bodyStart)
    case 'HEADER.FIELDS':
    case 'HEADER.FIELDS.NOT':
      return { start: message.headerStart, end: message.bodyStart, isFiltered: true }
  }
}

function range(start: number, end: number): SectionRange {
  return { start, end, isFiltered: false }
}

/**
 * The part of that number, 1.2.3 as [1, 2, 3]. A message that is not a multipart has one part, number 1, which is its
 * body; numbers go on inside an embedded message as if it were the message itself.
 */
export function findPart(root: PartNode, path: readonly number[]): PartNode | undefined {
  let level = root
  let isMessage = true
  let part: PartNode | undefined
  for (const number of path) {
    if (level.type === 'multipart') part = level.children[number - 1]
    else part = isMessage && number === 1 ? level : undefined
    if (!part) return undefined
    const embedded = isEmbeddedMessage(part) ? part.children[0] : undefined
    level = embedded ?? part
    isMessage = embedded !== undefined
  }
  return part
}

/**
 * HEADER.FIELDS and HEADER.FIELDS.NOT on one header block: the chosen fields as they stand, in order, then the blank line.
 * RFC 3501 §6.4.5: only a block that has no blank line itself is given back without one.
 */
export function filterHeader(block: Uint8Array, names: readonly string[], isNot: boolean): Buffer {
  const filter = new HeaderFilter(block, names, isNot)
  while (filter.step()) continue
  return filter.chosen()
}

/** As `filterHeader`, for blocks of any length: others have their turn meanwhile. A stranger may send a header of many megabytes. */
export async function filterLongHeader(
  block: Uint8Array,
  names: readonly string[],
  isNot: boolean,
): Promise<Buffer> {
  const filter = new HeaderFilter(block, names, isNot)
  while (filter.step()) await breathe()
  return filter.chosen()
}

/** So many octets are looked at in a step, and what is left of the field that they end in. */
const stepBytes = 512 * 1024

/** Holds no more than the block and what is chosen of it, however many fields that are. */
class HeaderFilter {
  readonly #bytes: Buffer
  readonly #isNamed: IsNamed
  readonly #isNot: boolean
  /** What was chosen so far; none was made while there was nothing. */
  #out: Buffer | undefined
  #length = 0
  #at = 0

  constructor(block: Uint8Array, names: readonly string[], isNot: boolean) {
    this.#bytes = asBuffer(block)
    this.#isNamed = names.length > fewNames ? amongMany(names) : amongFew(names)
    this.#isNot = isNot
  }

  /** False: the blank line, or the end, is reached. */
  step(): boolean {
    const bytes = this.#bytes
    const until = this.#at + stepBytes
    // Neighbours that are both wanted are copied together.
    let from = this.#at
    let to = from
    this.#at = eachField(bytes, this.#at, bytes.length, (start, nameEnd, _, end) => {
      if (this.#isNamed(bytes, start, nameEnd) !== this.#isNot) {
        if (to !== start) {
          this.#take(from, to)
          from = start
        }
        to = end
      }
      return end >= until
    })
    this.#take(from, to)
    return this.#at < bytes.length && !isEmptyLine(bytes, this.#at)
  }

  #take(from: number, to: number): void {
    if (from === to) return
    this.#out ??= Buffer.allocUnsafe(this.#bytes.length)
    this.#length += this.#bytes.copy(this.#out, this.#length, from, to)
  }

  chosen(): Buffer {
    const rest = this.#bytes.subarray(this.#at)
    if (!this.#out) return rest
    this.#length += rest.copy(this.#out, this.#length)
    return this.#out.subarray(0, this.#length)
  }
}

type IsNamed = (bytes: Buffer, start: number, end: number) => boolean

/** More names than clients ask for are looked up, so that thousands of them cost as little for each field. */
const fewNames = 32

function amongFew(names: readonly string[]): IsNamed {
  // A loop, not `some`: that makes a function for each field of each header.
  return (bytes, start, end) => {
    for (const name of names) if (hasName(bytes, start, end, name)) return true
    return false
  }
}

function amongMany(names: readonly string[]): IsNamed {
  const longest = Math.max(...names.map((name) => name.length))
  const known = new Set(names.map((name) => asciiLowerCase(name)))
  return (bytes, start, end) =>
    end - start <= longest && known.has(asciiLowerCase(bytes.toString('latin1', start, end)))
}

/** Only ASCII letters, as `hasName` does. */
function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** Whether the octets are `name`, in any case (RFC 5322 §1.2.2: names are ASCII). No string is made: blocks are read by the thousand. */
function hasName(bytes: Buffer, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false
  for (let at = 0; at < name.length; at += 1) {
    if (lowerCase(bytes[start + at] ?? 0) !== lowerCase(name.charCodeAt(at))) return false
  }
  return true
}

const upperA = 65
const upperZ = 90

const lowerCase = (octet: number): number => (octet >= upperA && octet <= upperZ ? octet + 32 : octet)

/** A section of a message that is in memory; undefined when there is no such part. */
export function sectionBytes(message: Uint8Array, root: PartNode, section: Section): Buffer | undefined {
  const found = sectionRange(root, section)
  if (!found) return undefined
  const bytes = asBuffer(message).subarray(found.start, found.end)
  if (!found.isFiltered) return bytes
  return filterHeader(bytes, section.fields ?? [], section.text === 'HEADER.FIELDS.NOT')
}
