// One account while it is unlocked: its keys, its state, and the only way to change it (`commit`). Shared by all its sessions.
import { ByteWriter, equalBytes } from '../base/bytes.ts'
import type { Language } from '../base/language.ts'
import type { Clock, Log } from '../base/ports.ts'
import { Serial } from '../base/serial.ts'
import { boxKinds, sealBox } from '../crypto/box.ts'
import { nextHead } from '../crypto/chain.ts'
import { logPlace } from '../crypto/places.ts'
import type { PasswordMemo } from '../crypto/password-memo.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import type { Snapshot, Store, Transaction } from '../store/store.ts'
import type { AuditLog } from './audit.ts'
import type { AccountState, Effect } from './account-state.ts'
import { Damage, Refusal } from './errors.ts'
import type { EscrowSource } from './escrow-keeper.ts'
import { headKey, logKey, logRange } from './keys.ts'
import { encodeLogEntry, type Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { asRefusal, isInDoubt, refusing } from './refusing.ts'
import { loadRows, readHead, replay } from './replay.ts'
import type { OpenedSlot } from './slots.ts'
import type { SiteSealing } from './sealing.ts'
import type { Vault } from './vault.ts'
import { joined, Watchers } from './watchers.ts'
import type { WitnessKeeper } from './witness-keeper.ts'

export interface Site {
  readonly store: Store
  readonly siteKey: SiteKey
  readonly clock: Clock
  readonly log: Log
  /** One line for each thing done to keys, accounts and sessions. */
  readonly audit: AuditLog
  readonly escrow: EscrowSource
  /** Sealing to owners' own keys; `defaultSealing` when absent. */
  readonly sealing?: SiteSealing
  /** In which owners are written to who chose none; English when absent. */
  readonly language?: Language
}

/** What one commit does. `write` may run more than once: it only puts and deletes. */
export interface Commit<T> {
  readonly changes: readonly Change[]
  readonly write?: (tx: Transaction, version: number) => Promise<void> | void
  readonly value: T
  /** Called once, right after the changes were applied and before any other commit. Must not throw. */
  readonly applied?: () => void
}

/** Thrown inside a commit's `write` to give up without a trace: the moment is not right. */
export class NotNow extends Error {
  override readonly name = 'NotNow'
}

/** The disk holds a change that the memory does not have: a write that seemed not to have happened did. */
class Outdated extends Error {
  override readonly name = 'Outdated'
}

export class UnlockedAccount {
  readonly site: Site
  readonly id: Buffer
  readonly vault: Vault
  /** By which it was opened: what the site lets its accounts do goes by their domain. */
  readonly address: string
  /** Passwords that opened it, and which slot each. */
  readonly memos: { readonly memo: PasswordMemo; readonly slot: OpenedSlot }[] = []
  readonly #queue = new Serial()
  readonly watchers: Watchers
  readonly #heads = new Map<number, Buffer>()
  /** Remembers outside the store how far the account is, where the site keeps witnesses. */
  witness: WitnessKeeper | undefined
  #state: AccountState | undefined
  /** The state is of this version; arrivals may have come since, and nothing else. */
  #version = 0
  #failure: Refusal | undefined
  /** Called once when the account must no longer be used. */
  onFailure: (refusal: Refusal) => void = () => undefined
  /** Called after each commit; `hasArrivals`: mail came in before it that is not adopted. Must only take note. */
  onCommit: (hasArrivals: boolean) => void = () => undefined

  constructor(site: Site, id: Buffer, vault: Vault, address: string = '') {
    this.site = site
    this.address = address
    this.id = id
    this.vault = vault
    this.watchers = new Watchers(site.log)
  }

  /** Reads and verifies the account; keeps the chain's heads at `headsOf`. Throws Corrupt. Resolves to its version. */
  async load(headsOf: readonly number[] = []): Promise<number> {
    this.#state = await this.site.store.read(this.id, (snapshot) => {
      this.#version = snapshot.version
      return replay(snapshot, this.vault, (version, head) => {
        if (headsOf.includes(version)) this.#heads.set(version, head)
      })
    })
    return this.#version
  }

  /** Takes a state that was made otherwise than by replay: the account does not replay. */
  adoptState(state: AccountState, version: number): void {
    this.#state = state
    this.#version = version
  }

  /** A head that `load` was asked for; undefined: it is of before the manifest, or not there. */
  headAt(version: number): Buffer | undefined {
    return this.#heads.get(version)
  }

  get state(): AccountState {
    if (this.#failure) throw this.#failure
    if (!this.#state) throw new Error('account is not loaded')
    return this.#state
  }

  /** The mailbox of this name; its rows may not be loaded. Refuses with 'mailbox-not-found'. */
  named(name: string): MailboxTable {
    const table = this.state.byName(name)
    if (!table) throw new Refusal('mailbox-not-found', 'No such mailbox')
    return table
  }

  /** As `named`, with its rows. */
  async mailbox(name: string): Promise<MailboxTable> {
    const table = this.named(name)
    await this.rowsOf(table)
    return table
  }

  /** Loads the rows of a mailbox. While that reads, other commits wait, so the rows are never older than the state. */
  async rowsOf(table: MailboxTable): Promise<void> {
    if (table.isLoaded) return
    await this.exclusive(() => this.loadRowsNow(table))
  }

  /** As `rowsOf`, for use inside a commit. */
  async loadRowsNow(table: MailboxTable): Promise<void> {
    if (table.isLoaded) return
    await refusing(() => this.site.store.read(this.id, (snapshot) => loadRows(snapshot, this.vault, table)))
  }

  async read<T>(run: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    if (this.#failure) throw this.#failure
    return refusing(() => this.site.store.read(this.id, run))
  }

  /** Runs `task` while no commit runs. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      if (this.#failure) throw this.#failure
      return task()
    })
  }

  /**
   * Makes one change of the account. `make` is called when no other commit runs and sees the state as it is; it returns
   * what to write, or undefined to do nothing. Resolves when the change is durable, applied and announced.
   */
  async commit<T>(
    make: () => Promise<Commit<T> | undefined> | Commit<T> | undefined,
    by?: object,
  ): Promise<T | undefined> {
    return this.#queue.run(async () => {
      const state = this.state
      const plan = await make()
      if (!plan) return undefined
      const version = await this.#write(plan)
      const hasArrivals = version > this.#version + 1
      this.#version = version
      try {
        this.#apply(state, plan.changes, version, by)
        plan.applied?.()
      } catch (error) {
        // What is on the disk cannot be taken back: the memory must not go on without it.
        this.fail(new Refusal('unavailable', 'The account has to be opened anew', { cause: error }))
        throw error
      }
      this.onCommit(hasArrivals)
      return plan.value
    })
  }

  async #write(plan: Commit<unknown>): Promise<number> {
    const attempt: { version: number; entry: Buffer }[] = []
    try {
      const { version } = await this.site.store.transact(this.id, async (tx) => {
        const next = tx.version + 1
        const stored = readHead(await tx.get(headKey))
        if (stored.version !== tx.version)
          throw new Damage('the change log does not reach the version of the account')
        await this.#mustBeCurrent(tx)
        await plan.write?.(tx, next)
        const data = encodeLogEntry(stored.head, plan.changes)
        const entry = sealBox(
          this.vault.root().logKey,
          boxKinds.logEntry,
          this.vault.epoch,
          logPlace(this.id, next),
          data,
        )
        tx.put(logKey(next), entry)
        tx.put(
          headKey,
          new ByteWriter()
            .u64(next)
            .fixed(nextHead(this.id, next, stored.head, entry))
            .finish(),
        )
        attempt.push({ version: next, entry })
      })
      return version
    } catch (error) {
      if (error instanceof Outdated) {
        const refusal = new Refusal('unavailable', 'The account has to be opened anew', { cause: error })
        this.fail(refusal)
        throw refusal
      }
      if (!isInDoubt(error)) throw asRefusal(error)
      return this.#settleDoubt(attempt, error)
    }
  }

  /** Since the state was made only arrivals may have been written: log entries are made here and nowhere else. */
  async #mustBeCurrent(tx: Transaction): Promise<void> {
    if (tx.version === this.#version) return
    if (tx.version < this.#version) throw new Outdated('the account went back to an older version')
    const since = { ...logRange(this.#version + 1, tx.version + 1), limit: 1 }
    for await (const found of tx.range(since)) {
      if (found.length > 0) throw new Outdated('a change is stored that was taken for failed')
    }
  }

  /** A failed write may have reached the disk all the same. Looks; if it cannot be known, the account is given up. */
  async #settleDoubt(
    attempts: readonly { version: number; entry: Buffer }[],
    cause: unknown,
  ): Promise<number> {
    const refusal = new Refusal('unavailable', 'The mail store cannot do that now', { cause })
    try {
      for (const { version, entry } of attempts) {
        const stored = await this.site.store.read(this.id, (snapshot) => snapshot.get(logKey(version)))
        if (stored && equalBytes(stored, entry)) return version
      }
    } catch {
      this.fail(refusal)
    }
    throw refusal
  }

  #apply(state: AccountState, changes: readonly Change[], version: number, by: object | undefined): void {
    const effects: Effect[] = []
    for (const change of changes) for (const effect of state.apply(change, version)) effects.push(effect)
    this.watchers.announce(joined(effects), version, by)
  }

  get isFailed(): boolean {
    return this.#failure !== undefined
  }

  /** Gives the account up: nothing is read from or written to it any more until it is unlocked anew. */
  fail(refusal: Refusal): void {
    if (this.#failure) return
    this.#failure = refusal
    this.watchers.giveUp()
    this.onFailure(refusal)
  }

  /** Waits for what runs, then wipes every key. */
  async lock(): Promise<void> {
    await this.#queue.run(async () => {
      this.#failure ??= new Refusal('unavailable', 'The account was locked')
      this.vault.wipe()
      for (const { memo } of this.memos) memo.wipe()
      this.#state = undefined
    })
  }
}
