// SEARCH criteria as tests of what is known of a message: true, false, or not to be said yet.
import { dayOf } from '../mail/date.ts'
import { fold, linePrefix } from '../mail/text.ts'
import type { MessageState, Uid } from './api.ts'
import type { Criterion, DayRelation } from './criterion.ts'

/** A message as the searching session knows it. */
export interface SearchSubject {
  readonly uid: Uid
  readonly sequenceNumber: number
}

export interface SearchNumbers {
  /** What `*` stands for, by kind of number; 0 in an empty mailbox. */
  readonly largestUid: number
  readonly largestSequenceNumber: number
  readonly isRecent: (uid: Uid) => boolean
  /** Whether `$` names the message (RFC 5182). */
  readonly isSaved: (uid: Uid) => boolean
  /** Milliseconds since 1970, for OLDER and YOUNGER. */
  readonly now: number
}

/** A criterion that is answered from the message itself. */
export type TextCriterion =
  | { readonly kind: 'emailId' | 'threadId'; readonly id: string }
  | { readonly kind: 'sentDate'; readonly relation: DayRelation; readonly day: number }
  /** `linePrefix` is how the lines of the field begin; undefined: no field can have that name. */
  | { readonly kind: 'header'; readonly linePrefix: string | undefined; readonly text: string }
  | { readonly kind: 'body' | 'text'; readonly text: string }

/** Undefined: not to be said from what was read so far. `text` of a criterion is folded. */
export type Ask = (criterion: TextCriterion) => boolean | undefined

/** What is known of a message so far. */
export interface Known {
  readonly subject: SearchSubject
  readonly state: MessageState
  readonly ask?: Ask
}

export type Test = (known: Known) => boolean | undefined

export interface Compiled {
  readonly test: Test
  /** Those that the test may ask. */
  readonly texts: readonly TextCriterion[]
}

export function compile(criterion: Criterion, numbers: SearchNumbers): Compiled {
  const texts: TextCriterion[] = []
  return { test: testOf(criterion, numbers, texts), texts }
}

function testOf(criterion: Criterion, numbers: SearchNumbers, texts: TextCriterion[]): Test {
  const asking = (text: TextCriterion): Test => {
    texts.push(text)
    return ({ ask }) => ask?.(text)
  }
  switch (criterion.kind) {
    case 'all':
      return () => true
    case 'and':
      return both(criterion.criteria.map((part) => testOf(part, numbers, texts)))
    case 'or':
      return negated(both(criterion.criteria.map((part) => negated(testOf(part, numbers, texts)))))
    case 'not':
      return negated(testOf(criterion.criterion, numbers, texts))
    case 'flag':
      return ({ state }) => state.flags.includes(criterion.flag)
    case 'keyword': {
      const wanted = criterion.keyword.toLowerCase()
      return ({ state }) => state.flags.some((flag) => flag.toLowerCase() === wanted)
    }
    case 'recent':
      return ({ subject }) => numbers.isRecent(subject.uid)
    case 'uid':
      return ({ subject }) => criterion.set.contains(subject.uid, numbers.largestUid)
    case 'sequence':
      return ({ subject }) => criterion.set.contains(subject.sequenceNumber, numbers.largestSequenceNumber)
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
      const then = Math.floor(numbers.now / 1000) - criterion.seconds
      const isOlder = criterion.relation === 'older'
      return ({ state }) => {
        const second = Math.floor(state.internalDate / 1000)
        return isOlder ? second <= then : second >= then
      }
    }
    case 'saved':
      return ({ subject }) => numbers.isSaved(subject.uid)
    case 'larger':
      return ({ state }) => state.sizeBytes > criterion.sizeBytes
    case 'smaller':
      return ({ state }) => state.sizeBytes < criterion.sizeBytes
    case 'modSeq':
      return ({ state }) => state.modSeq >= criterion.atLeast
    case 'emailId':
    case 'threadId':
    case 'sentDate':
      return asking(criterion)
    case 'header':
      return asking({
        kind: 'header',
        linePrefix: linePrefix(criterion.field),
        text: fold(criterion.text),
      })
    case 'body':
    case 'text':
      return asking({ kind: criterion.kind, text: fold(criterion.text) })
  }
}

/** False as soon as one is; true only when all are. */
function both(tests: readonly Test[]): Test {
  return (known) => {
    let verdict: boolean | undefined = true
    for (const test of tests) {
      const one = test(known)
      if (one === false) return false
      if (one === undefined) verdict = undefined
    }
    return verdict
  }
}

function negated(test: Test): Test {
  return (known) => {
    const verdict = test(known)
    return verdict === undefined ? undefined : !verdict
  }
}

export function relates(day: number, relation: DayRelation, other: number): boolean {
  switch (relation) {
    case 'before':
      return day < other
    case 'on':
      return day === other
    case 'since':
      return day >= other
  }
}
