// The nodes of thread trees, and the order of siblings.
import type { SearchSubject } from './criterion-test.ts'

/** What threading looks at; everything else of a message's facts is let go as soon as the message was read. */
export interface ThreadMessage {
  readonly subject: SearchSubject
  /** Milliseconds since 1970 (RFC 5256 §2.2). */
  readonly sentDate: number
  /** Key of the base subject. */
  readonly baseSubject: string
  readonly isReplyOrForward: boolean
}

/** A message with its answers, or (at the top only) what binds several messages together: a dummy, with two children or more. */
export interface Thread {
  readonly message: ThreadMessage | undefined
  children: Thread[]
}

/** By sent date, then by place in the mailbox. */
export function compareMessages(a: ThreadMessage, b: ThreadMessage): number {
  return a.sentDate - b.sentDate || a.subject.uid - b.subject.uid
}

/** Order of siblings (RFC 5256 §3, REFERENCES, step 6): a dummy stands where its first child would. */
export function compareThreads(a: Thread, b: Thread): number {
  const [ofA, ofB] = [firstOf(a), firstOf(b)]
  return ofA && ofB ? compareMessages(ofA, ofB) : 0
}

/** The message itself, or a dummy's first child, which is never a dummy. */
export function firstOf(thread: Thread): ThreadMessage | undefined {
  return thread.message ?? thread.children[0]?.message
}
