// The MIME tree of a message as offsets into its bytes, found in one pass.
import type { OctetString } from './octets.ts'

/** What is kept of a part for BODY[section] and decoding: see `tree-codec.ts`. Offsets are octets from the start of the message. */
export interface PartNode {
  /** First octet of the part's header (of the message's header for the root and for an embedded message). */
  readonly headerStart: number
  /** First octet of the body: behind the blank line when there is one. */
  readonly bodyStart: number
  /** First octet behind the body; the line end before a delimiter is not of the body (RFC 2046 §5.1.1). */
  readonly bodyEnd: number
  /** Number of LF octets in the body. */
  readonly bodyLines: number
  /** Lower case; 'text' and 'plain' where the message says nothing (RFC 2045 §5.2). */
  readonly type: string
  readonly subtype: string
  /** Content-Transfer-Encoding in lower case; '7bit' where the message says nothing. */
  readonly encoding: string
  /** The charset parameter in lower case, of text parts that have one. */
  readonly charset: string | undefined
  /** Parts of a multipart (at least one); the one embedded message of a message/rfc822; else empty. */
  readonly children: readonly PartNode[]
}

/** A part with what BODYSTRUCTURE says of it, as it stands in the message. */
export interface Part extends PartNode {
  readonly children: readonly Part[]
  /** Raw values of the Content- fields, lower-case names, first one wins. */
  readonly fields: ReadonlyMap<string, OctetString>
}

/** The tree of a whole message. Never throws; time is linear in the message. */
export function parseParts(message: Uint8Array): Part {
  throw new Error(String(message.length))
}
