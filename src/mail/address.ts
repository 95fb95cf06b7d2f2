// Address lists (RFC 5322 §3.4 with the obsolete forms of §4.4, and what real mail does to them), one pass, never failing.
import { FieldReader } from './field-reader.ts'
import { addressesPerMessage } from './limits.ts'
import { type OctetString, asOctets } from './octets.ts'

/**
 * One address in the four members of ENVELOPE (RFC 3501 §7.4.2), not decoded. A group begins with an entry that has
 * only a `mailbox` (the group's name) and ends with one that has nothing.
 */
export interface Address {
  readonly name: OctetString | undefined
  /** Source route, `@a,@b`. */
  readonly route: OctetString | undefined
  /** Local part without quotes. */
  readonly mailbox: OctetString | undefined
  readonly domain: OctetString | undefined
}

// What stands for parts that an address lacks. An absent domain cannot be NIL, because NIL means a group.
const missingMailbox = asOctets('MISSING_MAILBOX')
const missingDomain = asOctets('MISSING_DOMAIN')
const syntaxError = asOctets('SYNTAX_ERROR')
const groupEnd: Address = { name: undefined, route: undefined, mailbox: undefined, domain: undefined }

// Everything that is not a delimiter of this grammar counts as part of an atom.
const atomRun = /[^ \t\r\n"(),:;<>@[]+/y
const domainRun = /[^ \t\r\n"(),:;<>@[.]+/y
const literalRun = /\[(?:[^\]\\]|\\.)*\]?/sy

/** The addresses of a field's value, in order, at most `limit`. Separators may be doubled or be semicolons. */
export function parseAddresses(value: OctetString, limit: number = addressesPerMessage): Address[] {
  const reader = new FieldReader(value)
  const found: Address[] = []
  let isInGroup = false
  while (found.length < limit) {
    reader.lastComment = undefined
    reader.skipSpace()
    if (reader.isAtEnd) break
    if (reader.accept(',')) continue
    if (reader.accept(';')) {
      if (isInGroup) found.push(groupEnd)
      isInGroup = false
      continue
    }
    const words = phrase(reader)
    if (words.length > 0 && !isInGroup && reader.accept(':')) {
      found.push({ ...groupEnd, mailbox: asOctets(joinWords(words)) })
      isInGroup = true
      continue
    }
    if (words.length > 0 || reader.next === '<' || reader.next === '@') found.push(mailbox(reader, words))
    skipToSeparator(reader)
  }
  if (isInGroup) found.push(groupEnd)
  return found
}

interface Word {
  readonly text: string
  readonly isQuoted: boolean
  /** White space or a comment stands before it. */
  readonly isApart: boolean
}

function phrase(reader: FieldReader): Word[] {
  const words: Word[] = []
  for (;;) {
    const isApart = reader.skipSpace()
    if (reader.next === '"') words.push({ text: reader.quoted(), isQuoted: true, isApart })
    else {
      const text = reader.run(atomRun) || reader.run(literalRun)
      if (text === '') return words
      words.push({ text, isQuoted: false, isApart })
    }
  }
}

function joinWords(words: readonly Word[]): string {
  return words.map((word) => word.text).join(' ')
}

// The words of a local part: together, but for blanks that nothing in the grammar explains.
function joinLocal(words: readonly Word[]): string {
  let text = ''
  for (const word of words) {
    const isLoose = word.isApart && text !== '' && !text.endsWith('.') && !word.text.startsWith('.')
    text += (isLoose ? ' ' : '') + word.text
  }
  return text
}

function nameOf(words: readonly Word[]): OctetString | undefined {
  const name = joinWords(words)
  return name === '' ? undefined : asOctets(name)
}

// mailbox = name-addr / addr-spec; `words` are what was read up to the delimiter that is next.
function mailbox(reader: FieldReader, words: readonly Word[]): Address {
  if (reader.accept('<')) return angleAddress(reader, nameOf(words))
  if (reader.accept('@')) return addressSpec(reader, words)
  const comment = reader.lastComment
  const [word] = words
  // One bare word is a mailbox of this site; several, or a quoted one, are a name without an address.
  if (words.length === 1 && word && !word.isQuoted) {
    return {
      name: commentName(comment),
      route: undefined,
      mailbox: asOctets(word.text),
      domain: missingDomain,
    }
  }
  return {
    name: nameOf(words) ?? commentName(comment),
    route: undefined,
    mailbox: missingMailbox,
    domain: missingDomain,
  }
}

// local-part "@" domain, with a display name before it (not allowed, but seen) or in a comment behind it.
function addressSpec(reader: FieldReader, words: readonly Word[]): Address {
  reader.lastComment = undefined
  const start = localPartStart(words)
  const local = joinLocal(words.slice(start))
  const domain = readDomain(reader)
  reader.skipSpace()
  if (reader.accept('<')) {
    // `a@example.org <a@example.org>`: an unquoted address used as a display name.
    return angleAddress(reader, asOctets(`${joinWords(words)}@${domain}`))
  }
  return {
    name: nameOf(words.slice(0, start)) ?? commentName(reader.lastComment),
    route: undefined,
    mailbox: start < words.length ? asOctets(local) : missingMailbox,
    domain: domain === '' ? missingDomain : domain,
  }
}

// obs-local-part = word *("." word), where white space may stand round the dots but not elsewhere.
function localPartStart(words: readonly Word[]): number {
  let start = words.length - 1
  for (; start > 0; start--) {
    const before = words[start - 1]
    const word = words[start]
    if (!before || !word) break
    const isDotted =
      (!before.isQuoted && before.text.endsWith('.')) || (!word.isQuoted && word.text.startsWith('.'))
    if (word.isApart && !isDotted) break
  }
  return Math.max(start, 0)
}

function commentName(comment: string | undefined): OctetString | undefined {
  return comment === undefined || comment === '' ? undefined : asOctets(comment)
}

// domain = dot-atom / domain-literal / obs-domain; "" when there is none.
function readDomain(reader: FieldReader): OctetString {
  let domain = ''
  for (;;) {
    reader.skipSpace()
    if (reader.accept('.')) domain += '.'
    else if (domain === '' || domain.endsWith('.')) {
      const label = reader.run(domainRun) || reader.run(literalRun)
      if (label === '') return asOctets(domain)
      domain += label
    } else return asOctets(domain)
  }
}

// angle-addr = "<" [obs-route] addr-spec ">"; the "<" is taken. The ">" may be missing.
function angleAddress(reader: FieldReader, name: OctetString | undefined): Address {
  const route = readRoute(reader)
  const words = phrase(reader)
  const local = joinLocal(words)
  let domain: OctetString = missingDomain
  if (reader.accept('@')) domain = readDomain(reader)
  reader.skipSpace()
  const isWhole = reader.accept('>') || reader.isAtEnd || reader.next === ',' || reader.next === ';'
  return {
    name,
    route: route === '' ? undefined : asOctets(route),
    mailbox: words.length > 0 ? asOctets(local) : missingMailbox,
    domain: !isWhole ? syntaxError : domain === '' ? missingDomain : domain,
  }
}

// obs-route = obs-domain-list ":"; obs-domain-list = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain])
function readRoute(reader: FieldReader): string {
  const hops: string[] = []
  for (;;) {
    reader.skipSpace()
    if (reader.accept('@')) hops.push(`@${readDomain(reader)}`)
    else if (hops.length === 0 || !reader.accept(',')) break
  }
  reader.accept(':')
  return hops.join(',')
}

// Behind a whole address only a separator may stand; anything else is passed over.
function skipToSeparator(reader: FieldReader): void {
  for (;;) {
    reader.skipSpace()
    if (reader.isAtEnd || reader.next === ',' || reader.next === ';') return
    if (reader.next === '"') reader.quoted()
    else reader.at += 1
  }
}
