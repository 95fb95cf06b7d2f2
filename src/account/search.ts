// SEARCH over an unlocked mailbox: a tree of criteria against what is cheap first, then the sealed text, then headers and bodies.
import { breathe } from '../base/async.ts'
import type { SelectedMailbox, Uid } from './api.ts'
import type { Criterion } from './criterion.ts'
import { compile, type Known, type SearchNumbers, type SearchSubject, type Test } from './criterion-test.ts'
import { isRefusal, Refusal } from './errors.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { MessageParts, openContents } from './message-parts.ts'
import { searchPages } from './page-search.ts'
import { headerAnswers, recordAnswers, textAnswers } from './text-answers.ts'

export interface SearchOptions extends SearchNumbers {
  readonly budget: MemoryBudget
  /** Called between messages; throws when nobody waits for the result any more. */
  readonly check: () => void
}

export interface SearchResult {
  readonly found: SearchSubject[]
  /** UIDs of messages that could not be looked into because they are damaged. */
  readonly damaged: Uid[]
}

/** Criteria tried between two breaths, when nothing has to be opened; and bodies looked into, each of which is real work. */
const cheapAtOnce = 20_000
const openedAtOnce = 8
/** Texts looked for in one search: each costs a walk through all that is opened. */
const textsAtMost = 128

/**
 * Those of `subjects` (ascending) that meet the criterion, in order. Messages that vanish meanwhile are not found. Throws
 * Refusal 'limit' for too many texts.
 */
export async function search(
  mailbox: SelectedMailbox,
  subjects: readonly SearchSubject[],
  criterion: Criterion,
  options: SearchOptions,
): Promise<SearchResult> {
  const compiled = compile(criterion, options)
  const { test, texts } = compiled
  if (texts.length > textsAtMost)
    throw new Refusal('limit', `At most ${textsAtMost} texts can be searched for`)
  const atOnce = Math.max(1, Math.floor(cheapAtOnce / weightOf(criterion)))
  const found: SearchSubject[] = []
  const undecided: SearchSubject[] = []
  for (const [index, subject] of subjects.entries()) {
    if (index % atOnce === atOnce - 1) {
      options.check()
      await breathe()
    }
    const state = mailbox.state(subject.uid)
    const verdict = state && test({ subject, state })
    if (verdict) found.push(subject)
    else if (state && verdict === undefined) undecided.push(subject)
  }
  if (undecided.length === 0) return { found, damaged: [] }
  const paged = await searchPages(mailbox, undecided, compiled, options)
  const { found: opened, damaged } = await searchOpened(mailbox, paged.left, test, options)
  const all = found.concat(paged.found, opened).sort((a, b) => a.uid - b.uid)
  return { found: all, damaged }
}

/** How many criteria are in it. */
function weightOf(criterion: Criterion): number {
  if (criterion.kind === 'not') return 1 + weightOf(criterion.criterion)
  if (criterion.kind !== 'and' && criterion.kind !== 'or') return 1
  return criterion.criteria.reduce((sum, part) => sum + weightOf(part), 1)
}

/** Decides by headers, and by bodies where headers do not do. */
async function searchOpened(
  mailbox: SelectedMailbox,
  subjects: readonly SearchSubject[],
  test: Test,
  options: SearchOptions,
): Promise<SearchResult> {
  const found: SearchSubject[] = []
  const damaged: Uid[] = []
  const byUid = new Map(subjects.map((subject) => [subject.uid, subject]))
  let count = 0
  for await (const opened of openContents(mailbox, [...byUid.keys()])) {
    options.check()
    count += 1
    if (count % openedAtOnce === 0) await breathe()
    const subject = byUid.get(opened.uid)
    const state = mailbox.state(opened.uid)
    if (!subject || !state) continue
    if ('damage' in opened) {
      damaged.push(opened.uid)
      continue
    }
    try {
      if (await decide(new MessageParts(opened.content, options.budget), { subject, state }, test))
        found.push(subject)
    } catch (error) {
      // What vanishes meanwhile is not found.
      if (isRefusal(error, 'message-expunged')) continue
      if (!isRefusal(error, 'damaged')) throw error
      damaged.push(opened.uid)
    }
  }
  return { found, damaged }
}

async function decide(parts: MessageParts, known: Known, test: Test): Promise<boolean> {
  const { emailId } = parts.content
  const verdict = test({ ...known, ask: recordAnswers(emailId) })
  if (verdict !== undefined) return verdict
  const header = await parts.header()
  return (
    test({ ...known, ask: headerAnswers(emailId, header) }) ??
    test({ ...known, ask: textAnswers(emailId, header, await parts.searchText()) }) ??
    false
  )
}
