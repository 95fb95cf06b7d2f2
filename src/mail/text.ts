// The searchable text of a message, for SEARCH (RFC 3501 §6.4.4): decoded, case-folded, never on the path of FETCH.
import { asBuffer } from '../base/bytes.ts'
import { decodeCharset } from './charset.ts'
import { decodeHeaderText } from './encoded-word.ts'
import { fieldValue, headerFields } from './header.ts'
import { htmlText } from './html.ts'
import type { OctetString } from './octets.ts'
import { isEmbeddedMessage, type PartNode } from './part.ts'
import { decodeTransfer } from './transfer-encoding.ts'

/** Folded text holds no line feed: here it stands between pieces that no query may run across. */
export const pieceEnd = '\n'

export interface SearchText {
  /** The fields of the message's own header in order, each as `name: value`, folded. */
  readonly fields: readonly string[]
  /** The fields of its parts' headers in the same form. With `fields` it is the header that TEXT searches. */
  readonly parts: string
  /** The text parts and reports, and embedded messages with their headers, folded. What BODY searches, and TEXT with the header. */
  readonly body: string
}

/**
 * Text for a substring search that ignores case; the query is folded in the same way. Compatibility forms are one (NFKC:
 * full width, ligatures, no-break space), cases are one by way of upper case (so that "Straße" meets "STRASSE", and no
 * sigma is final), and a run of white space, line ends included, is one space. If a query stands in a text as it is, the
 * folded query stands in the folded text, unless it cuts a composed character in two.
 */
export function fold(text: string): string {
  const oneCase = /^[\u0001-\u007f]*$/.test(text)
    ? text.toLowerCase()
    : text
        .normalize('NFKC')
        .toLowerCase() // first: capital sharp s has no longer upper case, but small sharp s has
        .toUpperCase()
        .toLowerCase()
        .replaceAll('ς', 'σ')
        .normalize('NFKC')
  // Single spaces, which are most of a text, stay where they are: replacing each by itself costs ten times as much.
  return oneCase.replace(/[^\S ]\s*| \s+/g, ' ')
}

/** All searchable text of a message. Parts that are neither text nor reports are left out; their headers are not. */
export function searchText(message: Uint8Array, root: PartNode): SearchText {
  const texts: Texts = { fields: [], parts: [], body: [] }
  for (const { to, name, text } of pieces(message, root, 'fields')) texts[to].push(name + fold(text))
  return finished(texts)
}

/** The same for long messages: `pause` is awaited between pieces of work, so that others get their turn. */
export async function searchTextInTurns(
  message: Uint8Array,
  root: PartNode,
  pause: () => Promise<void>,
): Promise<SearchText> {
  const texts: Texts = { fields: [], parts: [], body: [] }
  let length = 0
  for (const { to, name, text } of pieces(message, root, 'fields')) {
    length += text.length
    if (text.length > sliceLength) texts[to].push(name + (await foldInTurns(text, pause)))
    else texts[to].push(name + fold(text))
    if (length < sliceLength) continue
    await pause()
    length = 0
  }
  return finished(texts)
}

const finished = ({ fields, parts, body }: Texts): SearchText => ({
  fields,
  parts: parts.join(pieceEnd),
  body: body.join(pieceEnd),
})

/** The fields of a header block as `SearchText` has them. */
export function headerLines(header: Uint8Array): string[] {
  return Array.from(fieldPieces(header, 0, header.length, 'fields'), ({ name, text }) => name + fold(text))
}

/** How the lines of fields of that name begin; undefined for a name that no field can have. */
export function linePrefix(fieldName: string): string | undefined {
  const name = fold(fieldName)
  return name.includes(':') ? undefined : `${name}: `
}

const sliceLength = 128 * 1024

async function foldInTurns(text: string, pause: () => Promise<void>): Promise<string> {
  const folded: string[] = []
  let endsWithSpace = false
  for (let at = 0; at < text.length;) {
    const end = sliceEnd(text, at + sliceLength)
    const slice = fold(text.slice(at, end))
    // A long run of white space may have been cut all the same.
    folded.push(endsWithSpace && slice.startsWith(' ') ? slice.slice(1) : slice)
    if (slice !== '') endsWithSpace = slice.endsWith(' ')
    at = end
    await pause()
  }
  return folded.join('')
}

/** Slices begin with the first of some white space, where nothing is composed and no run is cut. */
function sliceEnd(text: string, from: number): number {
  const found = /\S(?=\s)/.exec(text.slice(from, from + sliceLength))
  if (found) return from + found.index + 1
  // Where there is none for so long there are no words; only a surrogate pair must stay whole.
  const end = Math.min(text.length, from + sliceLength)
  return /[\ud800-\udbff]/.test(text.charAt(end - 1)) ? end - 1 : end
}

type Texts = Record<keyof SearchText, string[]>

interface Piece {
  readonly to: keyof SearchText
  /** Of a field, with colon and space; else empty. */
  readonly name: string
  readonly text: string
}

function* pieces(message: Uint8Array, part: PartNode, headersTo: keyof SearchText): Generator<Piece> {
  yield* fieldPieces(message, part.headerStart, part.bodyStart, headersTo)
  if (isText(part)) yield { to: 'body', name: '', text: partText(message, part) }
  // An embedded message is content: its header is searched by BODY too.
  const headersOfChildren = isEmbeddedMessage(part) || headersTo === 'body' ? 'body' : 'parts'
  for (const child of part.children) yield* pieces(message, child, headersOfChildren)
}

function* fieldPieces(bytes: Uint8Array, start: number, end: number, to: keyof SearchText): Generator<Piece> {
  for (const field of headerFields(bytes, start, end))
    yield { to, name: `${fold(field.name)}: `, text: bothForms(fieldValue(bytes, field)) }
}

// Reports on delivery and reading (RFC 3464, RFC 8098) are lines for people too.
function isText(part: PartNode): boolean {
  return part.type === 'text' || (part.type === 'message' && part.children.length === 0)
}

// Encoded words are found by what they say and by what they are.
function bothForms(value: OctetString): string {
  const decoded = decodeHeaderText(value)
  return decoded === value ? value : `${decoded}\n${value}`
}

/** The text of a text part, converted from its encoding and charset; of HTML what a reader sees. */
export function partText(message: Uint8Array, part: PartNode): string {
  const raw = asBuffer(message).subarray(part.bodyStart, part.bodyEnd)
  const text = decodeCharset(decodeTransfer(raw, part.encoding) ?? raw, part.charset)
  return part.subtype === 'html' ? htmlText(text) : text
}
