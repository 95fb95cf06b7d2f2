// Reads one message into memory: within the size limit, the shared budget and a time, and to its end in any case.
import type { MemoryBudget } from './budget.ts'
import { MessageBuffer } from './message-buffer.ts'

export interface ReceiveLimits {
  readonly messageBytes: number
  readonly budget: MemoryBudget
}

/** `broken`: the peer went away, nobody waits for an answer. `endless`: it must be sent away. */
export type Received =
  | { readonly kind: 'message'; readonly buffer: MessageBuffer; readonly headerBytes: number }
  | { readonly kind: 'too-large' | 'no-memory' | 'broken' | 'endless' }

/** So many times the limit are read away behind the end of what is accepted, to give the answer where it belongs. */
const patience = 4

/**
 * The message behind `header`, which is put before it. A message that cannot be kept is wiped at once, and the rest of it
 * read and dropped. Never throws.
 */
export async function receive(
  source: AsyncIterable<Uint8Array>,
  header: Uint8Array,
  declaredBytes: number,
  { messageBytes, budget }: ReceiveLimits,
): Promise<Received> {
  const buffer = new MessageBuffer(budget)
  // What is declared is no promise: it spares growing for ordinary messages, and reserves nothing for lies.
  const expectedBytes = header.length + Math.min(declaredBytes, 128 * 1024) + 1024
  let problem: 'too-large' | 'no-memory' | undefined
  if (!buffer.reserve(expectedBytes) || !buffer.append(header)) problem = 'no-memory'
  let seenBytes = 0
  try {
    for await (const chunk of source) {
      seenBytes += chunk.length
      if (problem === undefined) {
        if (seenBytes > messageBytes) problem = 'too-large'
        else if (!buffer.append(chunk)) problem = 'no-memory'
        if (problem !== undefined) buffer.wipe()
      }
      if (seenBytes > messageBytes * patience) return { kind: 'endless' }
    }
  } catch {
    buffer.wipe()
    return { kind: 'broken' }
  }
  if (problem === undefined) return { kind: 'message', buffer, headerBytes: header.length }
  buffer.wipe()
  return { kind: problem }
}
