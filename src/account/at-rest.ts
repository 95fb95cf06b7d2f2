// The life of an account's keys as its owner and the admin see it: AtRestApi of api-lifecycle.ts, over the modules that do it.
import type { SessionInfo } from './api.ts'
import type {
  AtRestApi,
  AtRestPolicy,
  AtRestStatus,
  CodeOffer,
  OwnerSecret,
  Progress,
} from './api-lifecycle.ts'
import { noteAudit } from './audit.ts'
import type { AtRestRules } from './at-rest-rules.ts'
import { policyOf } from './at-rest-rules.ts'
import { atRestStatus } from './at-rest-status.ts'
import { bySecret } from './by-secret.ts'
import type { Credentials } from './credentials.ts'
import { clearField } from './directory-edit.ts'
import {
  adminRecoveryField,
  keyDatesField,
  lockedMailField,
  pendingField,
  policyField,
  type KeyDates,
} from './directory-fields.ts'
import type { DirectoryEntry } from './directory.ts'
import { isRefusal, Refusal } from './errors.ts'
import { rotateAccount, sealAccount, unsealAccount } from './key-jobs.ts'
import { Offers, type OfferKind } from './offers.ts'
import type { OpenSession } from './open-account.ts'
import { refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { editSlots, readSlots, type KeySettings } from './slots.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'
import type { Slot } from '../crypto/slot.ts'

export interface AtRestParts {
  readonly site: Site
  readonly settings: KeySettings
  readonly unlocked: UnlockedAccounts
  readonly registry: Registry
  readonly credentials: Credentials
  readonly rules: AtRestRules
}

const worker: SessionInfo = {
  protocol: 'admin',
  remoteAddress: 'local',
  isTls: true,
  end: () => undefined,
}

const notAllowed = (): Refusal =>
  new Refusal('not-permitted', 'At-rest encryption is switched off for this account by the site')

/** Which password slots there are: another password has others. */
const passwordSlotsOf = (slots: readonly Slot[]): string =>
  slots
    .filter(({ kind }) => kind === 'password')
    .map(({ id }) => id.toString('hex'))
    .sort()
    .join()

export class AtRest implements AtRestApi {
  readonly #parts: AtRestParts
  readonly #offers: Offers
  /** A recovery code is in force: 16 bytes. Must not throw. */
  onNewCode: (entry: DirectoryEntry, code: Uint8Array) => Promise<void> = async () => undefined

  constructor(parts: AtRestParts) {
    this.#parts = parts
    this.#offers = new Offers(parts.site.clock)
  }

  async atRestStatus(address: string): Promise<AtRestStatus> {
    const { site, rules, registry, unlocked } = this.#parts
    const entry = await registry.entry(address)
    const isUnlocked = unlocked.find(entry.account) !== undefined
    return refusing(() => atRestStatus(site, entry, rules, isUnlocked))
  }

  /** Refuses with 'not-permitted' where the policy is off. */
  mustBeAllowed(entry: DirectoryEntry): void {
    if (policyOf(this.#parts.rules, entry) === 'off') throw notAllowed()
  }

  /** The slots as they are, and whether the site's key is among them. */
  async #slots({ account }: DirectoryEntry): Promise<{ isSealed: boolean; passwordSlots: string }> {
    const { list } = await refusing(() => readSlots(this.#parts.site, account))
    return {
      isSealed: !list.slots.some(({ kind }) => kind === 'server'),
      passwordSlots: passwordSlotsOf(list.slots),
    }
  }

  /** Makes an offer to whoever knows the password. */
  async #offer(entry: DirectoryEntry, kind: OfferKind, password: Buffer): Promise<CodeOffer> {
    const session = await this.#parts.credentials.openFor(entry, { kind: 'password', password }, worker)
    await session.close()
    const { passwordSlots } = await this.#slots(entry)
    return this.#offers.make({ kind, address: entry.address, account: entry.account, passwordSlots })
  }

  async offerEnable(address: string, password: Buffer): Promise<CodeOffer> {
    const entry = await this.#parts.registry.entry(address)
    this.mustBeAllowed(entry)
    const { isSealed } = await this.#slots(entry)
    if (isSealed) throw new Refusal('already-enabled', 'At-rest encryption is on already')
    return this.#offer(entry, 'enable', password)
  }

  async acceptEnable(
    offerId: string,
    typed: Buffer,
    progress?: Progress,
  ): Promise<{ finished: Promise<void> }> {
    const { code, account, address, passwordSlots } = this.#offers.typedBack(offerId, 'enable', typed)
    try {
      const entry = await this.#entryOf(address, account)
      this.mustBeAllowed(entry)
      // Of another time when it was on: it must not come into force again.
      await clearField(this.#parts.site, entry, lockedMailField)
      // The password was checked for the offer: until now the site's key opens the account as well.
      const session = await this.#openSite(entry)
      const work = (): Promise<void> =>
        sealAccount(session.account, this.#parts.settings, {
          code,
          expect(slots) {
            if (passwordSlotsOf(slots) !== passwordSlots)
              throw new Refusal('offer-expired', 'The password was changed meanwhile')
          },
        })
      const job = await this.#begin(session, work, progress)
      this.#offers.withdraw(offerId)
      const now = this.#parts.site.clock.now()
      await this.#noteDates(entry, () => ({ enabledAt: now, codeCheckedAt: now }))
      await this.#unmark(entry)
      await noteAudit(this.#parts.site, { event: 'atrest.enabled', address, by: 'owner' })
      await this.onNewCode(entry, code)
      return job
    } finally {
      code.fill(0)
    }
  }

  async #openSite(entry: DirectoryEntry): Promise<OpenSession> {
    try {
      return await this.#parts.credentials.openFor(entry, { kind: 'site' }, worker)
    } catch (error) {
      if (!isRefusal(error, 'mail-would-be-lost')) throw error
      throw new Refusal('already-enabled', 'At-rest encryption is on already')
    }
  }

  async #entryOf(address: string, account: Buffer): Promise<DirectoryEntry> {
    const entry = await this.#parts.registry.entry(address)
    if (!entry.account.equals(account)) throw new Refusal('no-such-account', 'No such account')
    return entry
  }

  /** Does the commit that begins a job, and goes on with it in the background; the session is closed when it ends. */
  async #begin(
    session: OpenSession,
    commit: () => Promise<void>,
    progress: Progress | undefined,
  ): Promise<{ finished: Promise<void> }> {
    try {
      await refusing(commit)
    } catch (error) {
      await session.close()
      throw error
    }
    const finished = refusing(() => session.housekeeping.converted(progress)).finally(() => session.close())
    // Whoever does not wait for the end is not to blame for its failure: the next login goes on.
    finished.catch(() => undefined)
    return { finished }
  }

  /** Dates are for show: that they cannot be written must not undo what was done. */
  async #noteDates(entry: DirectoryEntry, change: (present: KeyDates) => KeyDates): Promise<void> {
    const { registry } = this.#parts
    await registry.changeField(entry, keyDatesField, change).catch((error: unknown) => {
      registry.report('account.dates-not-kept', entry, error)
    })
  }

  /** Encryption is on, and whoever was told otherwise might throw the code away: a mark that stays has the owner told once more. */
  async #unmark(entry: DirectoryEntry): Promise<void> {
    const { registry } = this.#parts
    await registry.setField(entry, pendingField, false).catch((error: unknown) => {
      registry.report('account.mark-not-removed', entry, error)
    })
  }

  withdrawOffer(offerId: string): void {
    this.#offers.withdraw(offerId)
  }

  async offerRecoveryCode(address: string, password: Buffer): Promise<CodeOffer> {
    const entry = await this.#parts.registry.entry(address)
    const { isSealed } = await this.#slots(entry)
    if (!isSealed) throw new Refusal('not-enabled', 'At-rest encryption is off: there is nothing to recover')
    return this.#offer(entry, 'code', password)
  }

  async acceptRecoveryCode(offerId: string, typed: Buffer, password: Buffer): Promise<void> {
    const { settings, credentials, site } = this.#parts
    const { code, account, address } = this.#offers.typedBack(offerId, 'code', typed)
    try {
      const entry = await this.#entryOf(address, account)
      const session = await credentials.openFor(entry, { kind: 'password', password }, worker)
      try {
        const keep = ({ kind }: Slot): boolean => kind !== 'recovery'
        await refusing(() =>
          editSlots(session.account, settings, {
            ...{ keep, add: [{ kind: 'recovery', code }] },
            trail: [{ kind: 'recovery-code-renewed', by: 'owner' }],
          }),
        )
      } finally {
        await session.close()
      }
      this.#offers.withdraw(offerId)
      const now = site.clock.now()
      await this.#noteDates(entry, (present) => ({ ...present, codeCheckedAt: now }))
      await noteAudit(site, { event: 'code.renewed', address, by: 'owner' })
      await this.onNewCode(entry, code)
    } finally {
      code.fill(0)
    }
  }

  async testRecoveryCode(address: string, code: Uint8Array): Promise<void> {
    const entry = await this.#parts.registry.entry(address)
    const session = await this.#parts.credentials.openFor(entry, { kind: 'recovery', code }, worker)
    await session.close()
    const now = this.#parts.site.clock.now()
    await this.#noteDates(entry, (present) => ({ ...present, codeCheckedAt: now }))
  }

  async disableAtRest(
    address: string,
    secret: OwnerSecret,
    progress?: Progress,
  ): Promise<{ finished: Promise<void> }> {
    const entry = await this.#parts.registry.entry(address)
    const session = await this.#parts.credentials.openFor(entry, secret, worker)
    try {
      // Before it is done: one that stayed would have it turned on again at the next login.
      await this.#parts.registry.setField(entry, pendingField, false)
      await refusing(() =>
        unsealAccount(session.account, this.#parts.settings, [{ kind: 'disabled', by: bySecret(secret) }]),
      )
      const total = 1
      progress?.(total, total)
    } finally {
      await session.close()
    }
    await this.#noteDates(entry, () => ({}))
    await noteAudit(this.#parts.site, {
      event: 'atrest.disabled',
      address: entry.address,
      by: bySecret(secret),
    })
    return { finished: Promise.resolve() }
  }

  async rotateKeys(
    address: string,
    secret: OwnerSecret,
    { reencrypt, progress }: { readonly reencrypt: boolean; readonly progress?: Progress },
  ): Promise<{ finished: Promise<void> }> {
    const entry = await this.#parts.registry.entry(address)
    const session = await this.#parts.credentials.openFor(entry, secret, worker)
    const by = bySecret(secret)
    const job = await this.#begin(
      session,
      () => rotateAccount(session.account, this.#parts.settings, reencrypt, by),
      progress,
    )
    await noteAudit(this.#parts.site, {
      event: 'keys.rotated',
      address: entry.address,
      by,
      detail: { reencrypt },
    })
    return job
  }

  async setPending(address: string, isPending: boolean): Promise<void> {
    const entry = await this.#parts.registry.entry(address)
    if (isPending) {
      this.mustBeAllowed(entry)
      const { isSealed } = await this.#slots(entry)
      if (isSealed) throw new Refusal('already-enabled', 'At-rest encryption is on already')
    }
    await this.#parts.registry.setField(entry, pendingField, isPending)
    const detail = { isPending }
    await noteAudit(this.#parts.site, {
      event: 'atrest.pending',
      address: entry.address,
      by: 'admin',
      detail,
    })
  }

  async setPolicy(address: string, policy: AtRestPolicy | undefined): Promise<void> {
    const entry = await this.#parts.registry.entry(address)
    await this.#parts.registry.setField(entry, policyField, policy)
    const detail = { policy: policy ?? 'of the domain' }
    await noteAudit(this.#parts.site, { event: 'atrest.policy', address: entry.address, by: 'admin', detail })
  }

  async setAdminRecovery(address: string, isAllowed: boolean | undefined): Promise<void> {
    const entry = await this.#parts.registry.entry(address)
    await this.#parts.registry.setField(entry, adminRecoveryField, isAllowed)
    const detail = { adminRecovery: isAllowed ?? 'of the domain' }
    await noteAudit(this.#parts.site, { event: 'atrest.policy', address: entry.address, by: 'admin', detail })
  }

  /** Wipes the codes that are being offered. */
  close(): void {
    this.#offers.close()
  }
}
