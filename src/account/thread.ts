// THREAD (RFC 5256 §3): found messages as trees; the algorithms work on facts alone.
import { sortInTurns } from '../base/sorting.ts'
import { compareKeys } from '../mail/collation.ts'
import type { MessageRow } from './facts.ts'
import { ReferenceLinks, type Linked } from './thread-links.ts'
import { compareMessages, compareThreads, type Thread, type ThreadMessage } from './thread-node.ts'
import { mergeSubjects } from './thread-subjects.ts'

export type ThreadAlgorithm = 'ORDEREDSUBJECT' | 'REFERENCES' | 'REFS'

/**
 * Threads in their order. `rows` come in the order of the mailbox, at most `count`; a message without facts stands alone. `check`
 * may throw to end it.
 */
export async function threadMessages(
  rows: AsyncIterable<MessageRow>,
  count: number,
  algorithm: ThreadAlgorithm,
  check: () => void,
): Promise<Thread[]> {
  const messages: ThreadMessage[] = []
  const links = new ReferenceLinks(count)
  for await (const { subject, state, facts } of rows) {
    messages.push({
      subject,
      sentDate: facts?.sentDate ?? state.internalDate,
      baseSubject: facts?.subject ?? '',
      isReplyOrForward: facts?.isReplyOrForward === true,
    })
    if (algorithm !== 'ORDEREDSUBJECT') links.add(facts?.messageId, facts?.references ?? [])
  }
  if (algorithm === 'ORDEREDSUBJECT') return byOrderedSubject(messages, check)
  const root = await linkedThreads(messages, links.finish(), check)
  return algorithm === 'REFERENCES' ? mergeSubjects(root, check) : byLatest(root, check)
}

/** Steps 2 to 4 of REFERENCES; every family is in the order of step 6 as well. */
async function linkedThreads(
  messages: readonly ThreadMessage[],
  linked: readonly Linked[],
  check: () => void,
): Promise<Thread[]> {
  // Sorted first: whatever is put together afterwards in this order is in the order of dates by itself, so that steps 4 and 6
  // need not sort every family.
  const numbered = [...messages.entries()]
  const order = await sortInTurns(numbered, ([, a], [, b]) => compareMessages(a, b), check)
  const nodes = messages.map((message): Thread => ({ message, children: [] }))
  const dummies = new Map<number, Thread>()
  const root: Thread[] = []
  for (const [index] of order) {
    const node = nodes[index] as Thread
    const link = linked[index] as Linked
    if (link.kind === 'top') root.push(node)
    else if (link.kind === 'message') nodes[link.index]?.children.push(node)
    else {
      const dummy = dummies.get(link.dummy)
      if (dummy) dummy.children.push(node)
      else {
        // It has a place among the others from its first child (step 4).
        const made = { message: undefined, children: [node] }
        dummies.set(link.dummy, made)
        root.push(made)
      }
    }
  }
  return root
}

/** REFS: whole threads by their latest message, whatever the subjects say (draft-ietf-morg-inthread). */
async function byLatest(root: readonly Thread[], check: () => void): Promise<Thread[]> {
  const dated = root.map((thread) => ({ thread, latest: latestIn(thread) }))
  const sorted = await sortInTurns(
    dated,
    (a, b) => a.latest - b.latest || compareThreads(a.thread, b.thread),
    check,
  )
  return sorted.map(({ thread }) => thread)
}

/** Sent date of the latest message of a thread. */
function latestIn(thread: Thread): number {
  let latest = -Infinity
  const todo = [thread]
  for (let next = todo.pop(); next; next = todo.pop()) {
    if (next.message) latest = Math.max(latest, next.message.sentDate)
    for (const child of next.children) todo.push(child)
  }
  return latest
}

/** The second message of a thread is the child of the first, as are all that follow. */
async function byOrderedSubject(messages: readonly ThreadMessage[], check: () => void): Promise<Thread[]> {
  const order = await sortInTurns(
    messages,
    (a, b) => compareKeys(a.baseSubject, b.baseSubject) || compareMessages(a, b),
    check,
  )
  const threads: Thread[] = []
  let last: Thread | undefined
  for (const message of order) {
    const node: Thread = { message, children: [] }
    if (last?.message?.baseSubject === message.baseSubject) last.children.push(node)
    else {
      threads.push(node)
      last = node
    }
  }
  return sortInTurns(threads, compareThreads, check)
}
