// SEARCH and UID SEARCH, RFC 3501 §6.4.4, with ESEARCH (RFC 4731) and MODSEQ (RFC 7162 §3.1.5).
import type { SearchSubject } from '../../account/criterion-test.ts'
import { search as searchMailbox } from '../../account/search.ts'
import { command, type Call, type Command } from '../command.ts'
import { ConnectionLost } from '../output.ts'
import type { Session } from '../session.ts'
import { readSearchArguments, type SearchReturnOption } from '../wire/search-keys.ts'
import { formatNumbers } from '../wire/sequence-set.ts'

export const search: Command = command({
  name: 'SEARCH',
  states: ['selected'],
  uid: true,
  capabilities: ['ESEARCH', 'WITHIN'],
  usesSequenceNumbers: true,

  parse(input) {
    const args = readSearchArguments(input)
    // SEARCHRES (RFC 5182) is not offered, so its option is one that the grammar does not have here.
    return args.returns?.includes('SAVE') ? input.fail('unknown return option') : args
  },

  async run(session, { returns, criterion, usesModSeq }, call) {
    const { view, link, context } = session
    if (usesModSeq) session.enableCondstore()
    const { found, damaged } = await searchMailbox(view.mailbox, [...view.present()], criterion, {
      largestUid: view.largestUid,
      largestSequenceNumber: view.exists,
      isRecent: (uid) => view.isRecent(uid),
      isSaved: () => false,
      now: context.clock.now(),
      budget: context.budget,
      check() {
        if (link.signal.aborted) throw new ConnectionLost('nobody waits for the result')
      },
    })
    if (damaged.length > 0) {
      // A warning (RFC 3501 §7.1.2): what could be searched is still of use.
      session.out.untaggedStatus(
        'NO',
        `${damaged.length} damaged or unreadable, left out of the search`,
        'CORRUPTION',
      )
      for (const uid of damaged) context.log.write('error', 'imap.damaged', { uid })
    }
    if (returns) sendEsearch(session, call, found, returns, usesModSeq)
    else sendSearch(session, call, found, usesModSeq)
    return { text: 'SEARCH completed' }
  },
})

function numberOf(call: Call): (subject: SearchSubject) => number {
  return call.numbers === 'uid' ? ({ uid }) => uid : ({ sequenceNumber }) => sequenceNumber
}

function highestModSeq(session: Session, subjects: readonly (SearchSubject | undefined)[]): number {
  let highest = 0
  for (const subject of subjects) {
    if (subject) highest = Math.max(highest, session.view.mailbox.state(subject.uid)?.modSeq ?? 0)
  }
  return highest
}

// mailbox-data =/ "SEARCH" [1*(SP nz-number) SP search-sort-mod-seq]
function sendSearch(
  session: Session,
  call: Call,
  found: readonly SearchSubject[],
  withModSeq: boolean,
): void {
  const numbers = found.map(numberOf(call)).map((number) => ` ${number}`)
  const modSeq = withModSeq && found.length > 0 ? ` (MODSEQ ${highestModSeq(session, found)})` : ''
  session.out.untaggedLine(`SEARCH${numbers.join('')}${modSeq}`)
}

// esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
function sendEsearch(
  session: Session,
  call: Call,
  found: readonly SearchSubject[],
  returns: readonly SearchReturnOption[],
  withModSeq: boolean,
): void {
  const numbers = found.map(numberOf(call))
  const parts: string[] = []
  // RFC 4731 §3.1: MIN, MAX and ALL are left out when nothing was found; COUNT is 0.
  for (const option of returns) {
    if (option === 'COUNT') parts.push(`COUNT ${numbers.length}`)
    else if (numbers.length === 0) continue
    else if (option === 'MIN') parts.push(`MIN ${numbers[0] ?? 0}`)
    else if (option === 'MAX') parts.push(`MAX ${numbers.at(-1) ?? 0}`)
    else if (option === 'ALL') parts.push(`ALL ${formatNumbers(numbers)}`)
  }
  if (withModSeq && found.length > 0) {
    // RFC 4731 §3.2: of what is told; of everything found when ALL or COUNT is.
    const isAll = returns.some((option) => option === 'ALL' || option === 'COUNT')
    const told = isAll
      ? found
      : [returns.includes('MIN') ? found[0] : undefined, returns.includes('MAX') ? found.at(-1) : undefined]
    parts.push(`MODSEQ ${highestModSeq(session, told)}`)
  }
  const { out } = session
  out.untagged().text('ESEARCH (TAG ').string(call.tag).text(')')
  if (call.numbers === 'uid') out.text(' UID')
  for (const part of parts) out.text(` ${part}`)
  out.end()
}
