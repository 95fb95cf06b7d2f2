// What the site wants done at a login, behind it: encrypting a marked account, and raising the cost of a password slot.
import { Secret, secretCopy } from '../base/secret.ts'
import type { KdfParameters } from '../crypto/kdf.ts'
import type { Slot } from '../crypto/slot.ts'
import type { SessionInfo } from './api.ts'
import { isDue, type AtRestRules } from './at-rest-rules.ts'
import { noteAudit } from './audit.ts'
import { deliverNotice } from './deliver.ts'
import { fieldOf, keyDatesField, lockedMailField, pendingField } from './directory-fields.ts'
import { clearField } from './directory-edit.ts'
import type { DirectoryEntry } from './directory.ts'
import { enrolmentNotice } from './enrolment-notice.ts'
import { isRefusal } from './errors.ts'
import { sealAccount } from './key-jobs.ts'
import type { OpenSession } from './open-account.ts'
import { asRefusal, refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { editSlots, readSlots, type KeySettings } from './slots.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

const worker: SessionInfo = {
  protocol: 'admin',
  remoteAddress: 'local',
  isTls: true,
  end: () => undefined,
}

/** Whether a slot costs a guesser less than the site wants by now. Slots that cost as much or more are left alone. */
export function isCheaper(slot: KdfParameters, wanted: KdfParameters): boolean {
  const cost = slot.memoryKiB * slot.passes - wanted.memoryKiB * wanted.passes
  return cost < 0 || (cost === 0 && slot.memoryKiB < wanted.memoryKiB)
}

export interface EnrolmentParts {
  readonly site: Site
  readonly settings: KeySettings
  readonly registry: Registry
  readonly unlocked: UnlockedAccounts
  readonly rules: AtRestRules
}

export class Enrolment {
  readonly #site: Site
  readonly #settings: KeySettings
  readonly #registry: Registry
  readonly #unlocked: UnlockedAccounts
  readonly #rules: AtRestRules
  readonly #running = new Map<string, Promise<void>>()

  constructor({ site, settings, registry, unlocked, rules }: EnrolmentParts) {
    this.#site = site
    this.#settings = settings
    this.#registry = registry
    this.#unlocked = unlocked
    this.#rules = rules
  }

  /** Somebody logged in with this password. Returns at once and never throws; what cannot be done now is done at a later login. */
  begin(entry: DirectoryEntry, password: Uint8Array): void {
    const id = entry.account.toString('hex')
    if (this.#running.has(id)) return
    const own = new Secret(secretCopy(password))
    const running = this.#run(entry, own)
      .catch((error: unknown) => {
        const refused = asRefusal(error)
        // Somebody else's turn, or the account was locked: the next login comes.
        if (!isRefusal(refused, 'busy') && !isRefusal(refused, 'unavailable'))
          this.#registry.report('account.enrolment-failed', entry, refused)
      })
      .finally(() => {
        own.wipe()
        this.#running.delete(id)
      })
    this.#running.set(id, running)
  }

  /** What is to be done; undefined for nothing. */
  async #wanted(
    entry: DirectoryEntry,
  ): Promise<{ seals: boolean; tells: boolean; raises: boolean } | undefined> {
    const { list } = await readSlots(this.#site, entry.account)
    const isOff = list.slots.some(({ kind }) => kind === 'server')
    const seals = isOff && isDue(this.#rules, entry)
    // The mark goes when the owner was told.
    const tells = seals || (!isOff && fieldOf(entry.fields, pendingField))
    const [only, ...others] = list.slots.filter(({ kind }) => kind === 'password')
    const raises = others.length === 0 && only?.kdf !== undefined && isCheaper(only.kdf, this.#settings.kdf)
    return seals || tells || raises ? { seals, tells, raises } : undefined
  }

  async #run(entry: DirectoryEntry, password: Secret): Promise<void> {
    const wanted = await this.#wanted(entry)
    if (!wanted) return
    const secret = { kind: 'password', password: password.bytes } as const
    const session = await this.#unlocked.enter(entry.address, entry.account, secret, worker)
    try {
      if (wanted.seals) await this.#seal(entry, session, wanted.raises ? password.bytes : undefined)
      else if (wanted.raises) await this.#raise(session, password.bytes)
      password.wipe()
      if (wanted.tells) await this.#tell(entry)
      if (wanted.seals) await session.housekeeping.converted()
    } finally {
      await session.close()
    }
  }

  async #seal(entry: DirectoryEntry, session: OpenSession, password: Buffer | undefined): Promise<void> {
    await clearField(this.#site, entry, lockedMailField)
    await this.#registry.setField(entry, pendingField, true)
    await refusing(() => sealAccount(session.account, this.#settings, password ? { password } : {}))
    const enabledAt = this.#site.clock.now()
    await this.#registry.changeField(entry, keyDatesField, () => ({ enabledAt }))
    await noteAudit(this.#site, { event: 'atrest.enabled', address: entry.address, by: 'server' })
    this.#site.log.write('info', 'account.enrolled', { account: entry.account.toString('hex') })
  }

  /** The password gets a slot of the site's present cost. */
  async #raise(session: OpenSession, password: Buffer): Promise<void> {
    const keep = ({ kind }: Slot): boolean => kind !== 'password'
    const add = [{ kind: 'password', password } as const]
    await refusing(() => editSlots(session.account, this.#settings, { keep, add }))
  }

  /** One message, delivered as any other. */
  async #tell(entry: DirectoryEntry): Promise<void> {
    const notice = enrolmentNotice(entry.address, this.#site.clock.now())
    await deliverNotice(this.#site, entry.account, notice)
    this.#unlocked.find(entry.account)?.housekeeping.wake()
    await this.#registry.setField(entry, pendingField, false)
  }

  /** Resolves when nothing runs any more. Sessions must have been ended before. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values())
  }
}
