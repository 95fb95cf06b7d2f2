// One whole response of the server to what it says. A new kind of data is one more row of `data`, or of `numbered`.
import { body, envelope, messageItems, type Fetched } from './message-items.ts'
import { esearch, listed, search, statusOf, threads, vanished } from './mailbox-data.ts'
import { Scan } from './scan.ts'
import { respText, type Code } from './status-line.ts'

/** What was heard; `data` has the value that its row reads. */
export type Heard =
  | {
      readonly kind: 'tagged'
      readonly tag: string
      readonly status: string
      readonly code: Code | undefined
    }
  | { readonly kind: 'continuation' }
  | { readonly kind: 'status'; readonly status: string; readonly code: Code | undefined }
  | { readonly kind: 'data'; readonly name: string; readonly value: unknown }
  | {
      readonly kind: 'numbered'
      readonly name: string
      readonly number: number
      readonly value: Fetched | undefined
    }

type Reader = (scan: Scan) => unknown

function capabilities(scan: Scan): string[] {
  const names: string[] = []
  while (scan.try(' ')) names.push(scan.atom().toUpperCase())
  return names
}

function behindSpace(read: Reader): Reader {
  return (scan) => {
    scan.space()
    return read(scan)
  }
}

// namespace = nil / "(" 1*namespace-descr ")"
function namespaces(scan: Scan): void {
  for (let which = 0; which < 3; which += 1) {
    scan.space()
    if (scan.try('NIL')) continue
    scan.token('(')
    do {
      scan.token('(')
      scan.string()
      scan.space()
      scan.nilOr(() => scan.quoted())
      while (scan.try(' ')) {
        scan.string()
        scan.space()
        scan.list(() => scan.string(), 1)
      }
      scan.token(')')
    } while (!scan.try(')'))
  }
}

// RFC 2971 §3: at most 30 fields, names of at most 30 octets and values of at most 1024
function id(scan: Scan): void {
  scan.nilOr(() => {
    const fields = scan.list(() => {
      if (scan.string().length > 30) scan.fail('the name is too long')
      scan.space()
      if ((scan.nstring() ?? '').length > 1024) scan.fail('the value is too long')
    }, 1)
    if (fields.length > 30) scan.fail('too many fields')
  })
}

// RFC 5464 §5: entries with values in parentheses, or names alone when something has changed
function metadata(scan: Scan): void {
  scan.mailbox()
  scan.space()
  if (scan.isNext('(')) {
    scan.list(() => {
      entry(scan)
      scan.space()
      if (scan.isLiteral()) scan.literal(true)
      else scan.nstring()
    }, 1)
  } else {
    do entry(scan)
    while (scan.try(' '))
  }
}

function entry(scan: Scan): void {
  const name = scan.astring()
  if (!/^\/(private|shared)\/[^*%]*[^*%/]$/i.test(name) || name.includes('//')) scan.fail('not an entry name')
}

// RFC 9208 §5: quota-list = "(" quota-resource *(SP quota-resource) ")"
function quota(scan: Scan): void {
  scan.astring()
  scan.space()
  scan.list(() => {
    scan.atom()
    scan.space()
    scan.number63()
    scan.space()
    scan.number63()
  })
}

function quotaRoot(scan: Scan): void {
  scan.mailbox()
  while (scan.try(' ')) scan.astring()
}

/** What stands behind `* NAME`. */
const data: Readonly<Record<string, Reader>> = {
  CAPABILITY: capabilities,
  ENABLED: capabilities,
  ESEARCH: esearch,
  FLAGS: behindSpace((scan) => scan.list(() => scan.flag())),
  ID: behindSpace(id),
  LIST: behindSpace((scan) => listed(scan, true)),
  LSUB: behindSpace((scan) => listed(scan, false)),
  METADATA: behindSpace(metadata),
  NAMESPACE: namespaces,
  QUOTA: behindSpace(quota),
  QUOTAROOT: behindSpace(quotaRoot),
  SEARCH: search,
  SORT: search,
  STATUS: behindSpace(statusOf),
  THREAD: threads,
  VANISHED: behindSpace(vanished),
}

/** What stands behind `* NUMBER NAME`. */
const numbered: Readonly<Record<string, (scan: Scan) => Fetched | undefined>> = {
  EXISTS: () => undefined,
  RECENT: () => undefined,
  EXPUNGE: () => undefined,
  FETCH: (scan) => {
    scan.space()
    return messageItems(scan)
  },
}

/** Reads one response, its last CRLF left out. Throws GrammarError. */
export function readResponse(bytes: Buffer, isUtf8: boolean): Heard {
  const scan = new Scan(bytes, isUtf8)
  const heard = read(scan)
  scan.end()
  return heard
}

function read(scan: Scan): Heard {
  if (scan.try('+')) {
    // continue-req = "+" SP (resp-text / base64): the space is never left out
    scan.space()
    if (!/^[\x20-\x7e]*$/.test(scan.rest())) scan.fail('the text must be printable')
    return { kind: 'continuation' }
  }
  if (!scan.try('* ')) {
    const tag = scan.run(/[^\x00-\x20\x7f-\xff(){%*"\\+]/, 'a tag')
    scan.space()
    const status = scan.atom()
    if (!/^(OK|NO|BAD)$/.test(status)) scan.fail('not a tagged status')
    scan.space()
    return { kind: 'tagged', tag, status, code: respText(scan) }
  }
  if (/[0-9]/.test(scan.text.charAt(scan.offset))) {
    const number = scan.number()
    scan.space()
    const name = scan.atom()
    const reader = Object.hasOwn(numbered, name) ? numbered[name] : undefined
    if (!reader) return scan.fail('unknown response: add it to `numbered`')
    if (number === 0 && (name === 'FETCH' || name === 'EXPUNGE')) scan.fail('no message has the number 0')
    return { kind: 'numbered', name, number, value: reader(scan) }
  }
  const name = scan.atom()
  if (/^(OK|NO|BAD|BYE|PREAUTH)$/.test(name)) {
    scan.space()
    return { kind: 'status', status: name, code: respText(scan) }
  }
  const reader = Object.hasOwn(data, name) ? data[name] : undefined
  if (!reader) return scan.fail('unknown response: add it to `data`')
  return { kind: 'data', name, value: reader(scan) }
}

/** For tests of ready-made bytes: a whole ENVELOPE, or BODYSTRUCTURE. Throws GrammarError. */
export function checkReadyMade(kind: 'envelope' | 'bodystructure', bytes: Buffer): void {
  const scan = new Scan(bytes, false)
  if (kind === 'envelope') envelope(scan)
  else body(scan, true)
  scan.end()
}
