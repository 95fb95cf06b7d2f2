// A mailbox as one session has it selected: live state, its share of \Recent, and the operations on its messages.
import { hex } from '../base/bytes.ts'
import type { Secret } from '../base/secret.ts'
import { openBody } from '../crypto/body.ts'
import { Refused } from '../store/errors.ts'
import type { BlobReader } from '../store/store.ts'
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
import { readRecords, type FoundRecord } from './contents.ts'
import { transfer } from './copy.ts'
import { Damage, Refusal } from './errors.ts'
import { expunge } from './expunge.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { storeFlags } from './store-flags.ts'
import { lowerBound } from './uid-ranges.ts'
import { asRefusal, refusing } from './refusing.ts'
import type { UnlockedAccount, Watcher } from './unlocked-account.ts'
import type { Vault } from './vault.ts'

const ready = (bytes: Buffer): Buffer | undefined => (bytes.length === 0 ? undefined : bytes)

/** `key` lives as long as the batch that the content was read with; a body read later looks its key up again. */
function contentOf(
  account: UnlockedAccount,
  table: MailboxTable,
  { uid, record }: FoundRecord,
  key: Secret,
): MessageContent {
  const { id } = account
  const blob = Buffer.from(record.blob)
  const { sizeBytes } = record
  return {
    uid: uid as Uid,
    emailId: hex(blob),
    sizeBytes,
    envelope: ready(record.envelope),
    body: ready(record.body),
    bodyStructure: ready(record.bodyStructure),
    tree: ready(record.tree),
    header: ready(record.header),
    async *read(start, end) {
      const own = key.isWiped ? await lookUpKey(account, table, uid) : account.vault.lend(key.bytes)
      try {
        const reader = await openBlob(account, table, uid, blob)
        try {
          const body = {
            ...{ messageKey: own.bytes, account: id, blob, sizeBytes, blobLength: reader.lengthBytes },
            read: (from: number, to: number) => reader.read(from, to),
          }
          for await (const piece of openBody(body, start, end)) {
            if (own.isWiped) throw locked()
            yield piece
          }
        } finally {
          await reader.close()
        }
      } catch (error) {
        throw own.isWiped ? locked() : asRefusal(error)
      } finally {
        account.vault.takeBack(own)
      }
    },
  }
}

const locked = (): Refusal => new Refusal('unavailable', 'The account was locked')
const expunged = (): Refusal => new Refusal('mailbox-not-found', 'The message was expunged')

/** A body that is gone is damage, unless its message went meanwhile. */
async function openBlob(
  account: UnlockedAccount,
  table: MailboxTable,
  uid: number,
  blob: Buffer,
): Promise<BlobReader> {
  try {
    return await account.site.store.blobs.open(account.id, blob)
  } catch (error) {
    if (!(error instanceof Refused) || error.reason !== 'no-blob') throw error
    // The commit that took it away may be durable and not yet applied.
    await account.exclusive(async () => undefined)
    throw table.has(uid) ? new Damage('the body of a message is missing') : expunged()
  }
}

/** Takes the key out of a record: its copy there is wiped. */
function takeKey(vault: Vault, { record }: FoundRecord): Secret {
  const key = vault.lend(record.messageKey)
  record.messageKey.fill(0)
  return key
}

async function lookUpKey(account: UnlockedAccount, table: MailboxTable, uid: number): Promise<Secret> {
  for await (const batch of readRecords(account, table, [uid]))
    for (const found of batch) return takeKey(account.vault, found)
  throw expunged()
}

export class Selected implements SelectedMailbox, Watcher {
  readonly #account: UnlockedAccount
  readonly #table: MailboxTable
  readonly isReadOnly: boolean
  readonly #recent = new Set<number>()
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
    this.#unwatch = account.watch(table.id, this)
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
      for (const uid of table.uids.subarray(lowerBound(table.uids, table.recentFrom)))
        selected.#recent.add(uid)
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
        const claimed = table.uids.subarray(lowerBound(table.uids, table.recentFrom))
        return {
          changes: [{ kind: 'recent', mailbox: table.id, recentFrom: table.uidNext }],
          value: undefined,
          applied() {
            for (const uid of claimed) selected.#recent.add(uid)
          },
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
    return this.#table.uidValidity as UidValidity
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

  isRecent(uid: Uid): boolean {
    return this.#recent.has(uid)
  }

  state(uid: Uid): MessageState | undefined {
    return this.#table.row(uid)
  }

  async *contents(uids: readonly Uid[]): AsyncGenerator<MessageContent> {
    const batches = readRecords(this.#account, this.#table, uids)
    for (;;) {
      this.#mustBeOpen()
      const batch = await refusing(() => batches.next())
      if (batch.done) return
      const { vault } = this.#account
      const keys = batch.value.map((found) => takeKey(vault, found))
      try {
        for (const [index, found] of batch.value.entries()) {
          const key = keys[index]
          if (key) yield contentOf(this.#account, this.#table, found, key)
        }
      } finally {
        for (const key of keys) vault.takeBack(key)
      }
    }
  }

  async content(uid: Uid): Promise<MessageContent | undefined> {
    for await (const content of this.contents([uid])) return content
    return undefined
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
    if (event.kind === 'append' && this.#account.recentClaimant(this.#table.id) === this) {
      for (const uid of event.uids) this.#recent.add(uid)
    }
    if (event.kind === 'expunge') for (const uid of event.uids) this.#recent.delete(uid)
    this.#listener(event)
  }

  close(): void {
    this.#isClosed = true
    this.#unwatch()
    this.#listener = () => undefined
    this.#onClose(this)
  }
}
