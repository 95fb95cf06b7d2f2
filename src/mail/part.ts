// A part of a message: its offsets, its type, and what BODYSTRUCTURE says of it. The tree is made by `parse-parts.ts`.
import { type ContentType, parameterValue, parseContentType, parseEncoding } from './content-type.ts'
import type { HeaderField } from './header.ts'
import { tokenBytes } from './limits.ts'
import { type OctetString, asOctets } from './octets.ts'

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
  /** Undefined when the message does not say, or says something that is not a media type. */
  readonly contentType: ContentType | undefined
  /** Where the fields of its header are, as far as `limits.ts` has them read. */
  readonly header: readonly HeaderField[]
  /** Unfolded values of the Content- fields by lower-case name; of repeated ones the first. */
  readonly fields: ReadonlyMap<string, OctetString>
}

/** True for a part whose one child is the message embedded in it. */
export function isEmbeddedMessage(part: PartNode): boolean {
  return part.type === 'message' && part.subtype === 'rfc822'
}

/** A part while its end is not known. */
export type GrowingPart = { -readonly [Key in keyof Part]: Part[Key] } & { children: GrowingPart[] }

/** A part as its Content- fields describe it, its offsets still zero. `parent` matters for multipart/digest. */
export function describePart(
  fields: ReadonlyMap<string, OctetString>,
  parent: PartNode | undefined,
): GrowingPart {
  const typeField = fields.get('content-type')
  const contentType = typeField === undefined ? undefined : parseContentType(typeField)
  // RFC 2046 §5.1.5: inside multipart/digest the default is message/rfc822.
  const isDigested = typeField === undefined && parent?.type === 'multipart' && parent.subtype === 'digest'
  const [defaultType, defaultSubtype] = isDigested ? ['message', 'rfc822'] : ['text', 'plain']
  const type = contentType?.type.toLowerCase() ?? defaultType
  return {
    headerStart: 0,
    bodyStart: 0,
    bodyEnd: 0,
    bodyLines: 0,
    type,
    subtype: contentType?.subtype.toLowerCase() ?? defaultSubtype,
    encoding: encodingOf(fields),
    charset: type === 'text' ? charsetOf(contentType) : undefined,
    children: [],
    contentType,
    header: [],
    fields,
  }
}

function encodingOf(fields: ReadonlyMap<string, OctetString>): string {
  const field = fields.get('content-transfer-encoding')
  const token = field === undefined ? undefined : parseEncoding(field)
  if (token === undefined) return '7bit'
  return token.length <= tokenBytes ? token.toLowerCase() : 'x-unknown'
}

function charsetOf(contentType: ContentType | undefined): string | undefined {
  const charset = parameterValue(contentType?.parameters ?? [], 'charset')
  if (charset === undefined || charset === '' || charset.length > tokenBytes) return undefined
  return charset.toLowerCase()
}

/** Makes a part that may not be looked into one of opaque octets. */
export function makeOpaque(part: GrowingPart): void {
  part.type = 'application'
  part.subtype = 'octet-stream'
  part.contentType = {
    type: asOctets('application'),
    subtype: asOctets('octet-stream'),
    parameters: [],
  }
}

/** A multipart in which no delimiter was found gets one empty part, because BODYSTRUCTURE cannot say "none". */
export function addMissingChild(part: GrowingPart): void {
  if (part.type !== 'multipart' || part.children.length > 0) return
  const child = describePart(new Map(), undefined)
  child.headerStart = part.bodyEnd
  child.bodyStart = part.bodyEnd
  child.bodyEnd = part.bodyEnd
  part.children.push(child)
}
