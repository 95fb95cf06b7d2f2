// Puts messages into a mailbox, many in one commit; one that is refused does not take the others with it.
import type { Flag, OpenAccount, Uid } from '../account/api.ts'
import { isRefusal, type RefusalCode } from '../account/errors.ts'
import type { ZonedDate } from '../mail/date.ts'
import { isSystemFlag } from './flags.ts'

export interface NewMessage {
  readonly octets: Buffer
  readonly date: ZonedDate
  readonly flags: readonly Flag[]
  /** Called once, when it is durable, or when it was refused; `kept` are the flags it has. */
  readonly done: (
    outcome: { readonly uid: Uid; readonly kept: readonly Flag[] } | { readonly reason: string },
  ) => void
}

/** So many messages, or so many octets, wait for one commit. */
const messagesAtOnce = 200
const octetsAtOnce = 4 * 1024 * 1024

/** What concerns one message alone; everything else ends the import. */
const ofOneMessage: ReadonlySet<RefusalCode> = new Set(['message-too-large', 'not-encodable', 'limit'])

async function* once(octets: Buffer): AsyncGenerator<Uint8Array> {
  yield octets
}

export class Appender {
  readonly #account: OpenAccount
  readonly #name: string
  #waiting: NewMessage[] = []
  #octets = 0

  constructor(account: OpenAccount, name: string) {
    this.#account = account
    this.#name = name
  }

  async add(message: NewMessage): Promise<void> {
    if (this.#waiting.length > 0 && this.#octets + message.octets.length > octetsAtOnce) await this.flush()
    this.#waiting.push(message)
    this.#octets += message.octets.length
    if (this.#waiting.length >= messagesAtOnce) await this.flush()
  }

  /** Durable when it resolves. Refusals: 'over-quota', 'unavailable', 'busy', 'mailbox-not-found'. */
  async flush(): Promise<void> {
    const messages = this.#waiting
    this.#waiting = []
    this.#octets = 0
    if (messages.length === 0) return
    try {
      const uids = await this.#append(messages)
      for (const [index, { done, flags }] of messages.entries()) {
        const uid = uids[index]
        if (uid !== undefined) done({ uid, kept: flags })
      }
    } catch (error) {
      if (!isRefusal(error) || !ofOneMessage.has(error.code)) throw error
      // Nothing of them is there: one after another shows which it was.
      for (const message of messages) await this.#appendAlone(message)
    }
  }

  async #append(messages: readonly NewMessage[]): Promise<readonly Uid[]> {
    const staged = this.#account.stageAppend(this.#name)
    try {
      for (const { octets, flags, date } of messages) {
        const { epochMs, zoneMinutes } = date
        await staged.add(once(octets), { flags, internalDate: epochMs, zoneMinutes })
      }
      return (await staged.commit()).uids
    } finally {
      await staged.discard()
    }
  }

  /** Rather without its keywords than not at all: a mailbox takes only so many. */
  async #appendAlone(message: NewMessage): Promise<void> {
    const system = message.flags.filter(isSystemFlag)
    for (const flags of system.length < message.flags.length ? [message.flags, system] : [message.flags]) {
      try {
        const [uid] = await this.#append([{ ...message, flags }])
        if (uid !== undefined) message.done({ uid, kept: flags })
        return
      } catch (error) {
        if (!isRefusal(error) || !ofOneMessage.has(error.code)) throw error
        if (error.code !== 'limit' || flags === system || system.length === message.flags.length) {
          message.done({ reason: `was refused: ${error.message}` })
          return
        }
      }
    }
  }
}
