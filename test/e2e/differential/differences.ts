// Where Letterlock and Dovecot are known to answer FETCH differently, and why Letterlock's answer stays as it is.
import type { Difference } from './fetch-comparison.ts'

/** One class of differences. A class that no longer occurs fails the test, as does a difference in no class. */
export interface KnownDifference {
  readonly what: string
  /** The rule that allows or demands our answer. */
  readonly because: string
  /** It occurs in real mail only, so that nothing is said when it does not. */
  readonly isOfRealMail?: true
  /** The other server does not do it each time, so that nothing is ever said when it does not occur. */
  readonly isSeldom?: true
  /** `message` is the whole message, as latin1. */
  readonly matches: (difference: Difference, message: string) => boolean
}

/** Both sides are strings, and theirs is ours with one line end more. */
function hasLineEndMore({ ours, theirs }: Difference): boolean {
  return textOf(theirs) === `${textOf(ours) ?? ''}\r\n` && textOf(ours) !== undefined
}

function textOf(shown: string): string | undefined {
  const value: unknown = shown.startsWith('"') ? JSON.parse(shown) : undefined
  return typeof value === 'string' ? value : undefined
}

function swapped({ of, item, ours, theirs }: Difference): Difference {
  return { of, item, ours: theirs, theirs: ours }
}

export const knownDifferences: readonly KnownDifference[] = [
  {
    what: 'a part without a body has the blank line in its header, not none at all',
    because:
      'RFC 2046 §5.1: a body part is "a header area, a blank line, and a body area"; RFC 3501 §6.4.5: the blank line is in all header fetches',
    matches: (difference, message) =>
      /^BODY\[[\d.]+\.(?:MIME|HEADER)\]$/.test(difference.item) &&
      hasLineEndMore(swapped(difference)) &&
      message.includes(`${textOf(difference.ours) ?? ''}--`),
  },
  {
    what: 'a line end before a delimiter is not part of what the delimiter ends, behind a closing delimiter neither',
    because: 'RFC 2046 §5.1.1: delimiter := CRLF "--" boundary; the CRLF belongs to the delimiter',
    matches: (difference, message) =>
      /^BODY\[[\d.]+(?:\.TEXT)?\]$/.test(difference.item) &&
      hasLineEndMore(difference) &&
      message.includes(`${textOf(difference.ours) ?? ''}\r\n--`),
  },
  {
    what: 'HEADER.FIELDS of a message without a blank line has none',
    because:
      'RFC 3501 §6.4.5: "the blank line is included in all header fetches, except in the case of a message which has no body and no blank line"',
    matches: (difference) => /HEADER\.FIELDS/.test(difference.item) && hasLineEndMore(difference),
  },
  {
    what: 'a Content-Type that cannot be read makes text/plain, not a part with no type',
    because:
      'RFC 2045 §5.2: text/plain; charset=us-ascii is assumed for a syntactically invalid Content-Type',
    matches: ({ of, item, ours, theirs }) =>
      of === '024-invalid-content-types.eml' ||
      (item === 'shape' && theirs.replaceAll(/(?<=[[ ]|^)(?:text)?\/(?=[\] ]|$)/g, 'text/plain') === ours),
  },
  {
    what: 'a parameter with no value, or with quotes that are not closed, is kept',
    because: 'RFC 2045 §5.1 has no grammar for it: nothing that the sender wrote is left out',
    matches: ({ item, ours, theirs }) =>
      / parameters$/.test(item) &&
      (ours.replace(/\b\w+=""; |\b\w+=""/g, '') === theirs ||
        (/="unclosed"$/.test(ours) && theirs === 'null')),
  },
  {
    what: 'of two fields that may stand but once, the first counts',
    because: 'RFC 2045 §3 allows each of these fields once: which of two counts is not said',
    matches: ({ item }, message) =>
      (/ disposition(?: parameters)?$/.test(item) && repeats(message, 'content-disposition')) ||
      (/ encoding$/.test(item) && repeats(message, 'content-transfer-encoding')),
  },
  {
    what: 'white space at the ends of a value is not part of it',
    because:
      'RFC 5322 §3.6.4, §2.2.3: it is CFWS around the identifier; ENVELOPE holds "the parsed representation of the header"',
    matches: ({ item, ours, theirs }) =>
      /(?:in-reply-to|message-id| id)$/.test(item) && textOf(theirs)?.trim() === textOf(ours),
  },
  {
    what: 'a CR that ends no line is not taken out',
    because: 'RFC 3501 §2.3.4: RFC822.SIZE and BODY[] are those of the message, and that was given with it',
    matches: ({ of, item }) =>
      of === '033-bare-cr.eml' && /^(?:RFC822\.SIZE$|BODY\[(?:TEXT|1)?\]|ENVELOPE subject$)/.test(item),
  },
  {
    what: 'addresses that are none are given as far as they can be read, nothing behind them is lost',
    because: 'RFC 5322 has no grammar for them; RFC 3501 §7.4.2 allows NIL and made parts',
    matches: ({ of, item }) =>
      (of === '022-bad-addresses.eml' || of.startsWith('spam-1/00096.')) && item.startsWith('ENVELOPE '),
  },
  {
    what: 'Content- fields of a message that does not call itself MIME count',
    because:
      'RFC 2045 §4: without MIME-Version a reader "may optionally choose to interpret the body" by local conventions',
    matches: ({ item, theirs }) =>
      /^BODY(?:STRUCTURE)? [\d.]+\.1 (?:id|description|language|location|md5|disposition(?: parameters)?)$/.test(
        item,
      ) && theirs === 'null',
  },
  {
    what: 'of boundaries that begin alike the one that stands there whole is meant, and longer ones are compared whole',
    because:
      'RFC 2046 §5.1.1: boundaries must not appear in what they enclose, and have at most 70 characters',
    isOfRealMail: true,
    matches: ({ of, item }) => /^mail-parser_malformed_0(?:07|16)\.eml$/.test(of) && item === 'shape',
  },
]

/** Whether a field of that name stands more than once, in any header of the message. */
export function repeats(message: string, name: string): boolean {
  return message.toLowerCase().split(`\n${name}:`).length > 2
}
