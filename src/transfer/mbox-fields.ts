// Fields that programs write into the messages of an mbox for themselves: flags, keywords, dates.
import type { Flag } from '../account/api.ts'
import { formatInternalDate, parseInternalDate, parseMessageDate, type ZonedDate } from '../mail/date.ts'
import { asOctets } from '../mail/octets.ts'

/** Last of the lines that an export puts before a message; what stands behind it is the message, octet for octet. */
const mark = 'X-Letterlock-Message'
const unterminated = '; unterminated'

/** Names in small letters. Mail that a client sends has none of them; where it has, other servers drop them as well. */
const ofTheMailbox = new Set([
  'status',
  'x-status',
  'x-keywords',
  'x-uid',
  'x-imap',
  'x-imapbase',
  'x-mozilla-status',
  'x-mozilla-status2',
  'x-mozilla-keys',
])

export interface MboxMessage {
  readonly octets: Buffer
  /** The internal date where an export of ours wrote it, else what the message says of itself. */
  readonly date: ZonedDate | undefined
  readonly isExactDate: boolean
  readonly flags: readonly Flag[]
  /** A message that c-client keeps for its own ends: no mail. */
  readonly isInternal: boolean
}

interface Field {
  /** In small letters. */
  readonly name: string
  readonly value: string
  /** With its folded lines and their ends. */
  readonly raw: Buffer
}

/** The fields of a header up to the blank line, or to a line that is no field, and where that is. */
function fieldsOf(message: Buffer): { fields: Field[]; end: number } {
  const fields: Field[] = []
  let at = 0
  while (at < message.length) {
    let next = at
    do {
      const feed = message.indexOf(10, next)
      next = feed < 0 ? message.length : feed + 1
    } while (next < message.length && (message[next] === 0x20 || message[next] === 0x09))
    const raw = message.subarray(at, next)
    const name = /^[!-9;-~]+(?=[ \t]*:)/.exec(raw.toString('latin1', 0, 200))?.[0]
    if (name === undefined) break
    const value = raw.toString('latin1', 0, 64 * 1024).slice(raw.indexOf(0x3a) + 1)
    fields.push({ name: name.toLowerCase(), value: value.replace(/\r?\n/g, '').trim(), raw })
    at = next
  }
  return { fields, end: at }
}

const statusFlags: ReadonlyMap<string, Flag> = new Map([
  ['R', '\\Seen'],
  ['A', '\\Answered'],
  ['F', '\\Flagged'],
  ['D', '\\Deleted'],
  ['T', '\\Draft'],
])
const mozillaFlags: readonly (readonly [bit: number, flag: Flag])[] = [
  [0x0001, '\\Seen'],
  [0x0002, '\\Answered'],
  [0x0004, '\\Flagged'],
  [0x0008, '\\Deleted'],
  [0x1000, '$Forwarded'],
]

function flagsOf(fields: readonly Field[]): Flag[] {
  return fields.flatMap(({ name, value }): Flag[] => {
    switch (name) {
      case 'status':
        return value.includes('R') ? ['\\Seen'] : []
      case 'x-status':
        return Array.from(value).flatMap((letter) => statusFlags.get(letter) ?? [])
      case 'x-keywords':
      case 'x-mozilla-keys':
        return value.split(/[ \t]+/).filter((word) => word !== '')
      case 'x-mozilla-status': {
        const bits = Number.parseInt(value, 16)
        return mozillaFlags.filter(([bit]) => (bits & bit) !== 0).map(([, flag]) => flag)
      }
      default:
        return []
    }
  })
}

/** Takes one `>` from lines that begin with `>From `, `>>From ` and so on. */
function unquoted(message: Buffer): Buffer {
  const parts: Buffer[] = []
  let from = 0
  for (let at = message.indexOf('From '); at >= 0; at = message.indexOf('From ', at + 5)) {
    let quote = at
    while (quote > 0 && message[quote - 1] === 0x3e) quote -= 1
    if (quote === at || (quote > 0 && message[quote - 1] !== 10)) continue
    parts.push(message.subarray(from, quote))
    from = quote + 1
  }
  return from === 0 ? message : Buffer.concat([...parts, message.subarray(from)])
}

/** A message of an mbox as it was before it was put there. */
export function readMboxMessage(
  stored: Buffer,
  layout: { readonly isQuoted: boolean; readonly hasLengths: boolean },
): MboxMessage {
  const message = layout.isQuoted ? unquoted(stored) : stored
  const { fields, end } = fieldsOf(message)
  const marked = fields.findIndex(({ name }) => name === mark.toLowerCase())
  const isOurs = marked >= 0 && fields.slice(0, marked).every(({ name }) => ofTheMailbox.has(name))
  if (isOurs) return readOurs(message, fields.slice(0, marked + 1))
  const isDropped = ({ name }: Field): boolean =>
    ofTheMailbox.has(name) || (layout.hasLengths && name === 'content-length')
  const kept = fields.filter((field) => !isDropped(field))
  const written = fields.find(({ name }) => name === 'date')?.value
  return {
    octets:
      kept.length === fields.length
        ? message
        : Buffer.concat([...kept.map(({ raw }) => raw), message.subarray(end)]),
    date: written === undefined ? undefined : parseMessageDate(asOctets(written)),
    isExactDate: false,
    flags: flagsOf(fields),
    isInternal:
      fields.some(({ name }) => name === 'x-imap') &&
      fields.some(({ name, value }) => name === 'subject' && /FOLDER INTERNAL DATA/.test(value)),
  }
}

function readOurs(message: Buffer, fields: readonly Field[]): MboxMessage {
  const last = fields.at(-1)?.raw ?? Buffer.alloc(0)
  // A message may begin with a blank: its first line is no folded part of ours.
  const lineEnd = last.indexOf(10) + 1 || last.length
  const head = fields.reduce((sum, { raw }) => sum + raw.length, lineEnd - last.length)
  const value = last.toString('latin1', last.indexOf(0x3a) + 1, lineEnd).trim()
  const isOpen = value.endsWith(unterminated)
  const rest = message.subarray(head)
  const octets = isOpen && rest.at(-1) === 10 ? rest.subarray(0, rest.length - 1) : rest
  const date = parseInternalDate((isOpen ? value.slice(0, -unterminated.length) : value).padStart(26))
  return { octets, date, isExactDate: date !== undefined, flags: flagsOf(fields), isInternal: false }
}

/** The lines that stand before a message in an export: what `readMboxMessage` takes off again. Ends of lines are LF. */
export function mboxHead(
  date: ZonedDate,
  flags: readonly Flag[],
  options: { readonly isTerminated: boolean },
): string {
  const has = (flag: Flag): boolean => flags.includes(flag)
  const letters = [...statusFlags]
    .filter(([letter, flag]) => letter !== 'R' && has(flag))
    .map(([letter]) => letter)
  const keywords = flags.filter((flag) => !flag.startsWith('\\'))
  const marked = `${formatInternalDate(date.epochMs, date.zoneMinutes)}${options.isTerminated ? '' : unterminated}`
  return [
    `Status: ${has('\\Seen') ? 'RO' : 'O'}`,
    ...(letters.length > 0 ? [`X-Status: ${letters.join('')}`] : []),
    ...(keywords.length > 0 ? [`X-Keywords: ${keywords.join(' ')}`] : []),
    `${mark}: ${marked.trimStart()}`,
    '',
  ].join('\n')
}
