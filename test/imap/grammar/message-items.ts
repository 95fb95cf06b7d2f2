// ENVELOPE, BODY and BODYSTRUCTURE in full, and the other items of a FETCH response. A new item is one more row of `items`.
import type { Scan } from './scan.ts'

/** What the session's rules need to know of a FETCH response. */
export interface Fetched {
  uid?: number
  flags?: readonly string[]
  modSeq?: bigint
  readonly names: string[]
}

const maxDepth = 1000

// address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
function address(scan: Scan): void {
  scan.token('(')
  for (let part = 0; part < 4; part += 1) {
    if (part > 0) scan.space()
    scan.nstring()
  }
  scan.token(')')
}

// env-from = "(" 1*address ")" / nil: no space between addresses
function addresses(scan: Scan): void {
  if (scan.try('NIL')) return
  scan.token('(')
  do address(scan)
  while (!scan.try(')'))
}

/** envelope = "(" date subject from sender reply-to to cc bcc in-reply-to message-id ")". */
export function envelope(scan: Scan): void {
  scan.token('(')
  scan.nstring()
  scan.space()
  scan.nstring()
  for (let field = 0; field < 6; field += 1) {
    scan.space()
    addresses(scan)
  }
  scan.space()
  scan.nstring()
  scan.space()
  scan.nstring()
  scan.token(')')
}

// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
function parameters(scan: Scan): void {
  scan.nilOr(() =>
    scan.list(() => {
      scan.string()
      scan.space()
      scan.string()
    }, 1),
  )
}

function disposition(scan: Scan): void {
  scan.nilOr(() => {
    scan.token('(')
    scan.string()
    scan.space()
    parameters(scan)
    scan.token(')')
  })
}

function language(scan: Scan): void {
  if (scan.isNext('(')) scan.list(() => scan.string(), 1)
  else scan.nstring()
}

function extension(scan: Scan): void {
  if (scan.isNext('(')) scan.list(() => extension(scan), 1)
  else if (!scan.try('NIL')) {
    if (scan.isNext('"') || scan.isLiteral()) scan.string()
    else scan.number63()
  }
}

// [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]
function commonExtension(scan: Scan): void {
  for (const read of [disposition, language, (rest: Scan) => rest.nstring()]) {
    if (!scan.try(' ')) return
    read(scan)
  }
  while (scan.try(' ')) extension(scan)
}

/** body; extension data only in BODYSTRUCTURE (RFC 3501 §7.4.2). */
export function body(scan: Scan, hasExtensions: boolean, depth = 0): void {
  if (depth > maxDepth) scan.fail('BODYSTRUCTURE is too deep')
  scan.token('(')
  if (scan.isNext('(')) {
    do body(scan, hasExtensions, depth + 1)
    while (scan.isNext('('))
    scan.space()
    scan.string()
    if (hasExtensions && scan.try(' ')) {
      parameters(scan)
      commonExtension(scan)
    }
  } else {
    onePart(scan, hasExtensions, depth)
    if (hasExtensions && scan.try(' ')) {
      scan.nstring()
      commonExtension(scan)
    }
  }
  scan.token(')')
}

function onePart(scan: Scan, hasExtensions: boolean, depth: number): void {
  const type = scan.string().toUpperCase()
  scan.space()
  const subtype = scan.string().toUpperCase()
  if (type === 'MULTIPART') scan.fail('a multipart without parts')
  scan.space()
  parameters(scan)
  scan.space()
  scan.nstring()
  scan.space()
  scan.nstring()
  scan.space()
  if (scan.string() === '') scan.fail('an encoding without a name')
  scan.space()
  scan.number()
  if (type === 'MESSAGE' && (subtype === 'RFC822' || subtype === 'GLOBAL')) {
    scan.space()
    envelope(scan)
    scan.space()
    body(scan, hasExtensions, depth + 1)
    scan.space()
    scan.number63()
  } else if (type === 'TEXT') {
    scan.space()
    scan.number63()
  }
}

// section = "[" [section-spec] "]"
function section(scan: Scan): void {
  scan.token('[')
  if (scan.try(']')) return
  let isPart = false
  while (/[0-9]/.test(scan.text.charAt(scan.offset))) {
    scan.nzNumber()
    isPart = true
    if (scan.try(']')) return
    scan.token('.')
  }
  if (scan.try('HEADER.FIELDS.NOT') || scan.try('HEADER.FIELDS')) {
    scan.space()
    scan.list(() => scan.astring(), 1)
  } else if (!scan.try('HEADER') && !scan.try('TEXT') && !(isPart && scan.try('MIME')))
    scan.fail('not a section')
  scan.token(']')
}

// section-binary = "[" [section-part] "]"
function binarySection(scan: Scan): void {
  scan.token('[')
  if (scan.try(']')) return
  do scan.nzNumber()
  while (scan.try('.'))
  scan.token(']')
}

/** As the client has asked for it, which may be beyond 32 bits since RFC 9051 (partial). */
function origin(scan: Scan): void {
  if (!scan.try('<')) return
  scan.number63()
  scan.token('>')
}

function objectId(scan: Scan): void {
  scan.token('(')
  if (scan.run(/[A-Za-z0-9_-]/, 'an object id').length > 255) scan.fail('the object id is too long')
  scan.token(')')
}

type Item = (scan: Scan, fetched: Fetched) => unknown

/** Longer names first where one begins with the other. Each reads what stands behind its name. */
const items: readonly (readonly [name: string, read: Item])[] = [
  ['BODYSTRUCTURE ', (scan) => body(scan, true)],
  ['BODY ', (scan) => body(scan, false)],
  [
    'BODY',
    (scan) => {
      section(scan)
      origin(scan)
      scan.space()
      scan.nstring()
    },
  ],
  [
    'BINARY.SIZE',
    (scan) => {
      binarySection(scan)
      scan.space()
      scan.number63()
    },
  ],
  [
    'BINARY',
    (scan) => {
      binarySection(scan)
      origin(scan)
      scan.space()
      if (scan.isLiteral()) scan.literal(true)
      else scan.nstring()
    },
  ],
  ['ENVELOPE ', envelope],
  ['FLAGS ', (scan, fetched) => (fetched.flags = scan.list(() => scan.flag()))],
  ['INTERNALDATE ', (scan) => scan.dateTime()],
  ['SAVEDATE ', (scan) => scan.nilOr(() => scan.dateTime())],
  ['RFC822.SIZE ', (scan) => scan.number63()],
  ['RFC822.HEADER ', (scan) => scan.nstring()],
  ['RFC822.TEXT ', (scan) => scan.nstring()],
  ['RFC822 ', (scan) => scan.nstring()],
  ['UID ', (scan, fetched) => (fetched.uid = scan.nzNumber())],
  [
    'MODSEQ ',
    (scan, fetched) => {
      scan.token('(')
      fetched.modSeq = scan.nzNumber63()
      scan.token(')')
    },
  ],
  ['PREVIEW ', (scan) => scan.nstring()],
  ['EMAILID ', objectId],
  ['THREADID ', (scan) => scan.nilOr(() => objectId(scan))],
]

/** msg-att = "(" (msg-att-dynamic / msg-att-static) *(SP ...) ")". */
export function messageItems(scan: Scan): Fetched {
  const fetched: Fetched = { names: [] }
  scan.list(() => {
    const item = items.find(([name]) => scan.isNext(name))
    if (!item) return scan.fail('unknown FETCH item: add it to `items`')
    scan.token(item[0])
    item[1](scan, fetched)
    fetched.names.push(item[0].trim())
  }, 1)
  return fetched
}
