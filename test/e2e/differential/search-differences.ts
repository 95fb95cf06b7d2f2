// Where Letterlock and Dovecot are known to find different messages, and why Letterlock's answer stays as it is.
import { repeats, type KnownDifference } from './differences.ts'
import type { Difference } from './fetch-comparison.ts'

export const knownSearchDifferences: readonly KnownDifference[] = [
  {
    what: 'the day of INTERNALDATE is the one written in it, not that of the server’s zone',
    because: 'RFC 3501 §6.4.4: "internal date (disregarding time and timezone)"',
    matches: ({ item }) => /^SEARCH (?:ON|BEFORE|SINCE) /.test(item),
  },
  {
    what: 'a message without a readable Date field was sent on no day',
    because: 'RFC 3501 §6.4.4: SENTBEFORE finds messages "whose [RFC-2822] Date: header ... is earlier"',
    matches: (difference, message) =>
      /^SEARCH SENTBEFORE /.test(difference.item) && isTheirs(difference) && sentDays(message).length === 0,
  },
  {
    what: 'of two Date fields the last counts, as in ENVELOPE',
    because: 'RFC 5322 §3.6 allows one: which of two counts is not said',
    matches: ({ item }, message) => /^SEARCH SENT/.test(item) && repeats(message, 'date'),
  },
  {
    what: 'ss finds a sharp s, and a sharp s finds SS',
    because: 'RFC 3501 §6.4.4: "The matching is case-insensitive"; SS is the upper case of a sharp s',
    matches: (difference) => isOurs(difference) && /ss|ß/i.test(difference.item),
  },
  {
    what: 'an address field is searched as it was written, also where no address can be read from it',
    because: 'RFC 3501 §6.4.4: CC finds "the specified string in the envelope structure’s CC field"',
    matches: (difference) => isOurs(difference) && difference.of === '022-bad-addresses.eml',
  },
  {
    what: 'the header of an embedded message is part of the body it is in',
    because: 'RFC 3501 §6.4.4: BODY finds "the specified string in the body of the message"',
    matches: (difference, message) =>
      isOurs(difference) &&
      / BODY /.test(difference.item) &&
      /message\/rfc822|multipart\/digest/i.test(message),
  },
  {
    what: 'HTML is searched as it is read: no tags, links and comments',
    because: 'RFC 3501 §6.4.4 leaves open what is searched of a part that is not plain text',
    matches: ({ item }, message) => / (?:BODY|TEXT) /.test(item) && /text\/html/i.test(message),
  },
  {
    what: 'a line end is as good as a space',
    because:
      'RFC 5322 §2.2.3: a folded field is one line; who looks for two words does not know where lines end',
    matches: (difference) => isOurs(difference) && /"\S+ .*"$/.test(difference.item),
  },
  {
    what: 'a part in an encoding that nobody knows is searched as it stands',
    because: 'RFC 3501 §6.4.4: BODY finds "the specified string in the body of the message"',
    matches: (difference, message) => isOurs(difference) && /x-unknown/.test(message),
  },
  {
    what: 'a part whose Content-Type cannot be read is text, and searched',
    because:
      'RFC 2045 §5.2: text/plain; charset=us-ascii is assumed for a syntactically invalid Content-Type',
    matches: (difference, message) =>
      isOurs(difference) && /content-type: *text *(?:\/ *\r|;)/i.test(message),
  },
  {
    what: 'of two fields that say what a part is, or how it is encoded, the first counts',
    because: 'RFC 2045 §3 allows each of these fields once: which of two counts is not said',
    matches: ({ of }, message) =>
      repeats(message, 'content-transfer-encoding') ||
      (of.startsWith('made-') && repeats(message, 'content-type')),
  },
  {
    what: 'a date in the order of asctime, or with a year such as 0102, is read',
    because: 'RFC 5322 §4.3 has readers accept more than writers may write; which day is meant is plain',
    isOfRealMail: true,
    matches: ({ of, item }, message) =>
      /^SEARCH SENT/.test(item) && (of.startsWith('spam-1/00406.') || /^Date:.* 0102 /m.test(message)),
  },
  {
    what: 'an encoded word is found by what it is, too',
    because: 'RFC 2047 §8 and RFC 3501 §6.4.4 do not say which form is searched: both are',
    isOfRealMail: true,
    matches: (difference, message) =>
      isOurs(difference) && / SUBJECT "AB"/.test(difference.item) && /^Subject:.*=AB/m.test(message),
  },
  {
    what: 'octets that ISO-8859-1 does not have are read as windows-1252',
    because: 'RFC 3501 §6.4.4 leaves open how text in a wrong charset is read; this is how browsers read it',
    isOfRealMail: true,
    matches: (difference, message) =>
      isOurs(difference) && /"€"/.test(difference.item) && /\x80|=80/.test(message),
  },
  {
    what: 'parts behind boundaries of more than 70 characters',
    because: 'RFC 2046 §5.1.1: a boundary has at most 70 characters',
    isOfRealMail: true,
    matches: ({ of }) => of === 'mail-parser_malformed_016.eml',
  },
]

const isOurs = ({ ours }: Difference): boolean => ours === 'found'
const isTheirs = ({ ours }: Difference): boolean => ours !== 'found'

function sentDays(message: string): string[] {
  const header = message.split('\r\n\r\n', 1)[0] ?? ''
  return [...`\r\n${header}`.matchAll(/\r\ndate:(.*)/gi)]
    .map((found) => found[1]?.trim() ?? '')
    .filter((text) => !Number.isNaN(Date.parse(text)))
}
