// All accounts of the site: the one object that IMAP, delivery and the admin commands are given (api.ts).
import type { Clock, Log } from '../base/ports.ts'
import { defaultMessageBytes, passwordBytes } from '../base/limits.ts'
import { randomBytes } from '../crypto/random.ts'
import { WrongKey } from '../crypto/errors.ts'
import type { KdfGate, KdfParameters } from '../crypto/kdf.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import { Conflict } from '../store/errors.ts'
import type { Store } from '../store/store.ts'
import type {
  AccountInfo,
  Accounts,
  AtRestState,
  DeliveryTarget,
  OpenAccount,
  SessionInfo,
  SessionRow,
} from './api.ts'
import { Credentials, wrongLogin } from './credentials.ts'
import { createRecords } from './create-account.ts'
import { checkCard, deliver } from './deliver.ts'
import {
  allEntries,
  canonicalAddress,
  encodeEntry,
  findEntry,
  newAddress,
  type DirectoryEntry,
} from './directory.ts'
import { Refusal } from './errors.ts'
import { exportSealed } from './export-sealed.ts'
import { arrivalRange, conversionKey } from './keys.ts'
import type { LoginGuard } from './login-guard.ts'
import type { OpenSession } from './open-account.ts'
import { readSlots, type KeySettings } from './slots.ts'
import { asRefusal, refusing, type Site } from './unlocked-account.ts'
import { UnlockedAccounts } from './unlocked-accounts.ts'

export interface AccountsOptions {
  readonly store: Store
  readonly siteKey: SiteKey
  readonly gate: KdfGate
  readonly kdf: KdfParameters
  readonly clock: Clock
  readonly log: Log
  readonly guard?: LoginGuard
  readonly maxMessageBytes?: number
  /** Characters that may stand between the local part and a detail (`user+detail@`). Empty: no plus-addressing. */
  readonly recipientDelimiter?: string
  readonly defaultQuotaBytes?: number
}

class SiteAccounts implements Accounts {
  readonly #site: Site
  readonly #settings: KeySettings
  readonly #options: AccountsOptions
  readonly #unlocked: UnlockedAccounts
  readonly #credentials: Credentials

  constructor(options: AccountsOptions) {
    const { store, siteKey, clock, log, gate, kdf } = options
    this.#options = options
    this.#site = { store, siteKey, clock, log }
    this.#settings = { gate, kdf }
    this.#unlocked = new UnlockedAccounts(
      this.#site,
      this.#settings,
      options.maxMessageBytes ?? defaultMessageBytes,
    )
    this.#credentials = new Credentials(this.#site, this.#settings, this.#unlocked)
  }

  /** Goes on with deletions that a crash interrupted. */
  async resume(): Promise<void> {
    for await (const entry of allEntries(this.#site.store.directory)) {
      if (entry.isDeleting) await this.#destroy(entry)
    }
  }

  async #entry(address: string): Promise<DirectoryEntry> {
    const entry = await refusing(() => findEntry(this.#site.store.directory, address))
    if (!entry) throw new Refusal('no-such-account', 'No such account')
    return entry
  }

  async login(address: string, password: Buffer, session: SessionInfo): Promise<OpenAccount> {
    const { guard } = this.#options
    const name = canonicalAddress(address)
    await guard?.before(session.remoteAddress, name)
    const entry = await refusing(() => findEntry(this.#site.store.directory, name))
    try {
      const opened = await this.#open(entry, password, session)
      if (entry?.isDisabled) {
        await opened.close()
        throw new Refusal('account-disabled', 'The account is disabled')
      }
      await guard?.succeeded(session.remoteAddress, name)
      return opened
    } catch (error) {
      if (!(error instanceof WrongKey)) throw asRefusal(error)
      await guard?.failed(session.remoteAddress, name)
      throw wrongLogin()
    }
  }

  /** Unknown addresses cost the same work as known ones with a wrong password. */
  async #open(
    entry: DirectoryEntry | undefined,
    password: Buffer,
    session: SessionInfo,
  ): Promise<OpenSession> {
    if (password.length === 0 || password.length > passwordBytes) throw new WrongKey()
    if (!entry) {
      const { gate, kdf } = this.#settings
      const spent = await gate.derive(password, randomBytes(16), kdf)
      spent.wipe()
      throw new WrongKey()
    }
    return this.#unlocked.enter(entry.address, entry.account, { kind: 'password', password }, session)
  }

  async resolve(address: string): Promise<DeliveryTarget> {
    const name = canonicalAddress(address)
    const found = await refusing(() => findEntry(this.#site.store.directory, name))
    if (found) return deliverable(found, '')
    const at = name.lastIndexOf('@')
    const local = name.slice(0, Math.max(at, 0))
    for (const delimiter of this.#options.recipientDelimiter ?? '+') {
      const split = local.indexOf(delimiter)
      if (split < 1) continue
      const base = await refusing(() =>
        findEntry(this.#site.store.directory, local.slice(0, split) + name.slice(at)),
      )
      // The detail names a mailbox, so it keeps its case.
      const given = address.trim().normalize('NFC')
      if (base) return deliverable(base, given.slice(split + 1, given.lastIndexOf('@')))
    }
    throw new Refusal('no-such-account', 'No such account')
  }

  async checkDelivery(target: DeliveryTarget, sizeBytes: number): Promise<void> {
    if (sizeBytes > (this.#options.maxMessageBytes ?? defaultMessageBytes)) {
      throw new Refusal('message-too-large', 'The message is larger than this server takes')
    }
    const { account } = await this.#entry(target.address)
    await checkCard(this.#site, account)
    const info = await refusing(() => this.#site.store.info(account))
    if (info?.quotaBytes !== undefined && info.usageBytes + sizeBytes > info.quotaBytes) {
      throw new Refusal('over-quota', 'The account is over its quota')
    }
  }

  async deliver(target: DeliveryTarget, message: Buffer): Promise<void> {
    if (message.length > (this.#options.maxMessageBytes ?? defaultMessageBytes)) {
      throw new Refusal('message-too-large', 'The message is larger than this server takes')
    }
    const { account } = await this.#entry(target.address)
    await deliver(this.#site, account, message, target.detail)
    this.#unlocked.find(account)?.housekeeping.wake()
  }

  async create(
    given: string,
    password: Buffer,
    options: { readonly quotaBytes?: number } = {},
  ): Promise<AccountInfo> {
    const address = newAddress(given)
    requirePassword(password)
    const { directory } = this.#site.store
    if (await refusing(() => directory.get(address)))
      throw new Refusal('account-exists', 'The account exists already')
    const quota = options.quotaBytes ?? this.#options.defaultQuotaBytes
    const account = await refusing(() => createRecords(this.#site, this.#settings, password, quota))
    try {
      await directory.put(address, encodeEntry(account, { isDisabled: false, isDeleting: false }), undefined)
    } catch (error) {
      await this.#site.store.destroy(account)
      if (error instanceof Conflict) throw new Refusal('account-exists', 'The account exists already')
      throw asRefusal(error)
    }
    return this.info(address)
  }

  async *list(): AsyncGenerator<AccountInfo> {
    for await (const entry of allEntries(this.#site.store.directory)) {
      if (!entry.isDeleting) yield await this.#info(entry)
    }
  }

  async info(address: string): Promise<AccountInfo> {
    return this.#info(await this.#entry(address))
  }

  async #info(entry: DirectoryEntry): Promise<AccountInfo> {
    const { account, address, isDisabled } = entry
    const { list } = await refusing(() => readSlots(this.#site, account))
    const numbers = await refusing(() => this.#site.store.info(account))
    const { pending, isConverting } = await refusing(() =>
      this.#site.store.read(account, async (snapshot) => {
        let count = 0
        for await (const page of snapshot.range(arrivalRange)) count += page.length
        return { pending: count, isConverting: (await snapshot.get(conversionKey)) !== undefined }
      }),
    )
    const isOff = list.slots.some((slot) => slot.kind === 'server')
    const atRest: AtRestState = isOff ? 'off' : isConverting ? 'converting' : 'on'
    return {
      address,
      accountId: account.toString('hex'),
      isDisabled,
      atRest,
      usedBytes: numbers?.usageBytes ?? 0,
      quotaBytes: numbers?.quotaBytes,
      pendingArrivals: pending,
      isUnlocked: this.#unlocked.find(account) !== undefined,
      slots: list.slots.map(({ id, kind, createdAt }) => ({
        id: Buffer.from(id).toString('hex'),
        kind,
        createdAt,
      })),
    }
  }

  async setPassword(address: string, password: Buffer): Promise<void> {
    requirePassword(password)
    await this.#credentials.setPassword(await this.#entry(address), password)
    await this.kick({ address }, 'The password was changed')
  }

  async changePassword(address: string, oldPassword: Buffer, newPassword: Buffer): Promise<void> {
    requirePassword(newPassword)
    await this.#credentials.changePassword(await this.#entry(address), oldPassword, newPassword)
  }

  async setDisabled(address: string, isDisabled: boolean): Promise<void> {
    const entry = await this.#entry(address)
    const bytes = encodeEntry(entry.account, { isDisabled, isDeleting: false })
    await refusing(() => this.#site.store.directory.put(entry.address, bytes, entry.bytes))
    if (isDisabled) await this.kick({ address }, 'The account was disabled')
  }

  async setQuota(address: string, quotaBytes: number | undefined): Promise<void> {
    const { account } = await this.#entry(address)
    await refusing(() => this.#site.store.transact(account, async (tx) => tx.setQuota(quotaBytes)))
  }

  async delete(address: string): Promise<void> {
    const entry = await this.#entry(address)
    const bytes = encodeEntry(entry.account, { isDisabled: true, isDeleting: true })
    await refusing(() => this.#site.store.directory.put(entry.address, bytes, entry.bytes))
    await this.kick({ address }, 'The account was deleted')
    await this.#destroy({ ...entry, bytes })
  }

  async #destroy(entry: DirectoryEntry): Promise<void> {
    await refusing(() => this.#site.store.destroy(entry.account))
    await refusing(() => this.#site.store.directory.delete(entry.address, entry.bytes))
  }

  async enableAtRest(
    address: string,
    password: Buffer,
    progress?: (done: number, total: number) => void,
  ): Promise<{ recoveryCode: string; finished: Promise<void> }> {
    return this.#credentials.enableAtRest(await this.#entry(address), password, progress)
  }

  async recover(
    address: string,
    recoveryCode: string,
    newPassword: Buffer,
  ): Promise<{ recoveryCode: string }> {
    requirePassword(newPassword)
    const fresh = await this.#credentials.recover(await this.#entry(address), recoveryCode, newPassword)
    await this.kick({ address }, 'The password was recovered')
    return fresh
  }

  async *exportSealed(address: string): AsyncGenerator<Buffer> {
    const { account } = await this.#entry(address)
    try {
      yield* exportSealed(this.#site.store, account)
    } catch (error) {
      throw asRefusal(error)
    }
  }

  sessions(): readonly SessionRow[] {
    return this.#unlocked.sessions().map(({ sessionId, address, info, since, slotKind }) => ({
      ...{ sessionId, address, since, slotKind },
      ...{ protocol: info.protocol, remoteAddress: info.remoteAddress, isTls: info.isTls },
    }))
  }

  async kick(
    who: { readonly address: string } | { readonly sessionId: string },
    reason: string,
  ): Promise<number> {
    const sessions = this.#unlocked
      .sessions()
      .filter((session) =>
        'address' in who
          ? session.address === canonicalAddress(who.address)
          : session.sessionId === who.sessionId,
      )
    await this.#unlocked.end(sessions, reason)
    return sessions.length
  }

  async close(): Promise<void> {
    await this.#unlocked.end(this.#unlocked.sessions(), 'The server is shutting down')
  }
}

function deliverable(entry: DirectoryEntry, detail: string): DeliveryTarget {
  if (entry.isDisabled) throw new Refusal('account-disabled', 'The account is disabled')
  return { address: entry.address, detail }
}

function requirePassword(password: Buffer): void {
  if (password.length === 0) throw new Refusal('limit', 'The password is empty')
  if (password.length > passwordBytes)
    throw new Refusal('limit', `The password is longer than ${passwordBytes} bytes`)
}

/** Opens the site's accounts over an open store. Close it before the store. */
export async function openAccounts(options: AccountsOptions): Promise<Accounts> {
  const accounts = new SiteAccounts(options)
  await accounts.resume()
  return accounts
}
