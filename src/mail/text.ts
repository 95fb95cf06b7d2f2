// The searchable text of a message, for SEARCH (RFC 3501 §6.4.4): decoded, case-folded, never on the path of FETCH.
import type { PartNode } from './part.ts'

export interface SearchText {
  /** Header fields, decoded and folded. With `body` it is what TEXT searches. */
  readonly header: string
  /** What BODY searches, folded. */
  readonly body: string
}

/** Text for a substring search that ignores case. Apply it to the query as well. */
export function fold(text: string): string {
  throw new Error(text)
}

/** All searchable text of a message. */
export function searchText(message: Uint8Array, root: PartNode): SearchText {
  throw new Error(String(message.length) + String(root.bodyEnd))
}

/** The folded texts of every field of that name (any case) in a header block, for SEARCH HEADER, SUBJECT, FROM, ... */
export function fieldTexts(header: Uint8Array, name: string): string[] {
  throw new Error(String(header.length) + name)
}
