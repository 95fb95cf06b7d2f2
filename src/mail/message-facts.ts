// What SORT, THREAD and THREADID need of a message's header, decoded and ready to be compared (RFC 5256, 5957, 8474).
import { type Address, parseAddresses } from './address.ts'
import { baseSubject } from './base-subject.ts'
import { collationKey } from './collation.ts'
import { parseSentDate } from './date.ts'
import { decodeHeaderText } from './encoded-word.ts'
import { fieldValue, type HeaderField, headerFields } from './header.ts'
import { messageIds } from './message-ids.ts'
import { asOctets, type OctetString } from './octets.ts'

/**
 * Immutable. Keys are made by `collationKey` and compared by `compareKeys`; a key that the message gives no ground for is
 * empty. The size of everything is bounded, whatever the header: see the limits below.
 */
export interface MessageFacts {
  /**
   * Sent date (RFC 5256 §2.2): milliseconds since 1970 in UTC. Undefined when the message has no date that can be read: then
   * the caller takes INTERNALDATE.
   */
  readonly sentDate: number | undefined
  /** Key of the base subject (RFC 5256 §2.1), at most 500 characters. */
  readonly subject: string
  /** The subject says that the message answers or forwards another one (RFC 5256 §3). */
  readonly isReplyOrForward: boolean
  /** Keys of the mailbox (local part) of the first address, or of a group's name; at most 120 characters each. */
  readonly from: string
  readonly to: string
  readonly cc: string
  /** Keys of the first address as it is shown (RFC 5957 §3): its name, else `local@domain`; at most 120 characters each. */
  readonly displayFrom: string
  readonly displayTo: string
  /** Message-ID, normalised (`message-ids.ts`), one character an octet, at most 500. */
  readonly messageId: string | undefined
  /**
   * Ancestors, oldest first: References, or else the first identifier of In-Reply-To (RFC 5256 §3, REFERENCES, step 1). Of too
   * many (100, or 6,000 characters together) the first and the last are kept.
   */
  readonly references: readonly string[]
}

const subjectLength = 500
const addressLength = 120
const referenceCount = 100
const referencesLength = 6000
/** Octets of a subject or an address field that are decoded. */
const decodedOctets = 8 * 1024

/** From a header block, as `MessageParts.header()` gives it. Never throws; linear in its size. */
export function messageFacts(header: Uint8Array): MessageFacts {
  const fields = headerFields(header)
  // As in ENVELOPE: of a text that stands twice the last counts, of addresses the first that is there.
  const text = (name: string): OctetString => {
    const field = fields.findLast((candidate) => candidate.name === name)
    return field ? fieldValue(header, field) : asOctets('')
  }
  const subject = baseSubject(decodeHeaderText(start(text('subject'))))
  const from = firstAddress(header, fields, 'from')
  const to = firstAddress(header, fields, 'to')
  const references = messageIds(text('references'))
  return {
    sentDate: parseSentDate(text('date'))?.epochMs,
    subject: key(subject.text, subjectLength),
    isReplyOrForward: subject.isReplyOrForward,
    from: mailboxKey(from),
    to: mailboxKey(to),
    cc: mailboxKey(firstAddress(header, fields, 'cc')),
    displayFrom: displayKey(from),
    displayTo: displayKey(to),
    messageId: messageIds(text('message-id'))[0],
    references: references.length > 0 ? bounded(references) : messageIds(text('in-reply-to')).slice(0, 1),
  }
}

function start(value: OctetString): OctetString {
  return asOctets(value.slice(0, decodedOctets))
}

function key(text: string, length: number): string {
  const whole = collationKey(text)
  const cut = whole.slice(0, length)
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut
}

function firstAddress(header: Uint8Array, fields: readonly HeaderField[], name: string): Address | undefined {
  for (const field of fields) {
    if (field.name !== name) continue
    const [address] = parseAddresses(start(fieldValue(header, field)), 1)
    if (address) return address
  }
  return undefined
}

/** What stands in an ENVELOPE for a part that is not there says nothing here. */
const isMissing = (part: string | undefined): boolean => part === undefined || /^MISSING_|^SYNTAX_/.test(part)

function mailboxKey(address: Address | undefined): string {
  return !address || isMissing(address.mailbox) ? '' : shownKey(address.mailbox)
}

// RFC 5957 §3: the group's name, or the display name, or the address.
function displayKey(address: Address | undefined): string {
  if (!address) return ''
  const name = shownKey(address.name)
  if (name !== '' || isMissing(address.mailbox)) return name
  const { mailbox = '', domain } = address
  return isMissing(domain) ? shownKey(mailbox) : shownKey(`${mailbox}@${domain ?? ''}`)
}

function shownKey(octets: string | undefined): string {
  return key(decodeHeaderText(asOctets(octets ?? '')).trim(), addressLength)
}

function bounded(references: readonly OctetString[]): OctetString[] {
  const [oldest = asOctets('')] = references
  let room = referencesLength - oldest.length
  const kept: OctetString[] = []
  for (let index = references.length - 1; index > 0 && kept.length < referenceCount - 1; index -= 1) {
    const id = references[index] ?? asOctets('')
    room -= id.length
    if (room < 0) break
    kept.push(id)
  }
  return [oldest, ...kept.reverse()]
}
