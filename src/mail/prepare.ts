// What delivery keeps ready of a message, so that FETCH neither parses nor formats.

export interface PreparedMessage {
  /** RFC822.SIZE. */
  readonly sizeBytes: number
  /** ENVELOPE as IMAP wire bytes, from "(" to ")". */
  readonly envelope: Buffer
  /** BODY (without extension data) as IMAP wire bytes. */
  readonly body: Buffer
  /** BODYSTRUCTURE as IMAP wire bytes. */
  readonly bodyStructure: Buffer
  /** The MIME tree, for `decodeTree`. */
  readonly tree: Buffer
  /** The header block as it stands, with its blank line; a view on the message, not a copy. */
  readonly header: Buffer
  /** The moment of the Date field, in milliseconds since 1970; absent when there is none that can be read. */
  readonly sentDate?: number
  /** The calendar day as written in the Date field, its zone disregarded (RFC 3501 §6.4.4 SENTON), in days since 1970. */
  readonly sentDay?: number
}

/** Takes the message in its stored form (`normalise.ts`). Never throws on content; linear in its size. */
export function prepareMessage(message: Buffer): PreparedMessage {
  throw new Error(String(message.length))
}
