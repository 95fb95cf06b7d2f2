// SEARCH over an unlocked mailbox: a tree of criteria against what is cheap first, then headers, then bodies.
import { breathe } from '../base/async.ts'
import { dayOf } from '../mail/date.ts'
import { messageFacts } from '../mail/message-facts.ts'
import { sentDateOf } from '../mail/prepare.ts'
import { fieldTexts, fold, type SearchText } from '../mail/text.ts'
import type { MessageState, SelectedMailbox, Uid } from './api.ts'
import type { Criterion, DayRelation } from './criterion.ts'
import { isRefusal } from './errors.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { MessageParts, openContents } from './message-parts.ts'
import { emailIdOf, threadIdOf } from './object-ids.ts'

/** A message as the searching session knows it. */
export interface SearchSubject {
  readonly uid: Uid
  readonly sequenceNumber: number
}

export interface SearchOptions {
  /** What `*` stands for, by kind of number; 0 in an empty mailbox. */
  readonly largestUid: number
  readonly largestSequenceNumber: number
  readonly isRecent: (uid: Uid) => boolean
  /** Whether `$` names the message (RFC 5182). */
  readonly isSaved: (uid: Uid) => boolean
  /** Milliseconds since 1970, for OLDER and YOUNGER. */
  readonly now: number
  readonly budget: MemoryBudget
  /** Called between messages; throws when nobody waits for the result any more. */
  readonly check: () => void
}

export interface SearchResult {
  readonly found: SearchSubject[]
  /** UIDs of messages that could not be looked into because they are damaged. */
  readonly damaged: Uid[]
}

/** What is known of a message so far. */
interface Facts {
  readonly subject: SearchSubject
  readonly state: MessageState
  readonly emailId?: string
  readonly header?: Buffer
  readonly text?: SearchText
}

/** True, false, or undefined: not to be said from these facts. */
type Test = (facts: Facts) => boolean | undefined

/** Messages looked at between two breaths, when nothing has to be opened; and bodies, each of which is real work. */
const cheapAtOnce = 2000
const openedAtOnce = 8

/** Those of `subjects` (ascending) that meet the criterion, in order. Messages that vanish meanwhile are not found. */
export async function search(
  mailbox: SelectedMailbox,
  subjects: readonly SearchSubject[],
  criterion: Criterion,
  options: SearchOptions,
): Promise<SearchResult> {
  const test = compile(criterion, options)
  const found: SearchSubject[] = []
  const undecided: SearchSubject[] = []
  for (const [index, subject] of subjects.entries()) {
    if (index % cheapAtOnce === cheapAtOnce - 1) await breathe()
    const state = mailbox.state(subject.uid)
    const verdict = state && test({ subject, state })
    if (verdict) found.push(subject)
    else if (state && verdict === undefined) undecided.push(subject)
  }
  if (undecided.length === 0) return { found, damaged: [] }
  const { found: opened, damaged } = await searchOpened(mailbox, undecided, test, options)
  const all = [...found, ...opened].sort((a, b) => a.uid - b.uid)
  return { found: all, damaged }
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
      if (!isRefusal(error, 'damaged')) throw error
      damaged.push(opened.uid)
    }
  }
  return { found, damaged }
}

async function decide(parts: MessageParts, facts: Facts, test: Test): Promise<boolean> {
  const withId = { ...facts, emailId: emailIdOf(parts.content.emailId) }
  const verdict = test(withId)
  if (verdict !== undefined) return verdict
  const withHeader = { ...withId, header: await parts.header() }
  return test(withHeader) ?? test({ ...withHeader, text: await parts.searchText() }) ?? false
}

function compile(criterion: Criterion, options: SearchOptions): Test {
  switch (criterion.kind) {
    case 'all':
      return () => true
    case 'and':
      return both(criterion.criteria.map((part) => compile(part, options)))
    case 'or':
      return negated(both(criterion.criteria.map((part) => negated(compile(part, options)))))
    case 'not':
      return negated(compile(criterion.criterion, options))
    case 'flag':
      return ({ state }) => state.flags.includes(criterion.flag)
    case 'keyword': {
      const wanted = criterion.keyword.toLowerCase()
      return ({ state }) => state.flags.some((flag) => flag.toLowerCase() === wanted)
    }
    case 'recent':
      return ({ subject }) => options.isRecent(subject.uid)
    case 'uid':
      return ({ subject }) => criterion.set.contains(subject.uid, options.largestUid)
    case 'sequence':
      return ({ subject }) => criterion.set.contains(subject.sequenceNumber, options.largestSequenceNumber)
    case 'internalDate':
      return ({ state }) =>
        relates(
          dayOf({ epochMs: state.internalDate, zoneMinutes: state.zoneMinutes }),
          criterion.relation,
          criterion.day,
        )
    case 'savedDate':
      return ({ state }) =>
        relates(dayOf({ epochMs: state.savedAt, zoneMinutes: 0 }), criterion.relation, criterion.day)
    case 'age': {
      // RFC 5032 §3: both include the moment itself.
      const then = Math.floor(options.now / 1000) - criterion.seconds
      const isOlder = criterion.relation === 'older'
      return ({ state }) => {
        const second = Math.floor(state.internalDate / 1000)
        return isOlder ? second <= then : second >= then
      }
    }
    case 'saved':
      return ({ subject }) => options.isSaved(subject.uid)
    case 'emailId':
      return ({ emailId }) => (emailId === undefined ? undefined : emailId === criterion.id)
    case 'threadId':
      return ({ header }) => header && threadIdOf(messageFacts(header)) === criterion.id
    case 'larger':
      return ({ state }) => state.sizeBytes > criterion.sizeBytes
    case 'smaller':
      return ({ state }) => state.sizeBytes < criterion.sizeBytes
    case 'modSeq':
      return ({ state }) => state.modSeq >= criterion.atLeast
    case 'sentDate':
    case 'header':
      return headerTest(criterion)
    case 'body': {
      const wanted = fold(criterion.text)
      return ({ text }) => text?.body.includes(wanted)
    }
    case 'text': {
      const wanted = fold(criterion.text)
      return ({ text }) => text && (text.header.includes(wanted) || text.body.includes(wanted))
    }
  }
}

function headerTest(criterion: Extract<Criterion, { readonly kind: 'header' | 'sentDate' }>): Test {
  if (criterion.kind === 'header') {
    const wanted = fold(criterion.text)
    return ({ header }) => header && fieldTexts(header, criterion.field).some((text) => text.includes(wanted))
  }
  return ({ header }) => {
    if (!header) return undefined
    // RFC 3501 §6.4.4: the day as the sender wrote it. A message without a date was sent on no day.
    const date = sentDateOf(header)
    return date !== undefined && relates(dayOf(date), criterion.relation, criterion.day)
  }
}

/** False as soon as one is; true only when all are. */
function both(tests: readonly Test[]): Test {
  return (facts) => {
    let verdict: boolean | undefined = true
    for (const test of tests) {
      const one = test(facts)
      if (one === false) return false
      if (one === undefined) verdict = undefined
    }
    return verdict
  }
}

function negated(test: Test): Test {
  return (facts) => {
    const verdict = test(facts)
    return verdict === undefined ? undefined : !verdict
  }
}

function relates(day: number, relation: DayRelation, other: number): boolean {
  switch (relation) {
    case 'before':
      return day < other
    case 'on':
      return day === other
    case 'since':
      return day >= other
  }
}
