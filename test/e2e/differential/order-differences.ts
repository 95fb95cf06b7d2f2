// Where Letterlock and Dovecot are known to sort and thread differently, and why Letterlock's order stays as it is.
import type { KnownDifference } from './differences.ts'

/** Octets above ASCII in the message's own header. */
function hasRawOctets(message: string): boolean {
  return /[\x80-\xff]/.test(message.split('\r\n\r\n', 1)[0] ?? '')
}

const isByName = /DISPLAY|FROM|TO\b|CC/
/** Real mail with addresses that are none. */
const addressless =
  /^(?:022-bad-addresses|james-project_eml_james-3901|mail-parser_rfc_00[14]|easy-ham-1\/|spam-1\/)/

export const knownOrderDifferences: readonly KnownDifference[] = [
  {
    what: 'text in octets that are not UTF-8 is read as windows-1252, not as nothing',
    because: 'RFC 5256 §2.1 speaks of encoded words only; RFC 5322 §2.2 allows no such octets',
    isOfRealMail: true,
    matches: ({ item }, message) =>
      /SUBJECT|REFERENCES|DISPLAY|FROM|TO\b/.test(item) && hasRawOctets(message),
  },
  {
    what: 'what stands for an address and is none',
    because:
      'RFC 5256 §3 sorts by addr-mailbox, RFC 5957 by display-name: of text that is no address neither is defined',
    matches: ({ of, item }) => isByName.test(item) && addressless.test(of),
  },
  {
    what: 'a Date with a year such as 0102, a zone such as GMT+1, or in the order of asctime is read',
    because:
      'RFC 5322 §4.3: "where a two or three digit year occurs in a date, the year is to be interpreted"; RFC 5256 §2.2 takes INTERNALDATE only for what cannot be read',
    isOfRealMail: true,
    matches: ({ of, item }, message) =>
      /DATE|ORDEREDSUBJECT/.test(item) &&
      (/^Date:.*(?: 0\d{3} | GMT\+| \d{4}$)/im.test(message.replaceAll('\r', '')) ||
        // Two of such dates move around this one.
        of.startsWith('easy-ham-1/01495.')),
  },
]
