// Passwords that do not open the mail (LockApi of api-lifecycle.ts): set by an admin without any key, and how the mail opens again.
import { isLockedLogin, makeLockedLogin } from '../crypto/locked-login.ts'
import { randomToken } from '../crypto/random.ts'
import type { Slot } from '../crypto/slot.ts'
import type { OpenAccount, SessionInfo, SessionRow } from './api.ts'
import type { LockApi, OwnerSecret } from './api-lifecycle.ts'
import { noteAudit } from './audit.ts'
import { clearField } from './directory-edit.ts'
import { fieldOf, lockedMailField } from './directory-fields.ts'
import type { DirectoryEntry } from './directory.ts'
import { Refusal } from './errors.ts'
import { LockedSession } from './locked-session.ts'
import { composeNotice, saidTo, type Notices } from './notices.ts'
import type { OpenFor } from './owner-trail.ts'
import { requirePassword } from './passwords.ts'
import { refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { editSlots, readSlots, type KeySettings } from './slots.ts'
import { leaveInTrail } from './trail-arrival.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

export interface LockedMailParts {
  readonly site: Site
  readonly settings: KeySettings
  readonly registry: Registry
  readonly unlocked: UnlockedAccounts
  readonly notices: Notices
  readonly openFor: OpenFor
  readonly hostname: string
  readonly passwordWasReset: (entry: DirectoryEntry, reason: string) => Promise<void>
}

interface Held {
  readonly row: SessionRow
  readonly end: (reason: string) => void
}

export class LockedMail implements LockApi {
  readonly #parts: LockedMailParts
  readonly #sessions = new Map<string, Held>()

  constructor(parts: LockedMailParts) {
    this.#parts = parts
  }

  /** Refuses with 'nothing-to-do' where the site's key opens the account: there a password can simply be set. */
  async lockMail(address: string, newPassword: Buffer): Promise<void> {
    requirePassword(newPassword)
    const { site, settings, registry, unlocked, notices, passwordWasReset } = this.#parts
    const entry = await registry.entry(address)
    if (await this.#isOff(entry))
      throw new Refusal(
        'nothing-to-do',
        'At-rest encryption is off: the password can be set, and opens the mail',
      )
    const login = await refusing(() =>
      makeLockedLogin(entry.account, newPassword, settings.kdf, settings.gate),
    )
    await site.audit.write({ event: 'mail.locked', address: entry.address, by: 'admin' })
    // Before it is so: where the owner could not be told, nothing is done.
    await leaveInTrail(site, entry.account, { kind: 'mail-locked', by: 'admin' })
    await registry.setField(entry, lockedMailField, { ...login, lockedAt: site.clock.now() })
    unlocked.forgetPasswords(entry.account)
    unlocked.find(entry.account)?.housekeeping.wake()
    await passwordWasReset(entry, 'A new password was set, which does not open the mail')
    const now = site.clock.now()
    await notices.tell(entry, (words) => words.notice('passwordLocked', { at: words.moment(now) }))
  }

  async #isOff({ account }: DirectoryEntry): Promise<boolean> {
    const { list } = await refusing(() => readSlots(this.#parts.site, account))
    return list.slots.some(({ kind }) => kind === 'server')
  }

  async unlockMail(address: string, secret: OwnerSecret, newPassword: Buffer): Promise<void> {
    requirePassword(newPassword)
    const { site, settings, registry, openFor, passwordWasReset } = this.#parts
    const entry = await registry.entry(address)
    if (!fieldOf(entry.fields, lockedMailField)) throw new Refusal('nothing-to-do', 'The mail is not locked')
    const by = secret.kind === 'admin' ? 'admin-key' : 'owner'
    const session = await openFor(entry, secret)
    try {
      await refusing(() =>
        editSlots(session.account, settings, {
          keep: ({ kind }: Slot) => kind !== 'password',
          add: [{ kind: 'password', password: newPassword }],
          trail: [{ kind: 'mail-unlocked', by }],
        }),
      )
    } finally {
      await session.close()
    }
    await this.passwordWasSet(entry)
    await passwordWasReset(entry, 'The mail was unlocked')
    await noteAudit(site, { event: 'mail.unlocked', address: entry.address, by })
  }

  /** A password that opens the mail was set by whoever could: the one that does not is no longer a password. */
  async passwordWasSet(entry: DirectoryEntry): Promise<void> {
    this.#parts.unlocked.forgetPasswords(entry.account)
    await clearField(this.#parts.site, entry, lockedMailField)
  }

  /** A session for a password that does not open the mail; undefined when it is not that password. Throws Busy. */
  async enter(entry: DirectoryEntry, password: Buffer, info: SessionInfo): Promise<OpenAccount | undefined> {
    const locked = fieldOf(entry.fields, lockedMailField)
    const { gate } = this.#parts.settings
    // Encryption was turned off since: nothing is locked, and the password that was given then is none any more.
    if (locked && (await this.#isOff(entry))) return undefined
    if (!locked || !(await isLockedLogin(entry.account, password, locked, gate))) return undefined
    const sessionId = randomToken().slice(0, 12)
    const { address, capabilitiesOff } = entry
    const { hostname, site } = this.#parts
    const notice = saidTo(site, entry, (words) => words.notice('locked', { address }))
    const message = composeNotice(hostname, address, notice, locked.lockedAt)
    const release = (): void => void this.#sessions.delete(sessionId)
    this.#sessions.set(sessionId, {
      row: {
        ...{ sessionId, address, since: site.clock.now(), slotKind: 'locked', slotId: '' },
        ...{ slotName: undefined, client: undefined },
        ...{ protocol: info.protocol, remoteAddress: info.remoteAddress, isTls: info.isTls },
      },
      end: info.end,
    })
    return new LockedSession({
      address,
      sessionId,
      capabilitiesOff,
      message,
      language: notice.language,
      lockedAt: locked.lockedAt,
      release,
    })
  }

  sessions(): readonly SessionRow[] {
    return [...this.#sessions.values()].map(({ row }) => row)
  }

  /** Ends those of these sessions that are its own. */
  end(isHit: (row: SessionRow) => boolean, reason: string): number {
    const hit = [...this.#sessions.values()].filter(({ row }) => isHit(row))
    for (const { row, end } of hit) {
      this.#sessions.delete(row.sessionId)
      end(reason)
    }
    return hit.length
  }
}
