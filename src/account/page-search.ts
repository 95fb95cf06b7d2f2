// The part of SEARCH that pages of search text can decide; what they cannot is left to those who open messages.
import { MalformedRecord } from '../base/bytes.ts'
import type { SelectedMailbox } from './api.ts'
import type { Compiled, SearchSubject, Test } from './criterion-test.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { PageAnswers, pageQuery, type PageQuery } from './page-answers.ts'
import type { TextPage } from './text-codec.ts'

/** Pages looked at together: their sections are inflated by other threads, of which there are four. */
const pagesAtOnce = 4
/** What they take in memory, sealed pages that are read ahead included. */
const memoryBytes = 4 * 1024 * 1024

export interface Decided {
  readonly found: SearchSubject[]
  /** Those of which the pages do not say enough, ascending. */
  readonly left: SearchSubject[]
}

export interface PageSearchOptions {
  readonly budget: MemoryBudget
  readonly check: () => void
}

/** Decides as many of `subjects` (ascending) as it can. A message that vanishes meanwhile is not found. */
export async function searchPages(
  mailbox: SelectedMailbox,
  subjects: readonly SearchSubject[],
  { test, texts }: Compiled,
  { budget, check }: PageSearchOptions,
): Promise<Decided> {
  if (!mailbox.textPages) return { found: [], left: [...subjects] }
  const queries = texts.map(pageQuery)
  const byUid = new Map<number, SearchSubject>(subjects.map((subject) => [subject.uid, subject]))
  const found: SearchSubject[] = []
  const look = async (page: TextPage): Promise<void> => {
    const verdicts = await verdictsOf(mailbox, page, byUid, test, queries)
    // Pages that were put back may hold messages that another one holds too.
    for (const [subject, verdict] of verdicts) if (byUid.delete(subject.uid) && verdict) found.push(subject)
  }
  const release = await budget.reserve(memoryBytes)
  const running = new Set<Promise<unknown>>()
  const failures: unknown[] = []
  try {
    const uids = subjects.map(({ uid }) => uid)
    for await (const page of mailbox.textPages(uids)) {
      check()
      const looking: Promise<unknown> = look(page)
        .catch((error: unknown) => failures.push(error))
        .finally(() => running.delete(looking))
      running.add(looking)
      if (running.size >= pagesAtOnce) await Promise.race(running)
      if (failures.length > 0) break
    }
  } finally {
    await Promise.all(running)
    release()
  }
  if (failures.length > 0) throw failures[0]
  return { found, left: subjects.filter(({ uid }) => byUid.has(uid)) }
}

/** What one page decides. */
async function verdictsOf(
  mailbox: SelectedMailbox,
  page: TextPage,
  byUid: ReadonlyMap<number, SearchSubject>,
  test: Test,
  queries: readonly PageQuery[],
): Promise<[SearchSubject, boolean][]> {
  const answers = new PageAnswers(page, queries)
  const decided: [SearchSubject, boolean][] = []
  let open = page.uids.flatMap((uid, index) => {
    const subject = byUid.get(uid)
    const state = subject && mailbox.state(subject.uid)
    // The entry of another message that once had this UID, in a state that was put back, says nothing.
    return state && page.isOf(index, state) ? [{ subject, state, index }] : []
  })
  const settle = (): void => {
    open = open.filter(({ subject, state, index }) => {
      const verdict = test({ subject, state, ask: answers.ask(index) })
      if (verdict !== undefined) decided.push([subject, verdict && mailbox.state(subject.uid) !== undefined])
      return verdict === undefined
    })
  }
  settle()
  try {
    while (open.length > 0 && (await answers.read())) settle()
  } catch (error) {
    // It was sealed here, so it is a fault of ours; messages are opened instead.
    if (!(error instanceof MalformedRecord)) throw error
  }
  return decided
}
