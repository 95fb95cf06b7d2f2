// APPEND, MULTIAPPEND and REPLACE: messages are sealed as they come, and made visible together in one commit, or not at all.
import { collect } from '../base/async.ts'
import { normaliseStream } from '../mail/normalise.ts'
import { recentChange } from './adopt.ts'
import type { AppendOptions, AppendResult, Replaced, StagedAppend, Uid, UidValidity } from './api.ts'
import { appendBudget, type AppendBudget, type AppendHold } from './append-budget.ts'
import { changesBytes, recordsBytes } from './commit-limits.ts'
import { Refusal } from './errors.ts'
import { readFlags, type FlagSet } from './flags.ts'
import { messageKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { encodeMessage } from './message-codec.ts'
import { sealMessageRecord } from './message-seal.ts'
import { binaryForm } from './prepare.ts'
import { refusing } from './refusing.ts'
import { removal, type Removal } from './removal.ts'
import { sealAppended } from './seal-appended.ts'
import type { SealedMessage } from './seal-message.ts'
import { discardStaged, stageMessage } from './stage-message.ts'
import { withKeywords } from './store-flags.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

/** Bytes of an append change besides its flags, of a record besides its content, and of what else an entry may hold. */
const changeBytes = 47
const recordBytes = 128
const otherChangesBytes = 256

interface Staged {
  readonly sealed: SealedMessage
  readonly options: AppendOptions
}

export interface StagingRules {
  readonly maxMessageBytes: number
  /** Throws once the session was closed. */
  readonly mustBeOpen: () => void
  /** Who appends, for those who watch. */
  readonly by: object
  /** `appendBudget` when absent. */
  readonly budget?: AppendBudget
}

export class Staging implements StagedAppend {
  readonly #account: UnlockedAccount
  readonly #name: string
  readonly #rules: StagingRules
  readonly #replaced: Replaced | undefined
  readonly #staged: Staged[] = []
  #octets = 0
  #changesBytes = otherChangesBytes
  #recordsBytes = 0

  constructor(account: UnlockedAccount, name: string, rules: StagingRules, replaced?: Replaced) {
    this.#account = account
    this.#name = name
    this.#rules = rules
    this.#replaced = replaced
  }

  add(source: AsyncIterable<Uint8Array>, options: AppendOptions): Promise<void> {
    return refusing(() => this.#add(source, options))
  }

  async #add(source: AsyncIterable<Uint8Array>, options: AppendOptions): Promise<void> {
    const hold = (this.#rules.budget ?? appendBudget).hold(this.#account.id)
    try {
      await this.#stage(await this.#read(source, options.isBinary === true, hold), options)
    } finally {
      hold.release()
    }
  }

  async #stage(message: Buffer, options: AppendOptions): Promise<void> {
    this.#rules.mustBeOpen()
    const table = this.#account.named(this.#name)
    const flags = readFlags(options.flags, table.keywords)
    withKeywords(table.keywords, flags)
    this.#changesBytes += changeBytes + flags.encodedBytes
    if (this.#changesBytes > changesBytes) throw tooMany()
    const stored = await sealAppended(this.#account, table, flags, message)
    this.#octets += stored.length
    await this.#checkQuota()
    const sealed = await stageMessage(this.#account, stored)
    this.#staged.push({ sealed, options })
    const { envelope, body, bodyStructure, tree, header } = sealed.content
    for (const part of [envelope, body, bodyStructure, tree, header]) this.#recordsBytes += part.length
    this.#recordsBytes += recordBytes
    if (this.#recordsBytes > recordsBytes) throw tooMany()
  }

  /** The message in its stored form. */
  async #read(source: AsyncIterable<Uint8Array>, isBinary: boolean, hold: AppendHold): Promise<Buffer> {
    const limit = this.#rules.maxMessageBytes
    const tooLarge = (): Refusal =>
      new Refusal('message-too-large', 'The message is larger than this server takes')
    async function* bounded(): AsyncGenerator<Uint8Array> {
      let length = 0
      for await (const piece of isBinary ? source : normaliseStream(source)) {
        length += piece.length
        if (length > limit) throw tooLarge()
        hold.take(piece.length)
        yield piece
      }
    }
    const message = await collect(bounded())
    if (!isBinary) return message
    const stored = await binaryForm(message)
    if (!stored) throw new Refusal('not-encodable', 'NUL stands where no transfer encoding can hide it')
    if (stored.length > limit) throw tooLarge()
    return stored
  }

  /** Better said early than after all has been sent; the commit checks it again. */
  async #checkQuota(): Promise<void> {
    const { site, id } = this.#account
    const { usageBytes = 0, quotaBytes = Infinity } = (await site.store.info(id)) ?? {}
    // RFC 8508 §3.4: only what REPLACE adds counts.
    const freed = this.#replaced?.mailbox.state(this.#replaced.uid)?.sizeBytes ?? 0
    if (this.#octets > freed && usageBytes + this.#octets - freed > quotaBytes) {
      throw new Refusal('over-quota', 'The account is over its quota')
    }
  }

  async commit(): Promise<AppendResult> {
    return refusing(async () => {
      for (;;) {
        this.#rules.mustBeOpen()
        const table = this.#account.named(this.#name)
        const result = await this.#account.commit(
          () => this.#plan(table),
          this.#replaced?.mailbox ?? this.#rules.by,
        )
        if (!result) continue // The name is gone, or stands for another mailbox now.
        for (const { sealed } of this.#staged) sealed.messageKey.fill(0)
        this.#staged.length = 0
        return result
      }
    })
  }

  async #plan(table: MailboxTable): Promise<Commit<AppendResult> | undefined> {
    const { state, vault, site } = this.#account
    if (!state.mailboxes.get(table.id)) return undefined
    const replaced = await this.#removal()
    const first = table.uidNext
    const now = site.clock.now()
    let known: readonly string[] = table.keywords
    const changes: Change[] = []
    const puts: { readonly key: Buffer; readonly record: Buffer }[] = []
    for (const [index, { sealed, options }] of this.#staged.entries()) {
      const uid = first + index
      const flags: FlagSet = readFlags(options.flags, known)
      known = withKeywords(known, flags)
      const { messageKey: key, blob, content } = sealed
      const data = encodeMessage({ messageKey: key, blob, ...content })
      puts.push({
        key: messageKey(table.idBytes, uid),
        record: sealMessageRecord(vault, table, uid, data),
      })
      const internalDate = options.internalDate ?? now
      const zoneMinutes = options.zoneMinutes ?? 0
      const { sizeBytes } = content
      const place = { kind: 'append', mailbox: table.id, uid } as const
      changes.push({ ...place, flags, internalDate, zoneMinutes, sizeBytes, savedAt: now })
    }
    changes.push(...recentChange(this.#account, table, first + puts.length))
    if (replaced) changes.push(replaced.change)
    return {
      changes,
      value: {
        uidValidity: table.shownUidValidity as UidValidity,
        uids: puts.map((_, index) => (first + index) as Uid),
      },
      write: (tx) => {
        for (const { sealed } of this.#staged) tx.attach(sealed.staged)
        for (const { key, record } of puts) tx.put(key, record)
        replaced?.plan.write(tx)
        tx.addUsage(this.#octets - (replaced?.octets ?? 0))
      },
    }
  }

  /** For REPLACE: what takes the other message away in the same commit. */
  async #removal(): Promise<{ plan: Removal; change: Change; octets: number } | undefined> {
    if (!this.#replaced) return undefined
    const { mailbox, uid } = this.#replaced
    const from = this.#account.state.mailboxes.get(mailbox.id)
    if (from) await this.#account.loadRowsNow(from)
    if (!from?.row(uid)) throw new Refusal('message-expunged', 'The message to be replaced is gone')
    const plan = await removal(this.#account, from, [uid], { damagedToo: true })
    return {
      plan,
      change: { kind: 'expunge', mailbox: from.id, ranges: [[uid, uid]] },
      octets: from.octetsOf([uid]),
    }
  }

  async discard(): Promise<void> {
    for (const { sealed } of this.#staged.splice(0)) await discardStaged(this.#account, sealed)
  }
}

const tooMany = (): Refusal => new Refusal('limit', 'That is more than can be appended in one step')
