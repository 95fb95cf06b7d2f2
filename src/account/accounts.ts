// All accounts of the site: the one object that IMAP, delivery and the admin commands are given (api.ts).
import type { Language } from '../base/language.ts'
import { defaultMessageBytes } from '../base/limits.ts'
import { accountInfo } from './account-info.ts'
import type { AccountsOptions } from './accounts-options.ts'
import { noAudit, noteAudit, type AuditEntry } from './audit.ts'
import { AtRest } from './at-rest.ts'
import {
  adminRecoveryOf,
  domainOf,
  isMarkedWhenNew,
  standardRules,
  type AtRestRules,
} from './at-rest-rules.ts'
import type {
  AccountInfo,
  Accounts,
  DeliveryTarget,
  OpenAccount,
  ScramApi,
  SessionInfo,
  SessionRow,
} from './api.ts'
import type { AlternateAddress } from './alternate-address.ts'
import type { AtRestApi, EscrowApi, OwnerSecret, PublicKeyApi, TrailApi } from './api-lifecycle.ts'
import { Credentials } from './credentials.ts'
import {
  canonicalAddress,
  findEntry,
  newAddress,
  newCapabilitiesOff,
  type DirectoryEntry,
} from './directory.ts'
import { capabilitiesOffField, languageField, pendingField, withField } from './directory-fields.ts'
import { Enrolment } from './enrolment.ts'
import { isRefusal, Refusal } from './errors.ts'
import { EscrowKeeper } from './escrow-keeper.ts'
import { exportSealedOf } from './export-sealed.ts'
import { IdleWatch } from './idle-watch.ts'
import { Logins } from './login.ts'
import type { LockedMail } from './locked-mail.ts'
import { makeOwnerServices } from './owner-services.ts'
import type { KeySettings } from './slots.ts'
import { PublicKeys } from './public-keys.ts'
import { refusing } from './refusing.ts'
import type { Recovery } from './recovery.ts'
import { Registry } from './registry.ts'
import { requirePassword } from './passwords.ts'
import { SiteNames } from './site-names.ts'
import { scramSettings } from './scram-slots.ts'
import { SlotKeeper } from './slot-keeper.ts'
import { SlotUses } from './slot-uses.ts'
import { defaultSealing } from './sealing.ts'
import type { Site } from './unlocked-account.ts'
import { UnlockedAccounts } from './unlocked-accounts.ts'
import { Repairs } from './repairs.ts'
import { SiteDelivery } from './site-delivery.ts'
import { kickSessions, sessionRows, type SessionParts, type Whose } from './site-sessions.ts'
import { Rollbacks } from './rollback.ts'
import type { VerifyReport } from './verify-report.ts'
import type { VerifyOptions } from './verify.ts'

class SiteAccounts implements Accounts {
  readonly #site: Site
  readonly #settings: KeySettings
  readonly #options: AccountsOptions
  readonly #unlocked: UnlockedAccounts
  readonly #credentials: Credentials
  readonly #registry: Registry
  readonly #rules: AtRestRules
  readonly names: SiteNames
  readonly #enrolment: Enrolment
  readonly #atRest: AtRest
  readonly escrow: EscrowApi
  readonly trail: TrailApi
  readonly #logins: Logins
  readonly slots: SlotKeeper
  readonly idleWatch: IdleWatch
  readonly #publicKeys: PublicKeys
  readonly #delivery: SiteDelivery
  readonly rollbacks: Rollbacks
  readonly repairs: Repairs
  readonly lockedMail: LockedMail
  readonly recovery: Recovery
  readonly alternateAddress: AlternateAddress

  constructor(options: AccountsOptions) {
    const { store, siteKey, clock, log, gate, kdf } = options
    this.#options = options
    this.#rules = (domain) => this.names.rules(domain)
    const allows = async (address: string, account: Uint8Array): Promise<boolean> => {
      const entry = await findEntry({ store, siteKey }, address)
      // Looked at in passing, as by a check of a copy: what its domain says.
      if (!entry?.account.equals(account)) return this.#rules(domainOf(address)).adminRecovery
      return adminRecoveryOf(this.#rules, entry)
    }
    const keeper = new EscrowKeeper({ store, siteKey, clock, gate, kdf, allows })
    const sealing = options.sealing ?? defaultSealing
    this.#site = {
      ...{ store, siteKey, clock, log, audit: options.audit ?? noAudit, escrow: keeper, sealing },
      ...(options.language === undefined ? {} : { language: options.language }),
    }
    this.#settings = { gate, kdf, scram: scramSettings({ store, siteKey }, options.scramIterations) }
    const delimiters = options.recipientDelimiter ?? '+'
    const namesOptions = {
      rules: options.rules ?? standardRules,
      local: options.localDomains ?? [],
      delimiters,
    }
    this.names = new SiteNames(this.#site, namesOptions, () => ({
      registry: this.#registry,
      unlocked: this.#unlocked,
      kick: (address, reason) => this.kick({ address }, reason),
    }))
    this.#unlocked = new UnlockedAccounts(this.#site, this.#settings, {
      maxMessageBytes: options.maxMessageBytes ?? defaultMessageBytes,
      lingerMs: options.lingerMs ?? 0,
      witnesses: options.witnesses,
    })
    this.#credentials = new Credentials(this.#site, this.#settings, this.#unlocked)
    this.#registry = new Registry(this.#site, this.#settings)
    const uses = new SlotUses(log, (account) => this.#unlocked.find(account)?.account)
    const parts = {
      ...{ site: this.#site, settings: this.#settings, registry: this.#registry },
      ...{ unlocked: this.#unlocked, credentials: this.#credentials, rules: this.#rules },
      ...{ uses, guard: options.guard },
    }
    this.#enrolment = new Enrolment(parts)
    this.#atRest = new AtRest(parts)
    const passwordWasReset = async ({ address }: DirectoryEntry, reason: string): Promise<void> => {
      await this.kick({ address }, reason)
    }
    const services = makeOwnerServices({ ...parts, keeper, delimiters, passwordWasReset }, options)
    this.escrow = services.escrow
    this.trail = services.trail
    this.lockedMail = services.lockedMail
    this.recovery = services.recovery
    this.alternateAddress = services.alternateAddress
    this.#delivery = new SiteDelivery({
      ...{ ...parts, names: this.names, delivery: services.delivery, delimiters },
      maxMessageBytes: options.maxMessageBytes ?? defaultMessageBytes,
    })
    this.#atRest.onNewCode = (entry, code) => this.recovery.codeWasMade(entry, code)
    this.#logins = new Logins({
      ...{ ...parts, enrolment: this.#enrolment },
      enterLocked: (entry, password, session) => this.lockedMail.enter(entry, password, session),
    })
    this.slots = new SlotKeeper(parts)
    this.#unlocked.onUnlock = (entry) => this.slots.unlockedNow(entry)
    this.#unlocked.beforeLock = ({ account }) => uses.write(account)
    this.idleWatch = new IdleWatch(this.#unlocked, { clock, log, lockAfterMs: options.lockAfterMs })
    this.#publicKeys = new PublicKeys(parts)
    this.rollbacks = new Rollbacks(parts)
    this.repairs = new Repairs(parts)
  }

  get scram(): ScramApi | undefined {
    if (!this.#settings.scram) return undefined
    return {
      challenge: (address) => this.#logins.scramChallenge(address),
      login: (address, proof, session) => this.#logins.loginByScram(address, proof, session),
    }
  }

  get atRest(): AtRestApi {
    return this.#atRest
  }

  get publicKeys(): PublicKeyApi {
    return this.#publicKeys
  }

  /** What the accounts do by themselves from now on. */
  begin(): void {
    const { keyNoticesMs } = this.#options
    if (keyNoticesMs !== undefined) this.#publicKeys.begin(keyNoticesMs)
  }

  /** Goes on with deletions that a crash interrupted. */
  async resume(): Promise<void> {
    await this.names.reload()
    await this.#registry.resume((address) => this.names.accountIsGoing(address))
  }

  login(address: string, password: Buffer, session: SessionInfo): Promise<OpenAccount> {
    return this.#logins.login(address, password, session)
  }

  authenticate(address: string, password: Buffer, session: Omit<SessionInfo, 'end'>): Promise<string> {
    return this.#logins.authenticate(address, password, session)
  }

  async openFor(address: string, secret: OwnerSecret, session: SessionInfo): Promise<OpenAccount> {
    const entry = await this.#registry.entry(address)
    const opened = await this.#credentials.openFor(entry, secret, session)
    // Deletion ends the sessions that it finds: one that came behind it must not stay.
    const now = await this.#registry.find(entry.address)
    if (now?.account.equals(entry.account)) return opened
    await opened.close()
    throw new Refusal('no-such-account', 'No such account')
  }

  resolve(address: string, otherSpelling: string = address): Promise<readonly DeliveryTarget[]> {
    return this.#delivery.resolve([...new Set([address, otherSpelling])])
  }

  checkDelivery(target: DeliveryTarget, sizeBytes: number): Promise<void> {
    return this.#delivery.check(target, sizeBytes)
  }

  deliver(target: DeliveryTarget, message: Buffer): Promise<void> {
    return this.#delivery.deliver(target, message)
  }

  async create(
    given: string,
    password: Buffer,
    options: { readonly quotaBytes?: number } = {},
  ): Promise<AccountInfo> {
    const address = newAddress(given)
    requirePassword(password)
    const quota = options.quotaBytes ?? this.#options.defaultQuotaBytes
    await this.names.inTurn(async () => {
      this.names.mustHaveDomain(address)
      await this.names.mustBeAlone(address)
      const isMarked = isMarkedWhenNew(this.#rules, address)
      await this.#registry.create(address, password, quota, withField(new Map(), pendingField, isMarked))
    })
    await this.#note({ event: 'account.created', address, by: 'admin' })
    return this.info(address)
  }

  async *list(): AsyncGenerator<AccountInfo> {
    for await (const entry of this.#registry.entries()) {
      if (entry.isDeleting) continue
      try {
        yield await this.#info(entry)
      } catch (error) {
        // One that is damaged, or was deleted just now, must not hide the others.
        if (!isRefusal(error, 'damaged') && !isRefusal(error, 'no-such-account')) throw error
        this.#registry.report('account.unreadable', entry, error)
      }
    }
  }

  async info(address: string): Promise<AccountInfo> {
    return this.#info(await this.#registry.entry(address))
  }

  async #info(entry: DirectoryEntry): Promise<AccountInfo> {
    const isUnlocked = this.#unlocked.find(entry.account) !== undefined
    return refusing(() => accountInfo(this.#site, entry, isUnlocked))
  }

  async setPassword(address: string, password: Buffer): Promise<void> {
    requirePassword(password)
    await this.#credentials.setPassword(await this.#registry.entry(address), password)
    await this.#note({ event: 'password.set', address: canonicalAddress(address), by: 'admin' })
    await this.kick({ address }, 'The password was changed')
  }

  async changePassword(address: string, oldPassword: Buffer, newPassword: Buffer): Promise<void> {
    requirePassword(newPassword)
    const entry = await this.#registry.entry(address)
    await this.#credentials.changePassword(entry, oldPassword, newPassword)
    await this.lockedMail.passwordWasSet(entry)
    await this.#note({ event: 'password.changed', address: entry.address, by: 'owner' })
  }

  async setDisabled(address: string, isDisabled: boolean): Promise<void> {
    const entry = await this.#registry.entry(address)
    await this.#registry.setDisabled(entry, isDisabled)
    const event = isDisabled ? 'account.disabled' : 'account.enabled'
    await this.#note({ event, address: entry.address, by: 'admin' })
    if (isDisabled) await this.kick({ address }, 'The account was disabled')
  }

  async setQuota(address: string, quotaBytes: number | undefined): Promise<void> {
    const { account } = await this.#registry.entry(address)
    await refusing(() => this.#site.store.transact(account, async (tx) => tx.setQuota(quotaBytes)))
  }

  setAlternateAddress(address: string, alternate: string | undefined): Promise<void> {
    return this.alternateAddress.changeByAdmin(address, alternate)
  }

  async setLanguage(address: string, language: Language | undefined): Promise<void> {
    await this.#registry.setField(await this.#registry.entry(address), languageField, language)
  }

  #note(entry: AuditEntry): Promise<void> {
    return noteAudit(this.#site, entry)
  }

  async setCapabilitiesOff(address: string, names: readonly string[]): Promise<void> {
    const entry = await this.#registry.entry(address)
    await this.#registry.setField(entry, capabilitiesOffField, newCapabilitiesOff(names))
  }

  async isBeingDeleted(address: string): Promise<boolean> {
    return (await this.#registry.doomed(address)).isDeleting
  }

  async delete(address: string): Promise<void> {
    const entry = await this.#registry.doomed(address)
    try {
      const doomed = entry.isDeleting ? entry : await this.#registry.beginDeleting(entry)
      await this.kick({ address: entry.address }, 'The account was deleted')
      await this.names.inTurn(() => this.#registry.destroy(doomed, (gone) => this.names.accountIsGoing(gone)))
      await this.#unlocked.rollbacks.forget(doomed.account)
    } catch (error) {
      if (!isRefusal(error, 'unavailable') && !isRefusal(error, 'busy')) throw error
      throw new Refusal(
        error.code,
        `${error.message}. The deletion may have begun: then nobody can log in any more, and the same command goes on with it, as the next start of the server does`,
        { cause: error },
      )
    }
    await this.#note({ event: 'account.deleted', address: entry.address, by: 'admin' })
  }

  async verify(
    address: string,
    password: Buffer | undefined,
    options?: VerifyOptions,
  ): Promise<VerifyReport> {
    return this.#credentials.verify(await this.#registry.entry(address), password, options)
  }

  async enableAtRest(
    address: string,
    password: Buffer,
    progress?: (done: number, total: number) => void,
  ): Promise<{ recoveryCode: Buffer; finished: Promise<void> }> {
    const entry = await this.#registry.entry(address)
    this.#atRest.mustBeAllowed(entry)
    const enabled = await this.#credentials.enableAtRest(entry, password, progress)
    await this.#note({ event: 'atrest.enabled', address: entry.address, by: 'owner' })
    await this.recovery.codeTextWasMade(entry, enabled.recoveryCode)
    return enabled
  }

  async recover(
    address: string,
    recoveryCode: Uint8Array,
    newPassword: Buffer,
  ): Promise<{ recoveryCode: Buffer }> {
    requirePassword(newPassword)
    const entry = await this.#registry.entry(address)
    await this.recovery.mustBeReady(address, recoveryCode)
    const fresh = await this.#credentials.recover(entry, recoveryCode, newPassword)
    // The old code is used up: whatever fails from here on, the owner must get the new one.
    const behind = [
      () => this.lockedMail.passwordWasSet(entry),
      () => this.kick({ address }, 'The password was recovered'),
      () => this.recovery.recovered(entry, fresh.recoveryCode),
    ]
    for (const each of behind)
      await each().catch((error: unknown) => this.#registry.report('recovery.not-finished', entry, error))
    return fresh
  }

  exportSealed(address: string): AsyncGenerator<Buffer> {
    return exportSealedOf(this.#site.store, address)
  }

  sessions(): readonly SessionRow[] {
    return sessionRows(this.#sessionParts)
  }

  get #sessionParts(): SessionParts {
    return { site: this.#site, unlocked: this.#unlocked, lockedMail: this.lockedMail }
  }

  async lock(address: string, reason: string): Promise<number> {
    const { account } = await this.#registry.entry(address)
    return this.#unlocked.lock(account, reason)
  }

  kick(who: Whose, reason: string, by?: 'owner'): Promise<number> {
    return kickSessions(this.#sessionParts, who, reason, by)
  }

  whileLocked<T>(account: Buffer, reason: string, task: () => Promise<T>): Promise<T> {
    return this.#unlocked.whileLocked(account, reason, task)
  }

  async close(): Promise<void> {
    this.#atRest.close()
    await this.#publicKeys.close()
    this.idleWatch.stop()
    await this.#unlocked.close('The server is shutting down')
    await this.#enrolment.idle()
  }
}

/** Opens the site's accounts over an open store. Close it before the store. */
export async function openAccounts(options: AccountsOptions): Promise<Accounts> {
  const accounts = new SiteAccounts(options)
  await accounts.resume()
  accounts.begin()
  return accounts
}
