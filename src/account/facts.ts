// The facts of many messages, for SORT, THREAD and THREADID: from their headers, a batch at a time.
import { breathe } from '../base/async.ts'
import { messageFacts, type MessageFacts } from '../mail/message-facts.ts'
import type { SelectedMailbox, Uid } from './api.ts'
import { isRefusal } from './errors.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { MessageParts, openContents } from './message-parts.ts'

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
  { budget, check }: FactsOptions,
): AsyncGenerator<FoundFacts> {
  let count = 0
  for await (const opened of openContents(mailbox, uids)) {
    check()
    count += 1
    if (count % atOnce === 0) await breathe()
    const { uid } = opened
    if ('damage' in opened) yield { uid, facts: undefined }
    else yield { uid, facts: await factsOf(new MessageParts(opened.content, budget)) }
  }
}

/** The facts of one opened message; undefined when its body does not authenticate. */
async function factsOf(parts: MessageParts): Promise<MessageFacts | undefined> {
  try {
    return messageFacts(await parts.header())
  } catch (error) {
    if (!isRefusal(error, 'damaged')) throw error
    return undefined
  }
}
