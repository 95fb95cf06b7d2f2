// One session's hold on an unlocked account: the operations of api.ts, over the modules that do them.
import { collect } from '../base/async.ts'
import { normaliseStream } from '../mail/normalise.ts'
import type {
  AppendOptions,
  MailboxInfo,
  MailboxStatus,
  OpenAccount,
  SelectedMailbox,
  SessionInfo,
  SpecialUse,
  Uid,
  UidValidity,
} from './api.ts'
import { append } from './append.ts'
import { Refusal } from './errors.ts'
import type { Housekeeping } from './housekeeping.ts'
import {
  createMailbox,
  deleteMailbox,
  describe,
  listMailboxes,
  renameMailbox,
  setSubscribed,
} from './mailboxes.ts'
import { canonicalName } from './names.ts'
import { Selected } from './selected.ts'
import { refusing, type UnlockedAccount } from './unlocked-account.ts'

/** SELECT and STATUS of INBOX wait at most so long for mail that came before the login: clients sync what they see first. */
const backlogWaitMs = 10_000

export class OpenSession implements OpenAccount {
  readonly address: string
  readonly sessionId: string
  readonly info: SessionInfo
  readonly slotKind: string
  readonly since: number
  readonly account: UnlockedAccount
  readonly #housekeeping: Housekeeping
  readonly #maxMessageBytes: number
  readonly #selected = new Set<Selected>()
  readonly #release: (session: OpenSession) => Promise<void>
  #isClosed = false

  constructor(fields: {
    readonly address: string
    readonly sessionId: string
    readonly info: SessionInfo
    readonly slotKind: string
    readonly account: UnlockedAccount
    readonly housekeeping: Housekeeping
    readonly maxMessageBytes: number
    readonly release: (session: OpenSession) => Promise<void>
  }) {
    this.address = fields.address
    this.sessionId = fields.sessionId
    this.info = fields.info
    this.slotKind = fields.slotKind
    this.account = fields.account
    this.since = fields.account.site.clock.now()
    this.#housekeeping = fields.housekeeping
    this.#maxMessageBytes = fields.maxMessageBytes
    this.#release = fields.release
  }

  mailboxes(): readonly MailboxInfo[] {
    return listMailboxes(this.account)
  }

  subscriptions(): readonly string[] {
    return [...this.account.state.subscriptions].sort()
  }

  mailbox(name: string): MailboxInfo | undefined {
    const table = this.account.state.byName(canonicalName(name))
    return table && describe(this.account, table)
  }

  createMailbox(name: string, options: { readonly specialUse?: SpecialUse } = {}): Promise<MailboxInfo> {
    return refusing(() => createMailbox(this.account, name, options.specialUse))
  }

  deleteMailbox(name: string): Promise<void> {
    return refusing(() => deleteMailbox(this.account, name))
  }

  renameMailbox(from: string, to: string): Promise<void> {
    return refusing(() => renameMailbox(this.account, from, to))
  }

  subscribe(name: string): Promise<void> {
    return refusing(() => setSubscribed(this.account, name, true))
  }

  unsubscribe(name: string): Promise<void> {
    return refusing(() => setSubscribed(this.account, name, false))
  }

  async #caughtUp(name: string): Promise<void> {
    if (name === 'INBOX') await this.#housekeeping.caughtUp(backlogWaitMs)
  }

  async status(given: string): Promise<MailboxStatus> {
    const name = canonicalName(given)
    await this.#caughtUp(name)
    return refusing(async () => (await this.account.mailbox(name)).status())
  }

  async select(given: string, options: { readonly isReadOnly: boolean }): Promise<SelectedMailbox> {
    const name = canonicalName(given)
    await this.#caughtUp(name)
    const selected = await refusing(() => Selected.open(this.account, name, options.isReadOnly))
    this.#selected.add(selected)
    return selected
  }

  async append(
    name: string,
    source: AsyncIterable<Uint8Array>,
    options: AppendOptions,
  ): Promise<{ uidValidity: UidValidity; uid: Uid }> {
    const message = await this.#readMessage(source)
    return refusing(() => append(this.account, canonicalName(name), message, options))
  }

  /** Reads to the end in any case: what a client has begun to send it sends whole. */
  async #readMessage(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
    const limit = this.#maxMessageBytes
    const state = { excess: false }
    async function* bounded(): AsyncGenerator<Uint8Array> {
      let length = 0
      for await (const piece of normaliseStream(source)) {
        length += piece.length
        if (length > limit) state.excess = true
        else yield piece
      }
    }
    const message = await collect(bounded())
    if (state.excess) throw new Refusal('message-too-large', 'The message is larger than this server takes')
    return message
  }

  async quota(): Promise<{ usedBytes: number; limitBytes: number | undefined }> {
    const info = await refusing(() => this.account.site.store.info(this.account.id))
    return { usedBytes: info?.usageBytes ?? 0, limitBytes: info?.quotaBytes }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const selected of this.#selected) selected.close()
    await this.#release(this)
  }
}
