// ENVELOPE as ready-made IMAP wire bytes (RFC 3501 §7.4.2, RFC 9051 §7.5.2).
import { type Address, parseAddresses } from './address.ts'
import { fieldValue, headerFields } from './header.ts'
import { type OctetString, asOctets } from './octets.ts'
import { humanString, nil, nstring, wireBytes } from './wire.ts'

const textFields = new Set(['date', 'subject', 'in-reply-to', 'message-id'])
const addressFields = new Set(['from', 'sender', 'reply-to', 'to', 'cc', 'bcc'])

/** ENVELOPE from a header block, from "(" to ")". */
export function envelopeOf(header: Uint8Array): Buffer {
  return wireBytes(envelopeText(header, 0, header.length))
}

/**
 * The same for the header block at `start` to `end`. A field that stands twice counts with its last value if it is text,
 * and with all its addresses if it is a list: no one who was written to is left out.
 */
export function envelopeText(bytes: Uint8Array, start: number, end: number): OctetString {
  const texts = new Map<string, OctetString>()
  const lists = new Map<string, Address[]>()
  for (const field of headerFields(bytes, start, end)) {
    if (textFields.has(field.name)) texts.set(field.name, fieldValue(bytes, field))
    else if (addressFields.has(field.name)) {
      const addresses = parseAddresses(fieldValue(bytes, field))
      const list = lists.get(field.name)
      lists.set(field.name, list ? list.concat(addresses) : addresses)
    }
  }
  const subject = texts.get('subject')
  const from = addressList(lists.get('from'))
  // RFC 3501 §7.4.2: Sender and Reply-To that are absent or empty are those of From.
  const orFrom = (list: Address[] | undefined): string => (list?.length ? addressList(list) : from)
  const members = [
    nstring(texts.get('date')),
    subject === undefined ? nil : humanString(subject),
    from,
    orFrom(lists.get('sender')),
    orFrom(lists.get('reply-to')),
    addressList(lists.get('to')),
    addressList(lists.get('cc')),
    addressList(lists.get('bcc')),
    nstring(texts.get('in-reply-to')),
    nstring(texts.get('message-id')),
  ]
  return asOctets(`(${members.join(' ')})`)
}

function addressList(list: readonly Address[] | undefined): string {
  return list?.length ? `(${list.map(address).join('')})` : nil
}

function address({ name, route, mailbox, domain }: Address): string {
  const shown = name === undefined ? nil : humanString(name)
  return `(${shown} ${nstring(route)} ${nstring(mailbox)} ${nstring(domain)})`
}
