// What delivery keeps ready of a message, so that FETCH neither parses nor formats.
import { structuresOf } from './bodystructure.ts'
import { dayOf, parseMessageDate, type ZonedDate } from './date.ts'
import { type AddressBudget, envelopeText } from './envelope.ts'
import { fieldValue, type HeaderField, headerFields } from './header.ts'
import { addressesPerMessage } from './limits.ts'
import { parseParts } from './parse-parts.ts'
import { encodeTree } from './tree-codec.ts'
import { wireBytes } from './wire.ts'

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
  const root = parseParts(message)
  const budget: AddressBudget = { left: addressesPerMessage }
  const envelope = wireBytes(envelopeText(message, root.header, budget))
  const sent = sentDateIn(message, root.header)
  return {
    sizeBytes: message.length,
    envelope,
    ...structuresOf(message, root, budget),
    tree: encodeTree(root),
    header: message.subarray(0, root.bodyStart),
    ...(sent ? { sentDate: sent.epochMs, sentDay: dayOf(sent) } : {}),
  }
}

/** The Date field of a header block, for SENTON and its like; of several the last, as in ENVELOPE. */
export function sentDateOf(header: Uint8Array): ZonedDate | undefined {
  return sentDateIn(header, headerFields(header))
}

function sentDateIn(bytes: Uint8Array, fields: readonly HeaderField[]): ZonedDate | undefined {
  const field = fields.findLast(({ name }) => name === 'date')
  return field && parseMessageDate(fieldValue(bytes, field))
}
