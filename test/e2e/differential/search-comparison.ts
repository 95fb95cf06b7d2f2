// What two servers find in the same mailbox.
import type { ImapSession } from '../../support/imap-session.ts'
import { valuesBehind } from '../../support/wire-value.ts'
import type { Difference } from './fetch-comparison.ts'
import { showRow, type SearchRow } from './search-table.ts'

/** Runs one search on both; a difference for every message that only one of them finds. `names` are by sequence number. */
export async function compareSearch(
  ours: ImapSession,
  theirs: ImapSession,
  row: SearchRow,
  names: readonly string[],
): Promise<Difference[]> {
  const [one, other] = await Promise.all([found(ours, row), found(theirs, row)])
  const item = `SEARCH ${showRow(row)}`
  const only = (left: ReadonlySet<number>, right: ReadonlySet<number>): number[] =>
    [...left].filter((number) => !right.has(number))
  const difference = (number: number, isOurs: boolean): Difference => ({
    of: names[number - 1] ?? `message ${number}`,
    item,
    ours: isOurs ? 'found' : 'not found',
    theirs: isOurs ? 'not found' : 'found',
  })
  return [
    ...only(one, other).map((number) => difference(number, true)),
    ...only(other, one).map((number) => difference(number, false)),
  ]
}

async function found(session: ImapSession, row: SearchRow): Promise<Set<number>> {
  const { untagged } = await session.ok('SEARCH CHARSET UTF-8 ', ...row)
  const numbers = untagged
    .filter(({ text }) => text.startsWith('* SEARCH'))
    .flatMap((response) => valuesBehind(response, '* SEARCH'))
  return new Set(numbers.map(Number))
}
