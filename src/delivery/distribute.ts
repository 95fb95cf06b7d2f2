// One received message to its recipients: each gets its own trace, is sealed on its own, and has an outcome of its own.
import { concat } from '../base/bytes.ts'
import type { DeliveryTarget } from '../account/api.ts'
import { normaliseLineEnds } from '../mail/normalise.ts'
import type { MemoryBudget } from './budget.ts'
import type { MessageBuffer } from './message-buffer.ts'

/** One accepted RCPT: an alias may stand for many. */
export interface Accepted {
  /** At least one. */
  readonly targets: readonly DeliveryTarget[]
  /** As the peer wrote it. */
  readonly given: string
}

/** Somebody who is to get a copy. */
export interface Recipient {
  readonly target: DeliveryTarget
  /** The RCPT that leads there, as the peer wrote it. */
  readonly given: string
}

export interface Outcome {
  readonly error?: unknown
}

/** The budget has no room for this recipient's copy. */
export class NoMemory extends Error {
  override readonly name = 'NoMemory'
}

export interface Distribution {
  /** Begins with the trace of `tracedFor`; wiped here, whatever happens. */
  readonly buffer: MessageBuffer
  readonly tracedFor: Recipient | undefined
  readonly headerBytes: number
  readonly recipients: readonly Recipient[]
  readonly traceFor: (recipient: Recipient) => Buffer
  readonly deliver: (target: DeliveryTarget, message: Buffer) => Promise<void>
  readonly budget: MemoryBudget
}

// Recipients of small messages are served together, so that they share the store's commits; large ones cost a copy each.
const smallBytes = 256 * 1024
const lanes = 8

/** A message in canonical form; `wipe` when done. Undefined when the budget has no room for making it. */
function canonical({ buffer, budget }: Distribution): { bytes: Buffer; wipe: () => void } | undefined {
  const raw = buffer.bytes
  // At worst every octet is a lone LF and is doubled.
  if (!budget.reserve(raw.length)) return undefined
  const bytes = normaliseLineEnds(raw)
  if (bytes.length === raw.length) {
    budget.release(raw.length)
    return { bytes: raw, wipe: () => undefined }
  }
  return {
    bytes,
    wipe() {
      bytes.fill(0)
      budget.release(raw.length)
    },
  }
}

async function serve(given: Distribution, message: Buffer, recipient: Recipient): Promise<Outcome> {
  const { headerBytes, tracedFor, traceFor, deliver, budget } = given
  if (recipient === tracedFor) return attempt(() => deliver(recipient.target, message))
  const trace = traceFor(recipient)
  const copyBytes = trace.length + message.length - headerBytes
  if (!budget.reserve(copyBytes)) return { error: new NoMemory('no memory for a copy') }
  const copy = concat(trace, message.subarray(headerBytes))
  try {
    return await attempt(() => deliver(recipient.target, copy))
  } finally {
    copy.fill(0)
    budget.release(copyBytes)
  }
}

async function attempt(run: () => Promise<void>): Promise<Outcome> {
  try {
    await run()
    return {}
  } catch (error) {
    return { error }
  }
}

/**
 * Delivers to each recipient; element i of the result belongs to recipient i. `undefined` error: durable. The same target
 * given twice gets one copy and two equal outcomes. Never throws.
 */
export async function distribute(given: Distribution): Promise<readonly Outcome[]> {
  const { buffer, recipients } = given
  const message = canonical(given)
  if (!message) {
    buffer.wipe()
    return recipients.map(() => ({ error: new NoMemory('no memory for line ends') }))
  }
  const outcomes = new Map<string, Outcome>()
  const names = [...new Set(recipients.map(targetName))]
  let next = 0
  const lane = async (): Promise<void> => {
    for (let name = names[next++]; name !== undefined; name = names[next++]) {
      const recipient = recipients.find((candidate) => targetName(candidate) === name)
      if (recipient) outcomes.set(name, await serve(given, message.bytes, recipient))
    }
  }
  const count = message.bytes.length <= smallBytes ? lanes : 1
  await Promise.all(Array.from({ length: count }, lane))
  message.wipe()
  buffer.wipe()
  return recipients.map(
    (recipient) => outcomes.get(targetName(recipient)) ?? { error: new Error('not served') },
  )
}

/** Equal for recipients that are one and the same. */
export function targetName({ target }: Recipient): string {
  return `${target.address}\n${target.detail}`
}
