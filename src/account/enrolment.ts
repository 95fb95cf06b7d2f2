// What the site wants done at a login, behind it: encrypting a marked account, and raising the cost of a password slot.
import { hex } from '../base/bytes.ts'
import { Secret, secretCopy } from '../base/secret.ts'
import type { KdfParameters } from '../crypto/kdf.ts'
import type { Slot, SlotSecret } from '../crypto/slot.ts'
import type { SessionInfo } from './api.ts'
import { domainOf, isDue, type AtRestRules } from './at-rest-rules.ts'
import { noteAudit } from './audit.ts'
import { deliverNotice } from './deliver.ts'
import { fieldOf, keyDatesField, lockedMailField, pendingField } from './directory-fields.ts'
import { clearField } from './directory-edit.ts'
import type { DirectoryEntry } from './directory.ts'
import { isRefusal, Refusal } from './errors.ts'
import { sealAccount } from './key-jobs.ts'
import { composeNotice, saidTo } from './notices.ts'
import type { OpenSession } from './open-account.ts'
import { asRefusal, refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { missingScram } from './scram-slots.ts'
import { editSlots, readSlots, scramOwner, type KeySettings } from './slots.ts'
import type { TrailNote } from './trail-codec.ts'
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

/** What a login was by. */
export type EnrolledBy =
  | { readonly kind: 'password'; readonly password: Uint8Array }
  | { readonly kind: 'scram'; readonly clientKey: Uint8Array }

/** Who changes the password meanwhile must not find the old one back: what opened the session has to be among the slots still. */
const stillOpens =
  ({ slot }: OpenSession) =>
  (slots: readonly Slot[]): void => {
    if (!slots.some(({ id }) => hex(id) === slot.id))
      throw new Refusal('busy', 'The password was changed meanwhile')
  }

/** Another way to open the mail, which nobody but the site asked for: its owner finds it in the trail. */
const scramAdded: TrailNote = { kind: 'scram-added', by: 'server' }

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

  /**
   * Somebody logged in with this password, or without showing it (`clientKey`). Returns at once and never throws; what cannot be done now is done
   * at a later login.
   */
  begin(entry: DirectoryEntry, by: EnrolledBy): void {
    const id = entry.account.toString('hex')
    if (this.#running.has(id)) return
    const own = new Secret(secretCopy(by.kind === 'password' ? by.password : by.clientKey))
    const running = this.#run(entry, by.kind, own)
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
    password: Buffer | undefined,
  ): Promise<{ seals: boolean; tells: boolean; raises: boolean; adds: boolean } | undefined> {
    const { list } = await readSlots(this.#site, entry.account)
    const isOff = list.slots.some(({ kind }) => kind === 'server')
    const seals = isOff && isDue(this.#rules, entry)
    // The mark goes when the owner was told.
    const tells = seals || (!isOff && fieldOf(entry.fields, pendingField))
    const [only, ...others] = list.slots.filter(({ kind }) => kind === 'password')
    const isOld = others.length === 0 && only?.kdf !== undefined && isCheaper(only.kdf, this.#settings.kdf)
    const raises = isOld && password !== undefined
    const owner = {
      ...{ address: entry.address, account: entry.account },
      ...{ siteKey: this.#site.siteKey, scram: this.#settings.scram },
    }
    const adds = password !== undefined && (await missingScram(owner, list.slots, password)) !== undefined
    return seals || tells || raises || adds ? { seals, tells, raises, adds } : undefined
  }

  async #run(entry: DirectoryEntry, kind: EnrolledBy['kind'], own: Secret): Promise<void> {
    const password = kind === 'password' ? own.bytes : undefined
    const wanted = await this.#wanted(entry, password)
    if (!wanted) return
    const secret: SlotSecret = password
      ? { kind: 'password', password }
      : { kind: 'scram', clientKey: own.bytes, siteKey: this.#site.siteKey }
    const session = await this.#unlocked.enter(entry.address, entry.account, secret, worker)
    try {
      if (wanted.seals) await this.#seal(entry, session, wanted.raises ? password : undefined)
      else if (wanted.raises && password) await this.#raise(session, password, wanted.adds)
      if (wanted.adds && !wanted.raises && password) await this.#addScram(session, password)
      own.wipe()
      if (wanted.tells) await this.#tell(entry)
      if (wanted.seals) await session.housekeeping.converted()
    } finally {
      await session.close()
    }
  }

  async #seal(entry: DirectoryEntry, session: OpenSession, password: Buffer | undefined): Promise<void> {
    await clearField(this.#site, entry, lockedMailField)
    await this.#registry.setField(entry, pendingField, true)
    const expect = stillOpens(session)
    await refusing(() =>
      sealAccount(session.account, this.#settings, password ? { password, expect } : { expect }),
    )
    const enabledAt = this.#site.clock.now()
    await this.#registry.changeField(entry, keyDatesField, () => ({ enabledAt }))
    await noteAudit(this.#site, { event: 'atrest.enabled', address: entry.address, by: 'server' })
    this.#site.log.write('info', 'account.enrolled', { account: entry.account.toString('hex') })
  }

  /** The password gets a slot of the site's present cost. */
  async #raise(session: OpenSession, password: Buffer, adds: boolean): Promise<void> {
    const keep = ({ kind }: Slot): boolean => kind !== 'password'
    const add = [{ kind: 'password', password } as const]
    const expect = stillOpens(session)
    const trail = adds ? [scramAdded] : []
    await refusing(() => editSlots(session.account, this.#settings, { keep, add, expect, trail }))
  }

  /** The password gets the slot for SCRAM that it has not, or that is not as the site wants it by now. */
  async #addScram(session: OpenSession, password: Buffer): Promise<void> {
    const { list } = await readSlots(this.#site, session.account.id)
    const secret = await missingScram(scramOwner(session.account, this.#settings), list.slots, password)
    if (!secret) return
    const keep = ({ kind }: Slot): boolean => kind !== 'scram'
    const expect = stillOpens(session)
    const trail = [scramAdded]
    await refusing(() => editSlots(session.account, this.#settings, { keep, add: [secret], expect, trail }))
  }

  /** One message, delivered as any other. */
  async #tell(entry: DirectoryEntry): Promise<void> {
    const { address, account } = entry
    const notice = saidTo(this.#site, entry, (words) => words.notice('enrolled', { address }))
    const message = composeNotice(domainOf(address), address, notice, this.#site.clock.now())
    await deliverNotice(this.#site, account, message)
    this.#unlocked.find(account)?.housekeeping.wake()
    await this.#registry.setField(entry, pendingField, false)
  }

  /** Resolves when nothing runs any more. Sessions must have been ended before. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values())
  }
}
