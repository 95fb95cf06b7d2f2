// SORT (RFC 5256 §3, RFC 5957): found messages in the order asked for.
import { sortInTurns } from '../base/sorting.ts'
import { compareKeys } from '../mail/collation.ts'
import type { SearchSubject } from './criterion-test.ts'
import type { MessageRow } from './facts.ts'

/** What can be sorted by. */
export type SortField =
  'ARRIVAL' | 'CC' | 'DATE' | 'DISPLAYFROM' | 'DISPLAYTO' | 'FROM' | 'SIZE' | 'SUBJECT' | 'TO'

export interface SortKey {
  readonly field: SortField
  readonly isReversed: boolean
}

/** A value to be compared: collation keys by `compareKeys`, the others as numbers. */
type Value = string | number

interface Row {
  readonly subject: SearchSubject
  readonly values: readonly Value[]
}

/** Whether these keys need more than the state of a message. */
export function needsFacts(keys: readonly SortKey[]): boolean {
  return keys.some(({ field }) => field !== 'ARRIVAL' && field !== 'SIZE')
}

/**
 * By the first key, then by the second and so on, and by UID where all are equal, also behind REVERSE (RFC 5256 §3: in the
 * order of the mailbox). A message without facts sorts as one without a header. `check` may throw to end it.
 */
export async function sortMessages(
  rows: AsyncIterable<MessageRow>,
  keys: readonly SortKey[],
  check: () => void,
): Promise<SearchSubject[]> {
  const all: Row[] = []
  for await (const row of rows) {
    all.push({ subject: row.subject, values: keys.map(({ field }) => valueOf(field, row)) })
  }
  const signs = keys.map(({ isReversed }) => (isReversed ? -1 : 1))
  const compare = (a: Row, b: Row): number => {
    for (const [index, sign] of signs.entries()) {
      const order = compareValues(a.values[index] ?? 0, b.values[index] ?? 0)
      if (order !== 0) return sign * order
    }
    return a.subject.uid - b.subject.uid
  }
  const sorted = await sortInTurns(all, compare, check)
  return sorted.map(({ subject }) => subject)
}

function valueOf(field: SortField, { state, facts }: MessageRow): Value {
  switch (field) {
    case 'ARRIVAL':
      return state.internalDate
    case 'SIZE':
      return state.sizeBytes
    case 'DATE':
      // RFC 5256 §2.2
      return facts?.sentDate ?? state.internalDate
    case 'SUBJECT':
      return facts?.subject ?? ''
    case 'FROM':
      return facts?.from ?? ''
    case 'TO':
      return facts?.to ?? ''
    case 'CC':
      return facts?.cc ?? ''
    case 'DISPLAYFROM':
      return facts?.displayFrom ?? ''
    case 'DISPLAYTO':
      return facts?.displayTo ?? ''
  }
}

function compareValues(a: Value, b: Value): number {
  return typeof a === 'string' && typeof b === 'string' ? compareKeys(a, b) : Number(a) - Number(b)
}
