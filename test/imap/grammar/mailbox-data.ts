// What is said of mailboxes and of searches: LIST, STATUS, SEARCH, SORT, ESEARCH, THREAD, VANISHED.
import type { Scan } from './scan.ts'

type Ranges = [from: number, to: number][]

const listAttributes = new Set([
  ...[
    '\\HASCHILDREN',
    '\\HASNOCHILDREN',
    '\\MARKED',
    '\\UNMARKED',
    '\\NOINFERIORS',
    '\\NOSELECT',
    '\\NONEXISTENT',
  ],
  ...[
    '\\SUBSCRIBED',
    '\\REMOTE',
    '\\ALL',
    '\\ARCHIVE',
    '\\DRAFTS',
    '\\FLAGGED',
    '\\JUNK',
    '\\SENT',
    '\\TRASH',
  ],
  '\\IMPORTANT',
])

export interface Listed {
  readonly mailbox: string
  readonly attributes: readonly string[]
}

/** mailbox-list; extended data (RFC 5258 §6) only in LIST. */
export function listed(scan: Scan, mayBeExtended: boolean): Listed {
  const attributes = scan.list(() => scan.flag().toUpperCase())
  for (const attribute of attributes) {
    if (!listAttributes.has(attribute)) scan.fail(`unknown mailbox attribute ${attribute}`)
  }
  if (new Set(attributes).size < attributes.length) scan.fail('an attribute is said twice')
  if (attributes.includes('\\HASCHILDREN') && attributes.includes('\\HASNOCHILDREN'))
    scan.fail('a mailbox both with and without children')
  scan.space()
  scan.nilOr(() => {
    if (scan.quoted().length !== 1) scan.fail('a delimiter is one character')
  })
  scan.space()
  const mailbox = scan.mailbox()
  if (mayBeExtended && scan.try(' ')) {
    scan.list(() => {
      const tag = scan.astring().toUpperCase()
      scan.space()
      if (tag === 'CHILDINFO') scan.list(() => scan.quoted(), 1)
      else if (tag === 'OLDNAME') scan.list(() => scan.mailbox(), 1)
      else scan.fail('unknown extended data of LIST: add it here')
    }, 1)
  }
  return { mailbox, attributes }
}

export interface StatusOf {
  readonly mailbox: string
  readonly items: ReadonlyMap<string, bigint>
}

const statusItems: Readonly<Record<string, (scan: Scan) => bigint>> = {
  MESSAGES: (scan) => BigInt(scan.number()),
  RECENT: (scan) => BigInt(scan.number()),
  UIDNEXT: (scan) => BigInt(scan.nzNumber()),
  UIDVALIDITY: (scan) => BigInt(scan.nzNumber()),
  UNSEEN: (scan) => BigInt(scan.number()),
  DELETED: (scan) => BigInt(scan.number()),
  SIZE: (scan) => scan.number63(),
  'DELETED-STORAGE': (scan) => scan.number63(),
  HIGHESTMODSEQ: (scan) => scan.number63(),
  APPENDLIMIT: (scan) => BigInt(scan.nilOr(() => scan.number()) ?? 0),
  MAILBOXID: (scan) => {
    scan.token('(')
    scan.run(/[A-Za-z0-9_-]/, 'an object id')
    scan.token(')')
    return 0n
  },
}

/** STATUS SP mailbox SP "(" [status-att-list] ")". */
export function statusOf(scan: Scan): StatusOf {
  const mailbox = scan.mailbox()
  scan.space()
  const items = new Map<string, bigint>()
  scan.list(() => {
    const name = scan.atom().toUpperCase()
    const read = Object.hasOwn(statusItems, name) ? statusItems[name] : undefined
    if (!read) return scan.fail('unknown STATUS item: add it to `statusItems`')
    scan.space()
    items.set(name, read(scan))
  })
  return { mailbox, items }
}

/** *(SP nz-number) [SP "(MODSEQ" SP mod-sequence-value ")"] of SEARCH and SORT (RFC 7162 §3.1.5). */
export function search(scan: Scan): number[] {
  const numbers: number[] = []
  while (scan.try(' ')) {
    if (scan.try('(MODSEQ ')) {
      scan.nzNumber63()
      scan.token(')')
      break
    }
    numbers.push(scan.nzNumber())
  }
  if (new Set(numbers).size < numbers.length) scan.fail('a message is found twice')
  return numbers
}

export interface Esearch {
  readonly tag: string | undefined
  readonly isUid: boolean
  /** All sets of it together. */
  readonly ranges: Ranges
  readonly isUpdate: boolean
}

/** esearch-response (RFC 4466 §2.6.2) with what RFC 4731, RFC 5267 and RFC 9394 return. */
export function esearch(scan: Scan): Esearch {
  let tag: string | undefined
  let isUpdate = false
  const ranges: Ranges = []
  if (scan.try(' (TAG ')) {
    tag = scan.string()
    scan.token(')')
  }
  const isUid = scan.try(' UID')
  const told = new Set<string>()
  while (scan.try(' ')) {
    const name = scan.atom().toUpperCase()
    scan.space()
    if (name !== 'ADDTO' && name !== 'REMOVEFROM' && told.has(name)) scan.fail(`${name} is said twice`)
    told.add(name)
    if (name === 'MIN' || name === 'MAX') {
      const number = scan.nzNumber()
      ranges.push([number, number])
    } else if (name === 'COUNT') scan.number()
    else if (name === 'ALL') ranges.push(...scan.sequenceSet())
    else if (name === 'MODSEQ') scan.nzNumber63()
    else if (name === 'PARTIAL') ranges.push(...partial(scan))
    else if (name === 'ADDTO' || name === 'REMOVEFROM') {
      isUpdate = true
      scan.list(() => {
        scan.number()
        scan.space()
        const set = scan.sequenceSet()
        if (name === 'ADDTO') ranges.push(...set)
      }, 1)
    } else scan.fail('unknown return data: add it here')
  }
  return { tag, isUid, ranges, isUpdate }
}

// ret-data-partial = "PARTIAL" SP "(" partial-range SP partial-results ")" (RFC 9394 §4)
function partial(scan: Scan): Ranges {
  scan.token('(')
  const isFromEnd = scan.try('-')
  scan.nzNumber()
  scan.token(isFromEnd ? ':-' : ':')
  scan.nzNumber()
  scan.space()
  const set = scan.nilOr(() => scan.sequenceSet())
  scan.token(')')
  return set ?? []
}

/** thread-data (RFC 5256 §5): every message in it, in order. */
export function threads(scan: Scan): number[] {
  const numbers: number[] = []
  if (scan.try(' ')) {
    do thread(scan, numbers)
    while (scan.isNext('('))
  }
  if (new Set(numbers).size < numbers.length) scan.fail('a message is in two threads')
  return numbers
}

// thread-list = "(" (thread-members / thread-nested) ")", thread-nested = 2*thread-list; without recursion, since it may be deep
function thread(scan: Scan, numbers: number[]): void {
  scan.token('(')
  const children = [0]
  let canDescend = true
  let hasMembers = false
  while (children.length > 0) {
    if (/[0-9]/.test(scan.text.charAt(scan.offset))) {
      if (!canDescend) scan.fail('a message behind nested threads')
      numbers.push(scan.nzNumber())
      hasMembers = true
      if (!scan.isNext(')')) scan.space()
      if (scan.isNext(' ') || (scan.isNext(')') && scan.text.charAt(scan.offset - 1) === ' '))
        scan.fail('a space too many')
    } else if (scan.try('(')) {
      children[children.length - 1] = (children.at(-1) ?? 0) + 1
      children.push(0)
      hasMembers = false
      canDescend = true
    } else {
      scan.token(')')
      const count = children.pop() ?? 0
      if (count === 1) scan.fail('a nested thread alone')
      if (count === 0 && !hasMembers) scan.fail('a thread without messages')
      hasMembers = true
      canDescend = false
    }
  }
}

export interface Vanished {
  readonly isEarlier: boolean
  readonly ranges: Ranges
}

/** ["(EARLIER)" SP] known-uids (RFC 7162 §7). */
export function vanished(scan: Scan): Vanished {
  const isEarlier = scan.try('(EARLIER) ')
  return { isEarlier, ranges: scan.sequenceSet() }
}
