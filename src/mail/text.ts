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
    : text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKC')
  return oneCase.replace(/\s+/g, ' ')
}

/** All searchable text of a message. Parts that are not text are left out; their headers, with file names, are not. */
export function searchText(message: Uint8Array, root: PartNode): SearchText {
  const header: string[] = []
  const body: string[] = []
  collect(message, root, header, body)
  return { header: fold(header.join('\n')), body: fold(body.join('\n')) }
}

/** The folded texts of every field of that name (any case) in a header block, for SEARCH HEADER, SUBJECT, FROM, ... */
export function fieldTexts(header: Uint8Array, name: string): string[] {
  const wanted = name.toLowerCase()
  return headerFields(header)
    .filter((field) => field.name === wanted)
    .map((field) => fold(bothForms(fieldValue(header, field))))
}

function collect(message: Uint8Array, part: PartNode, header: string[], body: string[]): void {
  for (const field of headerFields(message, part.headerStart, part.bodyStart)) {
    header.push(`${field.name}: ${bothForms(fieldValue(message, field))}`)
  }
  if (part.type === 'text') body.push(partText(message, part))
  // An embedded message is content: its header is searched by BODY too.
  const headerOfChildren = isEmbeddedMessage(part) ? body : header
  for (const child of part.children) collect(message, child, headerOfChildren, body)
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
