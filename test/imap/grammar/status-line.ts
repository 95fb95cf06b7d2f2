// resp-text: response codes with their arguments, and the text. A new code is one more row of `codes`.
import type { Scan } from './scan.ts'

/** A response code that was sent; `value` is what its row reads. */
export interface Code {
  readonly name: string
  readonly value: unknown
}

type Arguments = (scan: Scan) => unknown

const none: Arguments = () => undefined

function number(scan: Scan): number {
  scan.space()
  return scan.nzNumber()
}

function uidsBehindValidity(sets: number): Arguments {
  return (scan) => {
    const uidValidity = number(scan)
    const counted: [number, number][][] = []
    for (let set = 0; set < sets; set += 1) {
      scan.space()
      counted.push(scan.sequenceSet())
    }
    const sizes = counted.map((ranges) => ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0))
    if (new Set(sizes).size > 1) scan.fail('sets of different length')
    return { uidValidity, sets: counted }
  }
}

function atoms(scan: Scan): string[] {
  const names: string[] = []
  while (scan.try(' ')) names.push(scan.atom())
  return names
}

function objectId(scan: Scan): void {
  scan.token(' (')
  scan.run(/[A-Za-z0-9_-]/, 'an object id')
  scan.token(')')
}

// RFC 9585 §3: ["(" quoted-or-nil SP number-or-nil SP number-or-nil ")"], progress below or at the goal
function progress(scan: Scan): void {
  if (!scan.try(' (')) return
  scan.nilOr(() => scan.quoted())
  scan.space()
  const done = scan.nilOr(() => scan.number())
  scan.space()
  const goal = scan.nilOr(() => scan.nzNumber())
  scan.token(')')
  if (goal !== undefined && (done === undefined || done > goal)) scan.fail('progress beyond its goal')
}

// RFC 5464 §4.2.1, §4.3
function metadata(scan: Scan): void {
  scan.space()
  if (scan.try('LONGENTRIES ') || scan.try('MAXSIZE ')) scan.number()
  else if (!scan.try('TOOMANY')) scan.token('NOPRIVATE')
}

const withoutArguments = [
  ...[
    'ALERT',
    'ALREADYEXISTS',
    'AUTHENTICATIONFAILED',
    'AUTHORIZATIONFAILED',
    'CANNOT',
    'CLIENTBUG',
    'CLOSED',
  ],
  ...['COMPRESSIONACTIVE', 'CONTACTADMIN', 'CORRUPTION', 'EXPIRED', 'EXPUNGEISSUED', 'HASCHILDREN', 'INUSE'],
  ...['LIMIT', 'NOMODSEQ', 'NONEXISTENT', 'NOPERM', 'NOTIFICATIONOVERFLOW', 'NOTSAVED', 'OVERQUOTA', 'PARSE'],
  ...['PRIVACYREQUIRED', 'READ-ONLY', 'READ-WRITE', 'SERVERBUG', 'TOOBIG', 'TRYCREATE', 'UIDNOTSTICKY'],
  ...['UNAVAILABLE', 'UNKNOWN-CTE', 'USEATTR'],
]

const codes: Readonly<Record<string, Arguments>> = {
  ...Object.fromEntries(withoutArguments.map((name) => [name, none])),
  APPENDUID: (scan) => {
    const uidValidity = number(scan)
    scan.space()
    return { uidValidity, sets: [scan.sequenceSet()] }
  },
  BADCHARSET: (scan) => (scan.try(' ') ? scan.list(() => scan.astring(), 1) : []),
  // RFC 5465 §5: the events that are known
  BADEVENT: (scan) => {
    scan.space()
    return scan.list(() => scan.atom(), 1)
  },
  // RFC 4469 §4
  BADURL: (scan) => {
    scan.space()
    return scan.run(/[^\]\r\n]/, 'a URL')
  },
  CAPABILITY: atoms,
  COPYUID: uidsBehindValidity(2),
  HIGHESTMODSEQ: (scan) => {
    scan.space()
    return scan.nzNumber63()
  },
  INPROGRESS: progress,
  MAILBOXID: objectId,
  METADATA: metadata,
  MODIFIED: (scan) => {
    scan.space()
    return scan.sequenceSet()
  },
  // RFC 5267 §4.3
  NOUPDATE: (scan) => {
    scan.space()
    return scan.quoted()
  },
  PERMANENTFLAGS: (scan) => {
    scan.space()
    return scan.list(() => scan.flag(true))
  },
  UIDNEXT: number,
  UIDVALIDITY: number,
  UNSEEN: number,
}

/** resp-text = ["[" resp-text-code "]" SP] text, to the end of the response. */
export function respText(scan: Scan): Code | undefined {
  let code: Code | undefined
  if (scan.try('[')) {
    const name = scan.atom().toUpperCase()
    const read = Object.hasOwn(codes, name) ? codes[name] : undefined
    if (!read) scan.fail('unknown response code: add it to `codes`')
    code = { name, value: read(scan) }
    scan.token('] ')
  }
  const text = scan.rest()
  // RFC 9051 allows UTF-8 here; nothing that this server says needs it.
  if (!/^[\x20-\x7e]+$/.test(text)) scan.fail('the text must be printable and not empty')
  return code
}
