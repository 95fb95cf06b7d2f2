// Which accounts are unlocked: one shared state each, counted by its sessions; the last one out wipes the keys.
import { breathe } from '../base/async.ts'
import type { Log } from '../base/ports.ts'
import { Serial } from '../base/serial.ts'
import { randomToken } from '../crypto/random.ts'
import { Busy } from '../crypto/errors.ts'
import { PasswordMemo } from '../crypto/password-memo.ts'
import type { SlotSecret } from '../crypto/slot.ts'
import type { SessionInfo } from './api.ts'
import { findEntry } from './directory.ts'
import { Refusal } from './errors.ts'
import { Housekeeping } from './housekeeping.ts'
import { OpenSession } from './open-account.ts'
import {
  checkSlotsAreCurrent,
  openVault,
  type KeySettings,
  type OpenedSlot,
  type SlotRules,
} from './slots.ts'
import { refusing } from './refusing.ts'
import { finishRestore } from './restored.ts'
import { RollbackWatch } from './rollback-watch.ts'
import { settleSealing } from './pubkey-write.ts'
import { UnlockedAccount, type Site } from './unlocked-account.ts'
import type { Vault } from './vault.ts'
import type { Witnesses } from './witness.ts'

export interface Unlocked {
  readonly address: string
  readonly account: UnlockedAccount
  readonly housekeeping: Housekeeping
  readonly sessions: Set<OpenSession>
  /** When one of its sessions last did something, milliseconds since 1970. */
  activeAt: number
  /** Nobody is logged in any more, and the keys go when this ends. */
  linger: NodeJS.Timeout | undefined
  isLocked: boolean
}

export interface UnlockedOptions {
  readonly maxMessageBytes: number
  /** Keys are kept so long after the last session, in milliseconds. */
  readonly lingerMs: number
  /** Not given: rollbacks are not noticed. */
  readonly witnesses?: Witnesses | undefined
}

/** Secrets of one account that may wait to be tried: each takes a good part of a second, and the lock waits behind them. */
const atDoorAtMost = 32
/** Tries of a login whose account's keys are renewed while it is checked. */
const triesAtMost = 3

/** What is on the disk may be ahead of the memory by the commit that runs: a secret that takes no time would meet that at every try. */
const settled = (account: UnlockedAccount): Promise<void> =>
  account.exclusive(async () => undefined).catch(() => undefined)

export class UnlockedAccounts {
  readonly #site: Site
  readonly #settings: KeySettings
  readonly #options: UnlockedOptions
  readonly #log: Log
  readonly #open = new Map<string, Unlocked>()
  /** Unlocking and locking of one account happen one after another. */
  readonly #doors = new Map<string, Serial>()
  #isClosing = false
  /** Called when an account was unlocked. Must only take note. */
  onUnlock: (entry: Unlocked) => void = () => undefined
  /** Called before keys are wiped: the last moment to write something. Must not throw. */
  beforeLock: (entry: Unlocked) => Promise<void> = async () => undefined
  readonly rollbacks: RollbackWatch

  constructor(site: Site, settings: KeySettings, options: UnlockedOptions) {
    this.rollbacks = new RollbackWatch(site, options.witnesses)
    this.#site = site
    this.#settings = settings
    this.#options = options
    this.#log = site.log
  }

  find(account: Buffer): Unlocked | undefined {
    return this.#open.get(account.toString('hex'))
  }

  entries(): Unlocked[] {
    return [...this.#open.values()]
  }

  sessions(): OpenSession[] {
    return [...this.#open.values()].flatMap((entry) => [...entry.sessions])
  }

  /** Runs `task` while no one unlocks or locks this account. */
  async #atDoor<T>(account: Buffer, task: () => Promise<T>): Promise<T> {
    const id = account.toString('hex')
    const door = this.#doors.get(id) ?? new Serial()
    this.#doors.set(id, door)
    try {
      return await door.run(task)
    } finally {
      if (door.waiting === 0) this.#doors.delete(id)
    }
  }

  #mustBeOpen(): void {
    if (this.#isClosing) throw new Refusal('unavailable', 'The server is shutting down')
  }

  /**
   * A session on the account that the secret opens. Throws WrongKey, Busy, what `rules` throw, and what `refusing` makes of the rest.
   */
  async enter(
    address: string,
    account: Buffer,
    secret: SlotSecret,
    info: SessionInfo,
    rules?: SlotRules,
  ): Promise<OpenSession> {
    this.#mustBeOpen()
    const known = this.#recognise(account, secret, rules)
    if (known) return this.#attach(known.entry, address, known.slot, info)
    this.#mustHaveRoom(account)
    return this.#atDoor(account, () => this.#enterInTurn(address, account, secret, info, rules))
  }

  /** Another session on an account that is unlocked, for work of the server's own; undefined when it is locked. */
  join(address: string, account: Buffer, info: SessionInfo): OpenSession | undefined {
    const entry = this.find(account)
    if (!entry || entry.account.isFailed || entry.isLocked) return undefined
    return this.#attach(entry, address, { kind: 'server', id: '', label: undefined }, info)
  }

  /** Whether the secret opens the account, which stays as it is. Throws as `enter`. */
  async check(address: string, account: Buffer, secret: SlotSecret, rules?: SlotRules): Promise<OpenedSlot> {
    this.#mustBeOpen()
    const known = this.#recognise(account, secret, rules)
    if (known) return known.slot
    this.#mustHaveRoom(account)
    return this.#atDoor(account, () => this.#checkInTurn(address, account, secret, rules))
  }

  /** Does work in the name of an account that is not there: one after another as well, else guesses made at once would tell it apart. */
  async pretend<T>(account: Buffer, work: () => Promise<T>): Promise<T> {
    this.#mustBeOpen()
    this.#mustHaveRoom(account)
    return this.#atDoor(account, work)
  }

  #mustHaveRoom(account: Buffer): void {
    if ((this.#doors.get(account.toString('hex'))?.waiting ?? 0) >= atDoorAtMost) throw new Busy()
  }

  async #enterInTurn(
    address: string,
    account: Buffer,
    secret: SlotSecret,
    info: SessionInfo,
    rules: SlotRules | undefined,
  ): Promise<OpenSession> {
    for (let tries = 0; tries < triesAtMost; tries += 1) {
      this.#mustBeOpen()
      // Whoever was at the door before may have unlocked it with the same password.
      const met = this.#recognise(account, secret, rules)
      if (met) return this.#attach(met.entry, address, met.slot, info)
      const { vault, slot } = await openVault(this.#site, account, secret, this.#settings.gate, rules)
      try {
        this.#mustBeOpen()
        const present = this.find(account)
        const entry =
          present && !present.account.isFailed ? present : await this.#unlock(address, account, vault)
        // Keys were renewed while the secret was checked: it may be one that was taken away.
        if (entry === present && entry.account.vault.vkVersion !== vault.vkVersion) {
          await settled(entry.account)
          continue
        }
        this.#remember(entry, secret, slot)
        const session = this.#attach(entry, address, slot, info)
        if (entry !== present) {
          entry.housekeeping.begin()
          this.onUnlock(entry)
        }
        return session
      } finally {
        if (this.find(account)?.account.vault !== vault) vault.wipe()
      }
    }
    throw new Busy()
  }

  async #checkInTurn(
    address: string,
    account: Buffer,
    secret: SlotSecret,
    rules: SlotRules | undefined,
  ): Promise<OpenedSlot> {
    for (let tries = 0; tries < triesAtMost; tries += 1) {
      this.#mustBeOpen()
      const met = this.#recognise(account, secret, rules)
      if (met) return met.slot
      const { vault, slot } = await openVault(this.#site, account, secret, this.#settings.gate, rules)
      try {
        const present = this.find(account)
        if (present && !present.account.isFailed) {
          if (present.account.vault.vkVersion === vault.vkVersion) return slot
          await settled(present.account)
          continue
        }
        // Slots that were put back as they were some time ago open as well: the log says which are the present ones.
        const looked = new UnlockedAccount(this.#site, account, vault, address)
        await refusing(() => looked.load())
        await refusing(() => checkSlotsAreCurrent(looked))
        return slot
      } finally {
        vault.wipe()
        if (secret.kind === 'password') void this.#settings.gate.scrub()
      }
    }
    throw new Busy()
  }

  /**
   * The account got another address, or goes, while the secret was checked or waited at the door: whoever comes with its present one must not find
   * it unlocked under an address that nobody looks for, and that has other rules.
   */
  async #mustBeOf(address: string, account: Buffer): Promise<void> {
    const entry = await refusing(() => findEntry(this.#site, address))
    if (!entry?.account.equals(account)) throw new Refusal('no-such-account', 'No such account')
  }

  async #unlock(address: string, account: Buffer, vault: Vault): Promise<Unlocked> {
    await this.#mustBeOf(address, account)
    const unlocked = new UnlockedAccount(this.#site, account, vault, address)
    await this.rollbacks.load(unlocked)
    await finishRestore(unlocked)
    await refusing(() => settleSealing(unlocked))
    this.#mustBeOpen()
    this.rollbacks.keep(unlocked)
    const housekeeping = new Housekeeping(unlocked, this.#settings)
    const entry: Unlocked = {
      ...{ address, account: unlocked, housekeeping, sessions: new Set() },
      ...{ activeAt: this.#site.clock.now(), linger: undefined, isLocked: false },
    }
    unlocked.onFailure = (refusal) => this.#giveUp(entry, refusal.message)
    this.#open.set(account.toString('hex'), entry)
    return entry
  }

  /** A password that already opened this account opens it again without Argon2id, while it is unlocked. */
  #recognise(
    account: Buffer,
    secret: SlotSecret,
    rules: SlotRules | undefined,
  ): { readonly entry: Unlocked; readonly slot: OpenedSlot } | undefined {
    const entry = this.find(account)
    if (!entry || entry.account.isFailed || secret.kind !== 'password') return undefined
    const found = entry.account.memos.find(({ memo }) => memo.matches(secret.password))
    if (!found) return undefined
    rules?.admit?.(found.slot)
    return { entry, slot: found.slot }
  }

  #remember(entry: Unlocked, secret: SlotSecret, slot: OpenedSlot): void {
    if (secret.kind === 'password')
      entry.account.memos.push({ memo: new PasswordMemo(secret.password), slot })
  }

  forgetPasswords(account: Buffer): void {
    const entry = this.find(account)
    for (const { memo } of entry?.account.memos.splice(0) ?? []) memo.wipe()
  }

  #attach(entry: Unlocked, address: string, slot: OpenedSlot, info: SessionInfo): OpenSession {
    const session = new OpenSession({
      address,
      sessionId: randomToken().slice(0, 12),
      info,
      slot,
      account: entry.account,
      housekeeping: entry.housekeeping,
      maxMessageBytes: this.#options.maxMessageBytes,
      active: () => void (entry.activeAt = this.#site.clock.now()),
      release: (leaving) => this.#release(entry, leaving),
    })
    entry.sessions.add(session)
    session.active()
    clearTimeout(entry.linger)
    return session
  }

  async #release(entry: Unlocked, session: OpenSession): Promise<void> {
    entry.sessions.delete(session)
    const { lingerMs } = this.#options
    if (lingerMs === 0 || this.#isClosing || entry.account.isFailed) {
      await this.#lockWhenLeft(entry)
    } else if (entry.sessions.size === 0) {
      clearTimeout(entry.linger)
      entry.linger = setTimeout(() => void this.#lockWhenLeft(entry), lingerMs).unref()
    }
  }

  /** Wipes the keys of an account that nobody has open any more. */
  async #lockWhenLeft(entry: Unlocked): Promise<void> {
    const { id } = entry.account
    await this.#atDoor(id, async () => {
      if (entry.sessions.size > 0 || entry.isLocked) return
      entry.isLocked = true
      clearTimeout(entry.linger)
      // From here on nobody finds it: who comes in now waits at the door and unlocks it anew.
      if (this.#open.get(id.toString('hex')) === entry) this.#open.delete(id.toString('hex'))
      await this.beforeLock(entry)
      // A login that waits behind this logout must not wait for what can be done later.
      await entry.housekeeping.stop(() => (this.#doors.get(id.toString('hex'))?.waiting ?? 0) > 1)
      await entry.account.witness?.stop()
      await entry.account.lock()
      void this.#settings.gate.scrub()
    })
  }

  /** Whoever serves a session may not notice, so nobody waits for them: all sessions end here, and the keys are wiped. */
  #giveUp(entry: Unlocked, reason: string): void {
    this.#log.write('error', 'account.failed', { account: entry.account.id.toString('hex'), detail: reason })
    // Not from inside the commit that failed.
    breathe()
      .then(() => this.end([...entry.sessions], reason))
      .catch((error: unknown) => {
        this.#log.write('error', 'account.lock-failed', {
          account: entry.account.id.toString('hex'),
          reason: error instanceof Error ? error.name : typeof error,
        })
      })
  }

  /** A front door that throws must not keep the keys from being wiped. */
  #tell({ info, sessionId }: OpenSession, reason: string): void {
    try {
      info.end(reason)
    } catch (error) {
      const fault = error instanceof Error ? error.name : typeof error
      this.#log.write('error', 'session.end-failed', { session: sessionId, reason: fault })
    }
  }

  /** Ends sessions; resolves when, if they were the last ones, the keys are wiped. */
  async end(sessions: readonly OpenSession[], reason: string): Promise<void> {
    const entries = this.entries().filter((entry) => sessions.some((session) => entry.sessions.has(session)))
    for (const session of sessions) this.#tell(session, reason)
    await Promise.all(sessions.map((session) => session.close()))
    await Promise.all(entries.map((entry) => this.#lockWhenLeft(entry)))
  }

  /** Ends every session of an account and wipes its keys. Returns how many sessions there were. */
  async lock(account: Buffer, reason: string): Promise<number> {
    const entry = this.find(account)
    if (!entry) return 0
    const sessions = [...entry.sessions]
    await this.end(sessions, reason)
    await this.#lockWhenLeft(entry)
    return sessions.length
  }

  /** Ends the account's sessions, and runs `task` while its keys are wiped and nobody can unlock it. */
  async whileLocked<T>(account: Buffer, reason: string, task: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.lock(account, reason)
      const done = await this.#atDoor(account, async () => {
        // Somebody came in before this had its turn.
        if (this.find(account)) return undefined
        return { value: await task() }
      })
      if (done) return done.value
    }
  }

  /** Ends every session and lets nobody in any more; resolves when all keys are wiped. */
  async close(reason: string): Promise<void> {
    this.#isClosing = true
    while (this.#open.size > 0 || this.#doors.size > 0) {
      await this.end(this.sessions(), reason)
      await Promise.all(this.entries().map((entry) => this.#lockWhenLeft(entry)))
      await Promise.all([...this.#doors.values()].map((door) => door.idle()))
    }
  }
}
