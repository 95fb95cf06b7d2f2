// ENVELOPE in IMAP wire form (RFC 3501 §7.4.2, RFC 9051 §7.5.2).
import { type Address, parseAddresses } from './address.ts'
import { fieldValue, type HeaderField } from './header.ts'
import { type OctetString, asOctets } from './octets.ts'
import { humanString, nil, nstring } from './wire.ts'

const textFields = new Set(['date', 'subject', 'in-reply-to', 'message-id'])
const addressFields = new Set(['from', 'sender', 'reply-to', 'to', 'cc', 'bcc'])

/** How many addresses may still be written; shared by the envelopes of one message. */
export interface AddressBudget {
  left: number
}

/**
 * ENVELOPE from the fields of a header, from "(" to ")". `bytes` is what the fields were found in. A field that stands
 * twice counts with its last value if it is text, and with all its addresses if it is a list: no one who was written to is
 * left out.
 */
export function envelopeText(
  bytes: Uint8Array,
  fields: readonly HeaderField[],
  budget: AddressBudget,
): OctetString {
  const texts = new Map<string, OctetString>()
  const lists = new Map<string, Address[]>()
  for (const field of fields) {
    if (textFields.has(field.name)) texts.set(field.name, fieldValue(bytes, field))
    else if (addressFields.has(field.name) && budget.left > 0) {
      const addresses = parseAddresses(fieldValue(bytes, field), budget.left)
      budget.left -= addresses.length
      const list = lists.get(field.name)
      if (list) list.push(...addresses)
      else lists.set(field.name, addresses)
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
