// Running a search program for SEARCH, SORT and THREAD, and telling its result (RFC 4731 §3.1, RFC 5267 §3, RFC 9394 §3).
import type { SearchSubject } from '../account/criterion-test.ts'
import type { Criterion } from '../account/criterion.ts'
import { search, type SearchResult } from '../account/search.ts'
import type { Uid } from '../account/api.ts'
import type { Call } from './command.ts'
import { ConnectionLost } from './output.ts'
import type { Session } from './session.ts'
import { BadCharset } from './wire/bad-syntax.ts'
import type { SearchProgram } from './wire/search-keys.ts'
import {
  formatPartialRange,
  partialIndexes,
  type SearchReturnOption,
  type SearchReturns,
} from './wire/search-returns.ts'
import { formatNumbers } from './wire/sequence-set.ts'

/** The messages that meet the program, ascending. Throws BadCharset. */
export async function findMessages(session: Session, program: SearchProgram): Promise<SearchSubject[]> {
  if (!program.isCharsetKnown) throw new BadCharset()
  if (program.usesModSeq) session.enableCondstore()
  const { found, damaged } = await searchAmong(session, [...session.view.present()], program.criterion)
  warnOfDamage(session, damaged, 'left out of the search')
  return found
}

/** Those of `subjects` (ascending) that meet the criterion, ascending. */
export function searchAmong(
  session: Session,
  subjects: readonly SearchSubject[],
  criterion: Criterion,
): Promise<SearchResult> {
  const { view, context } = session
  return search(view.mailbox, subjects, criterion, {
    largestUid: view.largestUid,
    largestSequenceNumber: view.exists,
    isRecent: (uid) => view.isRecent(uid),
    isSaved: (uid) => view.saved.has(uid),
    now: context.clock.now(),
    budget: context.budget,
    check: checkOf(session),
  })
}

/** Throws when nobody waits for the result any more. */
export function checkOf({ link }: Session): () => void {
  return () => {
    if (link.signal.aborted) throw new ConnectionLost('nobody waits for the result')
  }
}

/** A warning (RFC 3501 §7.1.2): what could be looked into is still of use. */
export function warnOfDamage(session: Session, damaged: readonly Uid[], consequence: string): void {
  if (damaged.length === 0) return
  const text = `${damaged.length} damaged or unreadable, ${consequence}`
  session.out.untaggedStatus('NO', text, 'CORRUPTION')
  for (const uid of damaged) session.context.log.write('error', 'imap.damaged', { uid })
}

export function numberOf({ numbers }: Call): (subject: SearchSubject) => number {
  return numbers === 'uid' ? ({ uid }) => uid : ({ sequenceNumber }) => sequenceNumber
}

/** `* SEARCH` or `* SORT`, with the highest MODSEQ of what was found if MODSEQ was asked for (RFC 7162 §3.1.5, §3.1.6). */
export function sendNumbers(
  session: Session,
  call: Call,
  answer: 'SEARCH' | 'SORT',
  found: readonly SearchSubject[],
  { usesModSeq }: SearchProgram,
): void {
  const numbers = found.map(numberOf(call)).map((number) => ` ${number}`)
  const modSeq = usesModSeq && found.length > 0 ? ` (MODSEQ ${highestModSeq(session, found)})` : ''
  session.out.untaggedLine(`${answer}${numbers.join('')}${modSeq}`)
}

/** Runs what finds messages and saves its result, if that was asked for; a failed one leaves an empty result (RFC 5182 §2.1). */
export async function saving(
  session: Session,
  returns: SearchReturns | undefined,
  find: () => Promise<SearchSubject[]>,
): Promise<SearchSubject[]> {
  if (!returns?.options.includes('SAVE')) return find()
  const { saved } = session.view
  try {
    const found = await find()
    saved.save(savedOf(found, returns).map(({ uid }) => uid))
    return found
  } catch (error) {
    saved.save([])
    throw error
  }
}

const resultOptions: ReadonlySet<SearchReturnOption> = new Set(['MIN', 'MAX', 'ALL', 'COUNT', 'PARTIAL'])

/** RFC 5182 §2.4, RFC 9394 §3.2: MIN, MAX and PARTIAL save what they name, unless everything is asked for by its side. */
function savedOf(
  found: readonly SearchSubject[],
  { options, partial }: SearchReturns,
): readonly SearchSubject[] {
  const parts = options.filter((option) => resultOptions.has(option))
  if (parts.length === 0 || parts.includes('ALL') || parts.includes('COUNT')) return found
  const named = new Set<SearchSubject>()
  if (partial) {
    const { start, end } = partialIndexes(partial, found.length)
    for (const subject of found.slice(start, end)) named.add(subject)
  }
  const [first] = found
  const last = found.at(-1)
  if (first && parts.includes('MIN')) named.add(first)
  if (last && parts.includes('MAX')) named.add(last)
  return [...named]
}

/** What of a result is told, in the order of the result: places in `found`, for MODSEQ. */
interface Told {
  readonly text: string
  readonly subjects: readonly SearchSubject[]
}

// esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
/** `found` in the order in which it is told: that of the mailbox, or the one asked for (RFC 5267 §3.1). */
export function sendEsearch(
  session: Session,
  call: Call,
  found: readonly SearchSubject[],
  returns: SearchReturns,
  { usesModSeq }: SearchProgram,
): void {
  // RFC 5182 §2.1: nothing is told when it is only to be saved.
  if (returns.options.every((option) => option === 'SAVE')) return
  const told = tell(call, found, returns)
  const { out } = session
  out.untagged().text('ESEARCH (TAG ').string(call.tag).text(')')
  if (call.numbers === 'uid') out.text(' UID')
  for (const { text } of told) out.text(` ${text}`)
  if (usesModSeq) {
    // RFC 4731 §3.2: the highest of what is told; of everything found when ALL or COUNT is.
    const highest = highestModSeq(
      session,
      told.flatMap(({ subjects }) => subjects),
    )
    if (highest > 0) out.text(` MODSEQ ${highest}`)
  }
  out.end()
}

function tell(call: Call, found: readonly SearchSubject[], { options, partial }: SearchReturns): Told[] {
  const number = numberOf(call)
  const told: Told[] = []
  for (const option of options) {
    const [first] = found
    const last = found.at(-1)
    if (option === 'COUNT') told.push({ text: `COUNT ${found.length}`, subjects: found })
    else if (option === 'PARTIAL' && partial) {
      const { start, end } = partialIndexes(partial, found.length)
      const subjects = found.slice(start, end)
      const set = formatNumbers(subjects.map(number)) || 'NIL'
      told.push({ text: `PARTIAL (${formatPartialRange(partial)} ${set})`, subjects })
    } else if (first && last) {
      // RFC 4731 §3.1: MIN, MAX and ALL are left out when nothing was found.
      if (option === 'MIN') told.push({ text: `MIN ${number(first)}`, subjects: [first] })
      if (option === 'MAX') told.push({ text: `MAX ${number(last)}`, subjects: [last] })
      if (option === 'ALL') told.push({ text: `ALL ${formatNumbers(found.map(number))}`, subjects: found })
    }
  }
  return told
}

function highestModSeq(session: Session, subjects: readonly SearchSubject[]): number {
  let highest = 0
  for (const { uid } of subjects) highest = Math.max(highest, session.view.mailbox.state(uid)?.modSeq ?? 0)
  return highest
}
