// What LMTP and SMTP have in common: who is a recipient, and what becomes of a message. Knows no wire.
import type { Accounts, DeliveryTarget } from '../account/api.ts'
import { isRefusal, type RefusalCode } from '../account/errors.ts'
import type { Clock, Log, LogLevel } from '../base/ports.ts'
import { MemoryBudget } from './budget.ts'
import { asciiAddress } from './domain.ts'
import { distribute, NoMemory, targetName, type Recipient } from './distribute.ts'
import type { MessageBuffer } from './message-buffer.ts'
import { PartialDeliveries } from './partial.ts'
import { receive } from './receive.ts'
import { isStored, isTemporary, ReplyError, replies, replyTo, type Reply, type ReplyPolicy } from './reply.ts'
import { traceFields } from './trace.ts'

export type Dialect = 'lmtp' | 'smtp'

export interface DeskOptions extends ReplyPolicy {
  readonly accounts: Pick<Accounts, 'resolve' | 'checkDelivery' | 'deliver'>
  readonly log: Log
  readonly clock: Clock
  /** In traces. */
  readonly hostname: string
  readonly messageBytes: number
  /** For all messages in flight together. */
  readonly memoryBytes: number
}

/** One mail transaction when DATA begins. */
export interface Envelope {
  readonly dialect: Dialect
  /** Names the transaction in traces, replies and the log. */
  readonly id: string
  readonly sender: string
  /** In the order of their RCPTs; the same one may be there twice. */
  readonly recipients: readonly Recipient[]
  readonly declaredBytes: number
  readonly helo: string
  readonly remoteAddress: string
  readonly protocol: string
  readonly isUtf8: boolean
}

/** `replies`: one for each recipient. `broken`: nobody is there to hear one. `endless`: the peer must be sent away. */
export type Verdict =
  { readonly kind: 'replies'; readonly replies: readonly Reply[] } | { readonly kind: 'broken' | 'endless' }

/** Shared by all listeners, so that their messages share one budget. */
export class DeliveryDesk {
  readonly #options: DeskOptions
  readonly #budget: MemoryBudget
  readonly #partial = new PartialDeliveries()

  constructor(options: DeskOptions) {
    this.#options = options
    this.#budget = new MemoryBudget(options.memoryBytes)
  }

  /** Bytes of messages held at this moment. */
  get heldBytes(): number {
    return this.#budget.usedBytes
  }

  get messageBytes(): number {
    return this.#options.messageBytes
  }

  /** Says whether mail of this size can be delivered there. Throws ReplyError. */
  async recipient(given: string, declaredBytes: number, id: string): Promise<Recipient> {
    try {
      const target = await this.#resolve(given)
      await this.#options.accounts.checkDelivery(target, declaredBytes)
      return { target, given }
    } catch (error) {
      throw new ReplyError(this.#explain(error, id))
    }
  }

  /** An account may have been given its domain in either spelling. */
  async #resolve(given: string): Promise<DeliveryTarget> {
    const { accounts } = this.#options
    const ascii = asciiAddress(given)
    try {
      return await accounts.resolve(given)
    } catch (error) {
      if (ascii === given || !isRefusal(error, 'no-such-account')) throw error
      return accounts.resolve(ascii)
    }
  }

  /** Takes a message to the end of `source` and delivers it. What is answered 250 is durable. Never throws. */
  async message(envelope: Envelope, source: AsyncIterable<Uint8Array>): Promise<Verdict> {
    const { recipients, declaredBytes } = envelope
    const first = recipients[0]
    if (!first) return { kind: 'replies', replies: [] }
    const header = this.#trace(envelope, first)
    const received = await receive(source, header, declaredBytes, {
      messageBytes: this.#options.messageBytes,
      budget: this.#budget,
    })
    switch (received.kind) {
      case 'broken':
      case 'endless':
        return { kind: received.kind }
      case 'too-large':
        return { kind: 'replies', replies: recipients.map(() => replies.tooLarge) }
      case 'no-memory':
        return { kind: 'replies', replies: recipients.map(() => replies.noMemory) }
      case 'message':
        return { kind: 'replies', replies: await this.#distribute(envelope, received) }
    }
  }

  async #distribute(
    envelope: Envelope,
    { buffer, headerBytes }: { readonly buffer: MessageBuffer; readonly headerBytes: number },
  ): Promise<readonly Reply[]> {
    const { recipients, dialect, sender } = envelope
    const now = this.#options.clock.now()
    const key =
      dialect === 'smtp' && (recipients.length > 1 || this.#partial.size > 0)
        ? PartialDeliveries.key(sender, buffer.bytes.subarray(headerBytes))
        : undefined
    const stored = new Set(key === undefined ? [] : this.#partial.stored(key, now))
    const remaining = recipients.filter((recipient) => !stored.has(targetName(recipient)))
    const outcomes = await distribute({
      buffer,
      headerBytes,
      tracedFor: recipients[0],
      recipients: remaining,
      traceFor: (recipient) => this.#trace(envelope, recipient),
      deliver: (target, message) => this.#options.accounts.deliver(target, message),
      budget: this.#budget,
    })
    const saved: Reply = { code: 250, text: `2.0.0 ${envelope.id} saved` }
    const results = new Map<string, Reply>()
    remaining.forEach((recipient, index) => {
      const error = outcomes[index]?.error
      const reply = error === undefined ? saved : this.#explain(error, envelope.id)
      if (!results.has(targetName(recipient))) this.#report(envelope, recipient, reply)
      if (error === undefined) stored.add(targetName(recipient))
      results.set(targetName(recipient), reply)
    })
    const all = recipients.map((recipient) => results.get(targetName(recipient)) ?? saved)
    if (dialect === 'lmtp') return all
    if (key !== undefined) {
      if (all.every(isStored)) this.#partial.forget(key)
      else if (stored.size > 0) this.#partial.remember(key, stored, now)
    }
    return [oneForAll(all, saved)]
  }

  #trace(envelope: Envelope, recipient: Recipient): Buffer {
    return traceFields({
      ...envelope,
      recipient: recipient.given,
      hostname: this.#options.hostname,
      now: this.#options.clock.now(),
    })
  }

  #explain(error: unknown, id: string): Reply {
    if (error instanceof NoMemory) return replies.noMemory
    const { log } = this.#options
    if (isRefusal(error)) log.write(levelOf(error.code), 'delivery.refused', { sid: id, reason: error.code })
    else log.write('error', 'delivery.fault', { sid: id, error: describe(error) })
    return replyTo(error, this.#options, id)
  }

  #report({ id, dialect, remoteAddress }: Envelope, { target }: Recipient, reply: Reply): void {
    const fields = { sid: id, proto: dialect, user: target.address, rip: remoteAddress, code: reply.code }
    if (isStored(reply)) this.#options.log.write('info', 'delivery.stored', fields)
    else this.#options.log.write('warn', 'delivery.failed', { ...fields, status: reply.text.split(' ')[0] })
  }
}

/** Keys and disks are the admin's business; users who do not exist are nobody's. */
function levelOf(code: RefusalCode): LogLevel {
  if (code === 'damaged' || code === 'unavailable') return 'error'
  return code === 'no-such-account' ? 'debug' : 'info'
}

/** The kind of a fault, never its text: that could quote what was being stored. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  return `${error.name}${code}`
}

/**
 * SMTP's one answer. 250 only when all have it. When nobody has it, the reply of the first that may yet succeed, else of the
 * first. When some have it, 451: the sender comes again, and those who have it are passed over then.
 */
function oneForAll(all: readonly Reply[], saved: Reply): Reply {
  if (all.every(isStored)) return saved
  if (all.some(isStored)) return replies.partly
  return all.find(isTemporary) ?? all[0] ?? saved
}
