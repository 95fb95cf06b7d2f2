// What LMTP and SMTP have in common: who is a recipient, and what becomes of a message. Knows no wire.
import type { Accounts } from '../account/api.ts'
import { isRefusal, type RefusalCode } from '../account/errors.ts'
import type { Clock, Log, LogLevel } from '../base/ports.ts'
import { MemoryBudget } from './budget.ts'
import { asciiAddress } from '../base/domain.ts'
import { distribute, NoMemory, targetName, type Accepted, type Recipient } from './distribute.ts'
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
  /** Who has mail that is asked for again. */
  readonly partial: PartialDeliveries
}

/** One mail transaction when DATA begins. */
export interface Envelope {
  readonly dialect: Dialect
  /** Names the transaction in traces, replies and the log. */
  readonly id: string
  readonly sender: string
  /** In the order of their RCPTs; the same one may be there twice. */
  readonly recipients: readonly Accepted[]
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
  readonly #partial: PartialDeliveries

  constructor(options: DeskOptions) {
    this.#options = options
    this.#partial = options.partial
    this.#budget = new MemoryBudget(options.memoryBytes)
  }

  /** Bytes of messages held at this moment. */
  get heldBytes(): number {
    return this.#budget.usedBytes
  }

  /** What a peer is told of an error that is none of a message's. */
  replyTo(error: unknown): Reply {
    return this.#explain(error, 'domain')
  }

  get messageBytes(): number {
    return this.#options.messageBytes
  }

  /**
   * Says whether mail of this size can be delivered there: of an alias, to one of those whom it leads to. What others lack turns out when
   * the message is there. Throws ReplyError.
   */
  async recipient(given: string, declaredBytes: number, id: string): Promise<Accepted> {
    const { accounts } = this.#options
    try {
      // An account may have been given its domain in either spelling.
      const targets = await accounts.resolve(given, asciiAddress(given))
      const refused: Reply[] = []
      for (const target of targets) {
        try {
          await accounts.checkDelivery(target, declaredBytes)
          return { targets, given }
        } catch (error) {
          refused.push(this.#explain(error, id))
        }
      }
      throw new ReplyError(refused.find(isTemporary) ?? refused[0] ?? replies.internal)
    } catch (error) {
      throw error instanceof ReplyError ? error : new ReplyError(this.#explain(error, id))
    }
  }

  /** Takes a message to the end of `source` and delivers it. What is answered 250 is durable. Never throws. */
  async message(envelope: Envelope, source: AsyncIterable<Uint8Array>): Promise<Verdict> {
    const { recipients, declaredBytes } = envelope
    const first = recipients[0]
    if (!first) return { kind: 'replies', replies: [] }
    const header = this.#trace(envelope, first.given)
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
    const all = recipients.flatMap(copies)
    // Who shares an answer with others: when it is 451 they are tried again together, and must not get it twice.
    const sharing =
      dialect === 'smtp' ? all : recipients.filter(({ targets }) => targets.length > 1).flatMap(copies)
    const isShared = sharing.length > 1 || (dialect === 'smtp' && this.#partial.size > 0)
    const key = isShared ? this.#partial.key(sender, buffer.bytes.subarray(headerBytes)) : undefined
    const hasIt = (recipient: Recipient): boolean =>
      key !== undefined && this.#partial.has(key, targetName(recipient), now)
    const remaining = all.filter((recipient) => !hasIt(recipient))
    const stored = new Set<string>()
    const outcomes = await distribute({
      buffer,
      headerBytes,
      tracedFor: all[0],
      recipients: remaining,
      traceFor: ({ given }) => this.#trace(envelope, given),
      deliver: (target, message) => this.#options.accounts.deliver(target, message),
      budget: this.#budget,
    })
    const saved: Reply = { code: 250, text: `2.0.0 ${envelope.id} saved` }
    const results = new Map<string, Reply>()
    remaining.forEach((recipient, index) => {
      const error = outcomes[index]?.error
      const reply = error === undefined ? saved : this.#undelivered(error, envelope.id)
      if (!results.has(targetName(recipient))) this.#report(envelope, recipient, reply, error)
      if (error === undefined) stored.add(targetName(recipient))
      results.set(targetName(recipient), reply)
    })
    const replyFor = (recipient: Recipient): Reply => results.get(targetName(recipient)) ?? saved
    if (key !== undefined) {
      if (sharing.map(replyFor).every(isStored)) await this.#partial.forget(key)
      else await this.#partial.remember(key, stored, now)
    }
    if (dialect === 'smtp') return [oneForAll(all.map(replyFor), saved)]
    return recipients.map((accepted) => oneForAll(copies(accepted).map(replyFor), saved))
  }

  #trace(envelope: Envelope, recipient: string): Buffer {
    return traceFields({
      ...envelope,
      recipient,
      hostname: this.#options.hostname,
      now: this.#options.clock.now(),
    })
  }

  /** Who was there at RCPT, and is not any more, may have another address, or be behind an alias: when the sender comes again, RCPT tells. */
  #undelivered(error: unknown, id: string): Reply {
    if (isRefusal(error, 'no-such-account')) return replies.gone
    return error instanceof NoMemory ? replies.noMemory : replyTo(error, this.#options, id)
  }

  #explain(error: unknown, id: string): Reply {
    if (error instanceof NoMemory) return replies.noMemory
    const { log } = this.#options
    if (isRefusal(error)) log.write(levelOf(error.code), 'delivery.refused', { sid: id, reason: error.code })
    else log.write('error', 'delivery.fault', { sid: id, error: describe(error) })
    return replyTo(error, this.#options, id)
  }

  /** One line for each recipient. */
  #report(
    { id, dialect, remoteAddress }: Envelope,
    { target }: Recipient,
    reply: Reply,
    error: unknown,
  ): void {
    const { log } = this.#options
    const fields = { sid: id, proto: dialect, user: target.address, rip: remoteAddress, code: reply.code }
    const failed = { ...fields, status: reply.text.split(' ')[0] }
    if (isStored(reply)) log.write('info', 'delivery.stored', fields)
    else if (error instanceof NoMemory)
      log.write('warn', 'delivery.failed', { ...failed, reason: 'no-memory' })
    else if (isRefusal(error))
      log.write(levelOf(error.code) === 'error' ? 'error' : 'warn', 'delivery.failed', {
        ...failed,
        reason: error.code,
      })
    else log.write('error', 'delivery.fault', { ...failed, error: describe(error) })
  }
}

/** Everybody to whom a RCPT leads. */
function copies({ targets, given }: Accepted): Recipient[] {
  return targets.map((target) => ({ target, given }))
}

/** Keys and disks are the admin's business; users who do not exist are nobody's. */
function levelOf(code: RefusalCode): LogLevel {
  if (code === 'damaged' || code === 'unavailable') return 'error'
  return code === 'no-such-account' || code === 'no-such-domain' ? 'debug' : 'info'
}

/** The kind of a fault, never its text: that could quote what was being stored. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  return `${error.name}${code}`
}

/**
 * One answer for several: of SMTP for all recipients, and for all to whom an alias leads. 250 only when all have it. When nobody has it, the reply of the first that may yet succeed, else of the
 * first. When some have it, 451: the sender comes again, and those who have it are passed over then.
 */
function oneForAll(all: readonly Reply[], saved: Reply): Reply {
  if (all.every(isStored)) return saved
  if (all.some(isStored)) return replies.partly
  return all.find(isTemporary) ?? all[0] ?? saved
}
