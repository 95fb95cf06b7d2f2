// Steps 5 and 6 of THREAD=REFERENCES (RFC 5256 §3): threads of one subject are brought together.
import { sortInTurns } from '../base/sorting.ts'
import { compareThreads, firstOf, type Thread } from './thread-node.ts'

/** Takes and gives the children of the root; all siblings are in the order of `compareThreads`, before and afterwards. */
export async function mergeSubjects(root: readonly Thread[], check: () => void): Promise<Thread[]> {
  const table = subjectTable(root)
  const merged = new Set<Thread>()
  const grown = new Set<Thread>()
  const added: Thread[] = []
  // Step 5.C
  for (const thread of root) {
    const subject = subjectOf(thread)
    const known = table.get(subject)
    if (subject === '' || !known || known === thread) continue
    merged.add(thread)
    if (!known.message) {
      for (const child of thread.message ? [thread] : thread.children) known.children.push(child)
      grown.add(known)
    } else if (isReply(thread) && !isReply(known)) {
      known.children.push(thread)
      grown.add(known)
    } else {
      const dummy = { message: undefined, children: [known, thread] }
      merged.add(known)
      table.set(subject, dummy)
      added.push(dummy)
      grown.add(dummy)
    }
  }
  // Step 6: only these families and the root are out of order.
  for (const thread of grown) thread.children = await sortInTurns(thread.children, compareThreads, check)
  const tops = [...root.filter((thread) => !merged.has(thread)), ...added]
  return sortInTurns(tops, compareThreads, check)
}

/** Step 5.B: of each subject a dummy if there is one, else the first message that is no reply, else the first. */
function subjectTable(root: readonly Thread[]): Map<string, Thread> {
  const table = new Map<string, Thread>()
  for (const thread of root) {
    const subject = subjectOf(thread)
    if (subject === '') continue
    const known = table.get(subject)
    const isBetter = known?.message && (!thread.message || (isReply(known) && !isReply(thread)))
    if (!known || isBetter) table.set(subject, thread)
  }
  return table
}

function subjectOf(thread: Thread): string {
  return firstOf(thread)?.baseSubject ?? ''
}

function isReply({ message }: Thread): boolean {
  return message?.isReplyOrForward === true
}
