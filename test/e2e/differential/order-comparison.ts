// How two servers sort and thread the same mailbox (RFC 5256).
import type { ImapSession } from '../../support/imap-session.ts'
import { valuesBehind, type WireValue } from '../../support/wire-value.ts'
import type { CorpusMessage } from '../corpus.ts'
import type { Difference } from './fetch-comparison.ts'

/** Sort programs: every key of RFC 5256 §3 and RFC 5957, reversed and behind each other too. */
export const sortPrograms = [
  ...['ARRIVAL', 'CC', 'DATE', 'FROM', 'SIZE', 'SUBJECT', 'TO'].flatMap((key) => [key, `REVERSE ${key}`]),
  'DISPLAYFROM',
  'DISPLAYTO',
  'SUBJECT REVERSE DATE',
  'FROM TO REVERSE SIZE',
  'REVERSE SUBJECT REVERSE FROM ARRIVAL',
] as const

/** Sequence set of the messages that have each field only once: which of two counts is not said, and one that is elsewhere moves others. */
export function unambiguous(messages: readonly CorpusMessage[]): string {
  const fields = ['date', 'subject', 'from', 'to', 'cc', 'message-id', 'in-reply-to', 'references']
  return messages
    .flatMap(({ bytes }, index) => {
      const header = `\n${bytes.toString('latin1').split('\r\n\r\n', 1)[0] ?? ''}`.toLowerCase()
      return fields.every((name) => header.split(`\n${name}:`).length <= 2) ? [index + 1] : []
    })
    .join()
}

export const threadAlgorithms = ['ORDEREDSUBJECT', 'REFERENCES'] as const

/**
 * Sorts the messages of the sequence set on both. A difference for every message that must go before the two orders are the same, so that one
 * message out of place is one difference.
 */
export async function compareSort(
  ours: ImapSession,
  theirs: ImapSession,
  program: string,
  names: readonly string[],
  set: string,
): Promise<Difference[]> {
  const [one, other] = await Promise.all([sorted(ours, program, set), sorted(theirs, program, set)])
  const places = new Map(other.map((number, place) => [number, place]))
  const kept = new Set(longestAscending(one.map((number) => places.get(number) ?? -1)).map((at) => one[at]))
  return one
    .filter((number) => !kept.has(number))
    .map((number) => ({
      of: names[number - 1] ?? '',
      item: `SORT ${program}`,
      ours: `behind ${names[(one[one.indexOf(number) - 1] ?? 0) - 1] ?? 'nothing'}`,
      theirs: `behind ${names[(other[other.indexOf(number) - 1] ?? 0) - 1] ?? 'nothing'}`,
    }))
}

/** Threads the messages of the sequence set on both. A difference for every message whose thread has other members, or another parent in it. */
export async function compareThreads(
  ours: ImapSession,
  theirs: ImapSession,
  algorithm: string,
  names: readonly string[],
  set: string,
): Promise<Difference[]> {
  const [one, other] = await Promise.all([parents(ours, algorithm, set), parents(theirs, algorithm, set)])
  const name = (number: number | undefined): string =>
    number === undefined ? 'nobody' : (names[number - 1] ?? `dummy ${number}`)
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((number) => !one.has(number) || !other.has(number) || one.get(number) !== other.get(number))
    .map((number) => ({
      of: names[number - 1] ?? '',
      item: `THREAD ${algorithm}`,
      ours: one.has(number) ? `below ${name(one.get(number))}` : 'absent',
      theirs: other.has(number) ? `below ${name(other.get(number))}` : 'absent',
    }))
}

async function sorted(session: ImapSession, program: string, set: string): Promise<number[]> {
  const { untagged } = await session.ok(`SORT (${program}) UTF-8 ${set}`)
  return untagged
    .filter(({ text }) => text.startsWith('* SORT'))
    .flatMap((response) => valuesBehind(response, '* SORT').map(Number))
}

/** Each message's parent; of those without one undefined, or, where a missing message stands above them, minus their first sibling. */
async function parents(
  session: ImapSession,
  algorithm: string,
  set: string,
): Promise<Map<number, number | undefined>> {
  const { untagged } = await session.ok(`THREAD ${algorithm} UTF-8 ${set}`)
  const found = new Map<number, number | undefined>()
  for (const response of untagged.filter(({ text }) => text.startsWith('* THREAD')))
    for (const thread of valuesBehind(response, '* THREAD')) addThread(found, thread, undefined)
  return found
}

// thread-list = "(" (thread-members / thread-nested) ")": members go down, each below the one before; lists at the end are siblings.
function addThread(
  found: Map<number, number | undefined>,
  thread: WireValue,
  above: number | undefined,
): void {
  if (!Array.isArray(thread)) return
  const members = thread as readonly WireValue[]
  let parent = above
  for (const member of members) {
    if (typeof member === 'string') {
      found.set(Number(member), parent)
      parent = Number(member)
    } else addThread(found, member, parent ?? -firstNumber(members))
  }
}

function firstNumber(value: WireValue | readonly WireValue[]): number {
  if (!Array.isArray(value)) return Number(value)
  return Math.min(...(value as readonly WireValue[]).map(firstNumber))
}

/** Places of a longest ascending subsequence. */
function longestAscending(values: readonly number[]): number[] {
  const before: (number | undefined)[] = []
  const ends: number[] = []
  values.forEach((value, at) => {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((values[ends[middle] ?? 0] ?? 0) < value) low = middle + 1
      else high = middle
    }
    before[at] = low > 0 ? ends[low - 1] : undefined
    ends[low] = at
  })
  const places: number[] = []
  for (let at = ends.at(-1); at !== undefined; at = before[at]) places.push(at)
  return places.reverse()
}
