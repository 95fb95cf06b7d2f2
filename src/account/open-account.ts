// One session's hold on an unlocked account: the operations of api.ts, over the modules that do them.
import type { AccountEvent } from './account-event.ts'
import type {
  AppendOptions,
  MailboxInfo,
  MailboxStatus,
  OpenAccount,
  Replaced,
  SelectedMailbox,
  SessionInfo,
  SpecialUse,
  StagedAppend,
  Uid,
  UidValidity,
} from './api.ts'
import { annotationsOf, setAnnotations } from './annotations.ts'
import { Refusal } from './errors.ts'
import type { Housekeeping } from './housekeeping.ts'
import {
  createMailbox,
  deletedBytesOf,
  deleteMailbox,
  describe,
  listMailboxes,
  renameMailbox,
  setSubscribed,
  statusOf,
} from './mailboxes.ts'
import { canonicalName } from './names.ts'
import { Selected } from './selected.ts'
import { refusing } from './refusing.ts'
import type { OpenedSlot } from './slots.ts'
import { Staging } from './staged-append.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** SELECT and STATUS of INBOX wait at most so long for mail that came before the login: clients sync what they see first. */
const backlogWaitMs = 10_000

export class OpenSession implements OpenAccount {
  readonly address: string
  readonly sessionId: string
  readonly info: SessionInfo
  readonly slot: OpenedSlot
  readonly since: number
  /** What the client calls itself (RFC 2971); nothing of it is to be believed. */
  client: string | undefined
  capabilitiesOff: readonly string[] = []
  readonly account: UnlockedAccount
  readonly housekeeping: Housekeeping
  readonly active: () => void
  /** Called when the client says what it is. */
  onClient: () => void = () => undefined
  readonly maxMessageBytes: number
  readonly #selected = new Set<Selected>()
  readonly #watches = new Set<() => void>()
  readonly #release: (session: OpenSession) => Promise<void>
  #closing: Promise<void> | undefined

  constructor(fields: {
    readonly address: string
    readonly sessionId: string
    readonly info: SessionInfo
    readonly slot: OpenedSlot
    readonly account: UnlockedAccount
    readonly housekeeping: Housekeeping
    readonly maxMessageBytes: number
    readonly active: () => void
    readonly release: (session: OpenSession) => Promise<void>
  }) {
    this.address = fields.address
    this.sessionId = fields.sessionId
    this.info = fields.info
    this.slot = fields.slot
    this.client = fields.info.client
    this.active = fields.active
    this.account = fields.account
    this.since = fields.account.site.clock.now()
    this.housekeeping = fields.housekeeping
    this.maxMessageBytes = fields.maxMessageBytes
    this.#release = fields.release
  }

  /** Throws once the session was closed: others may still have the account open. */
  #mustBeOpen(): void {
    if (this.#closing) throw new Refusal('unavailable', 'The session has ended')
  }

  /** Runs an operation of this session; what the modules throw comes out as refusals. */
  #run<T>(task: (account: UnlockedAccount) => Promise<T>): Promise<T> {
    return refusing(async () => {
      this.#mustBeOpen()
      return task(this.account)
    })
  }

  mailboxes(): readonly MailboxInfo[] {
    this.#mustBeOpen()
    return listMailboxes(this.account)
  }

  subscriptions(): readonly string[] {
    this.#mustBeOpen()
    return [...this.account.state.subscriptions].sort()
  }

  mailbox(name: string): MailboxInfo | undefined {
    this.#mustBeOpen()
    const table = this.account.state.byName(canonicalName(name))
    return table && describe(this.account, table)
  }

  createMailbox(name: string, options: { readonly specialUse?: SpecialUse } = {}): Promise<MailboxInfo> {
    return this.#run((account) => createMailbox(account, name, options.specialUse, this))
  }

  deleteMailbox(name: string): Promise<void> {
    return this.#run((account) => deleteMailbox(account, name, this))
  }

  renameMailbox(from: string, to: string): Promise<void> {
    return this.#run((account) => renameMailbox(account, from, to, this))
  }

  subscribe(name: string): Promise<void> {
    return this.#run((account) => setSubscribed(account, name, true, this))
  }

  unsubscribe(name: string): Promise<void> {
    return this.#run((account) => setSubscribed(account, name, false, this))
  }

  async #caughtUp(name: string): Promise<void> {
    if (name === 'INBOX') await this.housekeeping.caughtUp(backlogWaitMs)
  }

  status(given: string): Promise<MailboxStatus> {
    const name = canonicalName(given)
    return this.#run(async (account) => {
      await this.#caughtUp(name)
      return statusOf(account, name)
    })
  }

  deletedBytes(name: string): Promise<number> {
    return this.#run((account) => deletedBytesOf(account, canonicalName(name)))
  }

  select(given: string, options: { readonly isReadOnly: boolean }): Promise<SelectedMailbox> {
    const name = canonicalName(given)
    return this.#run(async (account) => {
      await this.#caughtUp(name)
      this.#mustBeOpen()
      const selected = await Selected.open(account, name, options.isReadOnly, (closed) =>
        this.#selected.delete(closed),
      )
      if (this.#closing) {
        // The session ended meanwhile: it must not go on claiming what is \Recent.
        selected.close()
        this.#mustBeOpen()
      }
      this.#selected.add(selected)
      return selected
    })
  }

  append(
    name: string,
    source: AsyncIterable<Uint8Array>,
    options: AppendOptions,
  ): Promise<{ uidValidity: UidValidity; uid: Uid }> {
    return this.#run(async () => {
      const staged = this.stageAppend(name)
      try {
        await staged.add(source, options)
        const { uidValidity, uids } = await staged.commit()
        return { uidValidity, uid: uids[0] as Uid }
      } finally {
        await staged.discard()
      }
    })
  }

  stageAppend(name: string, replaced?: Replaced): StagedAppend {
    this.#mustBeOpen()
    if (replaced?.mailbox.isReadOnly) throw new Refusal('read-only', 'The mailbox was opened read-only')
    const rules = { maxMessageBytes: this.maxMessageBytes, mustBeOpen: () => this.#mustBeOpen(), by: this }
    return new Staging(this.account, canonicalName(name), rules, replaced)
  }

  watch(listener: (event: AccountEvent) => void): () => void {
    this.#mustBeOpen()
    const stop = this.account.watchers.watchAll(listener)
    this.#watches.add(stop)
    return () => {
      stop()
      this.#watches.delete(stop)
    }
  }

  statusNow(mailbox: string): (MailboxStatus & { name: string }) | undefined {
    this.#mustBeOpen()
    const table = this.account.state.mailboxes.get(mailbox)
    return table && { ...table.status(), name: table.name }
  }

  annotations(mailbox: string | undefined): ReadonlyMap<string, Buffer> {
    this.#mustBeOpen()
    return annotationsOf(this.account, mailbox)
  }

  setAnnotations(
    mailbox: string | undefined,
    values: ReadonlyMap<string, Buffer | undefined>,
  ): Promise<void> {
    return this.#run((account) => setAnnotations(account, mailbox, values, this))
  }

  noteClient(client: string): void {
    this.client = client
    this.onClient()
  }

  quota(): Promise<{ usedBytes: number; limitBytes: number | undefined }> {
    return this.#run(async ({ site, id }) => {
      const info = await site.store.info(id)
      return { usedBytes: info?.usageBytes ?? 0, limitBytes: info?.quotaBytes }
    })
  }

  /** Every call resolves when the session is closed and, if it was the last, the keys are wiped. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const selected of [...this.#selected]) selected.close()
    for (const stop of this.#watches) stop()
    await this.#release(this)
  }
}
