// The searchable text of a message, for SEARCH (RFC 3501 §6.4.4): decoded, case-folded, never on the path of FETCH.
import { asBuffer } from '../base/bytes.ts'
import { decodeCharset } from './charset.ts'
import { decodeHeaderText } from './encoded-word.ts'
import { fieldValue, headerFields } from './header.ts'
import { htmlText } from './html.ts'
import type { OctetString } from './octets.ts'
import { isEmbeddedMessage, type PartNode } from './part.ts'
import { decodeTransfer } from './transfer-encoding.ts'

export interface SearchText {
  /** The message's own header and the headers of its parts, folded. With `body` it is what TEXT searches. */
  readonly header: string
  /** The text parts, and embedded messages with their headers, folded. What BODY searches. */
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

/** All searchable text of a message. Parts that are not text are left out; their headers, with file names, are not. */
export function searchText(message: Uint8Array, root: PartNode): SearchText {
  const texts: Texts = { header: [], body: [] }
  for (const { to, text } of pieces(message, root, 'header')) texts[to].push(text)
  return { header: fold(texts.header.join('\n')), body: fold(texts.body.join('\n')) }
}

/** The same for long messages: `pause` is awaited between pieces of work, so that others get their turn. */
export async function searchTextInTurns(
  message: Uint8Array,
  root: PartNode,
  pause: () => Promise<void>,
): Promise<SearchText> {
  const texts: Texts = { header: [], body: [] }
  for (const { to, text } of pieces(message, root, 'header')) {
    texts[to].push(text)
    await pause()
  }
  return {
    header: await foldInTurns(texts.header.join('\n'), pause),
    body: await foldInTurns(texts.body.join('\n'), pause),
  }
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

/** The folded texts of every field of that name (any case) in a header block, for SEARCH HEADER, SUBJECT, FROM, ... */
export function fieldTexts(header: Uint8Array, name: string): string[] {
  const wanted = name.toLowerCase()
  return headerFields(header)
    .filter((field) => field.name === wanted)
    .map((field) => fold(bothForms(fieldValue(header, field))))
}

type Texts = Record<keyof SearchText, string[]>

function* pieces(
  message: Uint8Array,
  part: PartNode,
  headersTo: keyof SearchText,
): Generator<{ readonly to: keyof SearchText; readonly text: string }> {
  const fields = headerFields(message, part.headerStart, part.bodyStart).map(
    (field) => `${field.name}: ${bothForms(fieldValue(message, field))}`,
  )
  yield { to: headersTo, text: fields.join('\n') }
  if (part.type === 'text') yield { to: 'body', text: partText(message, part) }
  // An embedded message is content: its header is searched by BODY too.
  const headersOfChildren = isEmbeddedMessage(part) ? 'body' : headersTo
  for (const child of part.children) yield* pieces(message, child, headersOfChildren)
}

// Encoded words are found by what they say and by what they are.
function bothForms(value: OctetString): string {
  const decoded = decodeHeaderText(value)
  return decoded === value ? value : `${decoded}\n${value}`
}

/** The text of a text part, converted from its encoding and charset; of HTML what a reader sees. */
function partText(message: Uint8Array, part: PartNode): string {
  const raw = asBuffer(message).subarray(part.bodyStart, part.bodyEnd)
  const text = decodeCharset(decodeTransfer(raw, part.encoding) ?? raw, part.charset)
  return part.subtype === 'html' ? htmlText(text) : text
}
