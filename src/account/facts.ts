// The facts of many messages, for SORT, THREAD and THREADID: from pages of search text, else from their headers.
import { breathe } from '../base/async.ts'
import { messageFacts, type MessageFacts } from '../mail/message-facts.ts'
import type { MessageState, SelectedMailbox, Uid } from './api.ts'
import type { SearchSubject } from './criterion-test.ts'
import { isRefusal } from './errors.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { MessageParts, openContents } from './message-parts.ts'
import { pageFacts } from './page-facts.ts'
import { lowerBound } from './uid-ranges.ts'

export interface FactsOptions {
  readonly budget: MemoryBudget
  /** Called between messages; throws when nobody waits for the result any more. */
  readonly check: () => void
}

export interface FoundFacts {
  readonly uid: Uid
  /** Undefined: the message is damaged. */
  readonly facts: MessageFacts | undefined
}

/** Headers looked at between two breaths. */
const atOnce = 64

/** Facts of those of `uids` (ascending) that exist, in order; messages that vanish meanwhile are passed over. */
export async function* readFacts(
  mailbox: SelectedMailbox,
  uids: readonly Uid[],
  options: FactsOptions,
): AsyncGenerator<FoundFacts> {
  let next = 0
  for await (const page of mailbox.textPages?.(uids) ?? []) {
    options.check()
    const found = await pageFacts(page)
    for (const { index, facts } of found) {
      const uid = (page.uids[index] ?? 0) as Uid
      const at = lowerBound(uids, uid, next)
      const state = uids[at] === uid ? mailbox.state(uid) : undefined
      if (!state || !page.isOf(index, state)) continue
      if (at > next) yield* openedFacts(mailbox, uids.slice(next, at), options)
      yield { uid, facts: facts.message }
      next = at + 1
    }
    await breathe()
  }
  if (next < uids.length) yield* openedFacts(mailbox, uids.slice(next), options)
}

/** The same from their headers. */
async function* openedFacts(
  mailbox: SelectedMailbox,
  uids: readonly Uid[],
  { budget, check }: FactsOptions,
): AsyncGenerator<FoundFacts> {
  let count = 0
  for await (const opened of openContents(mailbox, uids)) {
    check()
    count += 1
    if (count % atOnce === 0) await breathe()
    const { uid } = opened
    try {
      if ('damage' in opened) yield { uid, facts: undefined }
      else yield { uid, facts: messageFacts(await new MessageParts(opened.content, budget).header()) }
    } catch (error) {
      if (isRefusal(error, 'message-expunged')) continue
      if (!isRefusal(error, 'damaged')) throw error
      yield { uid, facts: undefined }
    }
  }
}

/** A message to be sorted or threaded. */
export interface MessageRow {
  readonly subject: SearchSubject
  readonly state: Pick<MessageState, 'internalDate' | 'sizeBytes'>
  /** Undefined: the message is damaged, or its facts were not asked for. */
  readonly facts: MessageFacts | undefined
}

/** Those of `subjects` (ascending) that still exist, in order. UIDs of damaged ones are added to `damaged`. */
export async function* readRows(
  mailbox: SelectedMailbox,
  subjects: readonly SearchSubject[],
  options: FactsOptions & { readonly needsFacts: boolean; readonly damaged: Uid[] },
): AsyncGenerator<MessageRow> {
  if (!options.needsFacts) {
    for (const subject of subjects) {
      const state = mailbox.state(subject.uid)
      if (state) yield { subject, state, facts: undefined }
    }
    return
  }
  const byUid = new Map(subjects.map((subject) => [subject.uid, subject]))
  for await (const { uid, facts } of readFacts(mailbox, [...byUid.keys()], options)) {
    const subject = byUid.get(uid)
    const state = mailbox.state(uid)
    if (!subject || !state) continue
    if (!facts) options.damaged.push(uid)
    yield { subject, state, facts }
  }
}
