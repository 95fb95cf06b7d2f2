// Where Letterlock and Dovecot are known to answer BINARY differently, and why Letterlock's answer stays as it is.
import { repeats, type KnownDifference } from './differences.ts'

export const knownBinaryDifferences: readonly KnownDifference[] = [
  {
    what: 'of two fields that say how a part is encoded, the first counts',
    because: 'RFC 2045 §3 allows each of these fields once: which of two counts is not said',
    matches: ({ item, ours, theirs }, message) =>
      item.startsWith('BINARY') &&
      [ours, theirs].every((side) => !side.startsWith('NO')) &&
      repeats(message, 'content-transfer-encoding'),
  },
  {
    what: 'a part that can be decoded is, though another part of the message has an encoding that nobody knows',
    because: 'RFC 3516 §4.3: UNKNOWN-CTE is for when the server cannot decode "the section"',
    matches: ({ ours, theirs }, message) =>
      ours === 'OK' &&
      theirs === 'NO [UNKNOWN-CTE]' &&
      /^content-transfer-encoding:\s*(?!(?:7bit|8bit|binary|base64|quoted-printable)\b)\S/im.test(message),
  },
  {
    what: 'of a part that is not well encoded, what can be decoded is given, and other parts of the message are too',
    because: 'RFC 2045 §6.7 (1), §6.8: what does not belong into the encoding is left in or passed over',
    matches: ({ ours, theirs }) => ours === 'OK' && theirs === 'NO [PARSE]',
  },
  {
    what: 'BINARY.SIZE is the number of octets that BINARY gives',
    because:
      'RFC 3516 §4.2: it is the decoded size of the section; Dovecot gives 5,165 octets and says 3,616',
    isOfRealMail: true,
    matches: ({ of, item }) => of.startsWith('spam-1/00219.') && item === 'BINARY.SIZE[1]',
  },
  {
    what: 'what Dovecot does not survive is answered',
    because: 'its process ends with an assertion of its own: there is nothing to compare with',
    isSeldom: true,
    matches: ({ ours, theirs }) => ours === 'OK' && theirs === 'connection lost',
  },
]
