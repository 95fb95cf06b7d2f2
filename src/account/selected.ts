// A mailbox as one session has it selected: live state, its share of \Recent, and the operations on its messages.
import type {
  CopyResult,
  Flag,
  MailboxEvent,
  MessageContent,
  MessageState,
  ModSeq,
  SelectedMailbox,
  Uid,
  UidValidity,
} from './api.ts'
import { transfer } from './copy.ts'
import { Refusal } from './errors.ts'
import { expunge } from './expunge.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { messageContents } from './message-contents.ts'
import { RecentUids } from './recent-uids.ts'
import { refusing } from './refusing.ts'
import { storeFlags } from './store-flags.ts'
import type { UidRange } from './uid-ranges.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import type { Watcher } from './watchers.ts'
import type { TextPage } from './text-codec.ts'
import { textPages } from './text-reader.ts'
import { noteUnindexed } from './text-state.ts'
import { vanishedSince } from './vanished.ts'

export class Selected implements SelectedMailbox, Watcher {
  readonly #account: UnlockedAccount
  readonly #table: MailboxTable
  readonly isReadOnly: boolean
  readonly #recent = new RecentUids()
  readonly #unwatch: () => void
  readonly #onClose: (selected: Selected) => void
  #listener: (event: MailboxEvent) => void = () => undefined
  #isClosed = false

  private constructor(
    account: UnlockedAccount,
    table: MailboxTable,
    isReadOnly: boolean,
    onClose: (selected: Selected) => void,
  ) {
    this.#account = account
    this.#table = table
    this.isReadOnly = isReadOnly
    this.#onClose = onClose
    this.#unwatch = account.watchers.watch(table.id, this)
    noteUnindexed(account)
  }

  static async open(
    account: UnlockedAccount,
    name: string,
    isReadOnly: boolean,
    onClose: (selected: Selected) => void,
  ): Promise<Selected> {
    const table = await account.mailbox(name)
    const mustExist = (): void => {
      if (account.state.mailboxes.has(table.id)) return
      throw new Refusal('mailbox-not-found', 'The mailbox was deleted')
    }
    // EXAMINE shows what is \Recent and leaves it so (RFC 3501 §6.3.2).
    if (isReadOnly) {
      mustExist()
      const selected = new Selected(account, table, true, onClose)
      selected.#recent.claim(table.recentFrom, table.uidNext - 1)
      return selected
    }
    const opened: Selected[] = []
    const open = (): Selected => {
      const selected = new Selected(account, table, false, onClose)
      opened.push(selected)
      return selected
    }
    try {
      await account.commit(() => {
        mustExist()
        const selected = open()
        if (table.recentFrom >= table.uidNext) return undefined
        const first = table.recentFrom
        const last = table.uidNext - 1
        return {
          changes: [{ kind: 'recent', mailbox: table.id, recentFrom: table.uidNext }],
          value: undefined,
          applied: () => selected.#recent.claim(first, last),
        }
      })
    } catch (error) {
      for (const selected of opened) selected.close()
      throw error
    }
    const [selected] = opened
    if (!selected) throw new Refusal('unavailable', 'The mailbox cannot be opened')
    return selected
  }

  get id(): string {
    return this.#table.id
  }
  get name(): string {
    return this.#table.name
  }
  get uidValidity(): UidValidity {
    return this.#table.shownUidValidity as UidValidity
  }
  get uidNext(): Uid {
    return this.#table.uidNext as Uid
  }
  get highestModSeq(): ModSeq {
    return this.#table.highestModSeq as ModSeq
  }
  get keywords(): readonly Flag[] {
    return this.#table.keywords
  }
  get claimsRecent(): boolean {
    return !this.isReadOnly
  }

  uids(): Uid[] {
    return Array.from(this.#table.uids) as Uid[]
  }

  uidSnapshot(): Uint32Array {
    return this.#table.uids
  }

  isRecent(uid: Uid): boolean {
    return this.#recent.has(uid)
  }

  recentRanges(): readonly UidRange[] {
    return this.#recent.ranges
  }

  firstUnseen(): Uid | undefined {
    return this.#table.firstUnseen() as Uid | undefined
  }

  state(uid: Uid): MessageState | undefined {
    return this.#table.row(uid)
  }

  async vanishedSince(modSeq: number): Promise<readonly (readonly [Uid, Uid])[]> {
    this.#mustBeOpen()
    const vanished = await refusing(() => vanishedSince(this.#account, this.#table, modSeq))
    return vanished as [Uid, Uid][]
  }

  contents(uids: readonly Uid[]): AsyncGenerator<MessageContent> {
    return messageContents(this.#account, this.#table, uids, () => this.#mustBeOpen())
  }

  async content(uid: Uid): Promise<MessageContent | undefined> {
    for await (const content of this.contents([uid])) return content
    return undefined
  }

  async *textPages(uids: readonly Uid[]): AsyncGenerator<TextPage> {
    this.#mustBeOpen()
    yield* textPages(this.#account, this.#table, uids)
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new Refusal('unavailable', 'The mailbox was closed')
  }

  #requireWritable(): void {
    this.#mustBeOpen()
    if (this.isReadOnly) throw new Refusal('read-only', 'The mailbox was opened read-only')
  }

  async storeFlags(
    uids: readonly Uid[],
    action: 'replace' | 'add' | 'remove',
    flags: readonly Flag[],
    options: { readonly unchangedSince?: number } = {},
  ): Promise<{ changed: readonly Uid[]; modified: readonly Uid[] }> {
    this.#requireWritable()
    const request = { action, flags, unchangedSince: options.unchangedSince }
    return refusing(() => storeFlags(this.#account, this.#table, uids, request, this))
  }

  async expunge(uids?: readonly Uid[]): Promise<readonly Uid[]> {
    this.#requireWritable()
    return refusing(() => expunge(this.#account, this.#table, uids ?? this.uids(), { all: false }, this))
  }

  async copy(uids: readonly Uid[], destination: string): Promise<CopyResult> {
    this.#mustBeOpen()
    return refusing(() => transfer(this.#account, this.#table, destination, uids, false, this))
  }

  async move(uids: readonly Uid[], destination: string): Promise<CopyResult> {
    this.#requireWritable()
    return refusing(() => transfer(this.#account, this.#table, destination, uids, true, this))
  }

  watch(listener: (event: MailboxEvent) => void): void {
    this.#listener = listener
  }

  notify(event: MailboxEvent): void {
    if (event.kind === 'append' && this.#account.watchers.recentClaimant(this.#table.id) === this) {
      for (const uid of event.uids) this.#recent.claim(uid, uid)
    }
    this.#listener(event)
  }

  close(): void {
    this.#isClosed = true
    this.#unwatch()
    this.#listener = () => undefined
    this.#onClose(this)
  }
}
