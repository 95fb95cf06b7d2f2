// Admin recovery (EscrowApi of api-lifecycle.ts): the site's recovery key, and what admins do to accounts with it, seen by their owners.
import type { Secret } from '../base/secret.ts'
import { escrowDigest } from '../crypto/escrow.ts'
import type { Slot } from '../crypto/slot.ts'
import type { EscrowApi, EscrowStatus, OwnerSecret, Progress } from './api-lifecycle.ts'
import { noteAudit } from './audit.ts'
import { pendingField } from './directory-fields.ts'
import type { DirectoryEntry } from './directory.ts'
import { isRefusal, Refusal } from './errors.ts'
import type { EscrowKeeper } from './escrow-keeper.ts'
import { unsealAccount } from './key-jobs.ts'
import type { Notices } from './notices.ts'
import type { OpenSession } from './open-account.ts'
import type { OpenFor } from './owner-trail.ts'
import { requirePassword } from './passwords.ts'
import { refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { editSlots, readSlots, type KeySettings } from './slots.ts'
import { addToTrail, type TrailNote } from './trail.ts'
import type { Site } from './unlocked-account.ts'

type AdminSecret = Extract<OwnerSecret, { readonly kind: 'admin' }>

export interface EscrowParts {
  readonly site: Site
  readonly settings: KeySettings
  readonly registry: Registry
  readonly keeper: EscrowKeeper
  readonly notices: Notices
  /** Opens an account by any secret; for an admin's by `openByAdmin`. */
  readonly openFor: OpenFor
  /** A password opens the mail again: another that did not is none any more. */
  readonly passwordWasSet: (entry: DirectoryEntry) => Promise<void>
  /** Sessions of the account end. */
  readonly passwordWasReset: (entry: DirectoryEntry, reason: string) => Promise<void>
}

export class Escrow implements EscrowApi {
  readonly #parts: EscrowParts

  constructor(parts: EscrowParts) {
    this.#parts = parts
  }

  async escrowStatus(): Promise<EscrowStatus> {
    const { keeper, registry, site } = this.#parts
    const record = await keeper.record()
    let accounts = 0
    for await (const { account, isDeleting } of registry.entries()) {
      if (isDeleting) continue
      const slots = await readSlots(site, account).catch(() => undefined)
      if (slots?.list.slots.some(({ kind }) => kind === 'escrow')) accounts += 1
    }
    const key = record?.key
    return {
      isSet: key !== undefined,
      createdAt: key && record.createdAt,
      changedAt: key && record.changedAt,
      threshold: key?.threshold ?? 0,
      holders: key?.holders.length ?? 0,
      fingerprint: key && escrowDigest(key.publicKey).toString('hex', 0, 8),
      accounts,
    }
  }

  async setEscrow(passwords: readonly Buffer[], threshold: number = passwords.length): Promise<void> {
    const { keeper, site } = this.#parts
    const { key } = await keeper.set(passwords, threshold)
    const fingerprint = key ? escrowDigest(key.publicKey).toString('hex', 0, 8) : ''
    await noteAudit(site, {
      event: 'escrow.set',
      by: 'admin',
      detail: { key: fingerprint, threshold, holders: passwords.length },
    })
  }

  async changeEscrowPassword(
    oldPasswords: readonly Buffer[],
    newPasswords: readonly Buffer[],
    threshold: number = newPasswords.length,
  ): Promise<void> {
    const { keeper, site } = this.#parts
    await this.#noting('change', () => keeper.changePasswords(oldPasswords, newPasswords, threshold))
    await noteAudit(site, {
      event: 'escrow.password-changed',
      by: 'admin',
      detail: { threshold, holders: newPasswords.length },
    })
  }

  async testEscrow(passwords: readonly Buffer[]): Promise<void> {
    const seed = await this.#open('test', passwords)
    seed.wipe()
    await noteAudit(this.#parts.site, { event: 'escrow.tested', by: 'admin' })
  }

  async removeEscrow(passwords: readonly Buffer[] | undefined): Promise<void> {
    const { keeper, site } = this.#parts
    if (passwords) (await this.#open('remove', passwords)).wipe()
    await keeper.remove()
    await noteAudit(site, { event: 'escrow.removed', by: 'admin', detail: { forced: !passwords } })
  }

  /** A line for each password that was wrong: somebody may be guessing. */
  async #noting<T>(what: string, task: () => Promise<T>, address?: string): Promise<T> {
    try {
      return await task()
    } catch (error) {
      if (isRefusal(error, 'wrong-admin-password')) {
        await noteAudit(this.#parts.site, {
          event: 'escrow.refused',
          by: 'admin',
          ...(address === undefined ? {} : { address }),
          detail: { what },
        })
      }
      throw error
    }
  }

  #open(what: string, passwords: readonly Buffer[], address?: string): Promise<Secret> {
    return this.#noting(what, () => this.#parts.keeper.open(passwords), address)
  }

  /**
   * A session by the site's recovery key. Before it is handed over there is a line in the audit log and an entry in the trail: where
   * either cannot be written, nothing is opened. `enter` unlocks by the slot's secret.
   */
  async openByAdmin(
    entry: DirectoryEntry,
    { passwords }: AdminSecret,
    enter: (seed: Buffer) => Promise<OpenSession>,
  ): Promise<OpenSession> {
    const { site } = this.#parts
    const noKey = (): Refusal => new Refusal('mail-would-be-lost', 'This site has no admin recovery key')
    using seed = await this.#open('open', passwords, entry.address).catch((error: unknown) => {
      throw isRefusal(error, 'no-admin-key') ? noKey() : error
    })
    await site.audit.write({ event: 'escrow.used', address: entry.address, by: 'admin-key' })
    let session: OpenSession
    try {
      session = await enter(seed.bytes)
    } catch (error) {
      if (!isRefusal(error, 'authentication-failed')) throw error
      throw new Refusal('mail-would-be-lost', 'The account has no slot for this site’s admin recovery key')
    }
    try {
      const note: TrailNote = { kind: 'opened-by-admin', by: 'admin-key' }
      await refusing(() => addToTrail(session.account, [note]))
    } catch (error) {
      await session.close()
      throw error
    }
    return session
  }

  async escrowDecrypt(
    address: string,
    passwords: readonly Buffer[],
    progress?: Progress,
  ): Promise<{ readonly finished: Promise<void> }> {
    const { registry, site, settings, openFor } = this.#parts
    const entry = await registry.entry(address)
    const session = await openFor(entry, { kind: 'admin', passwords })
    try {
      // Before it is done: one that stayed would have it turned on again at the next login.
      await registry.setField(entry, pendingField, false)
      await refusing(() =>
        unsealAccount(session.account, settings, [{ kind: 'decrypted-by-admin', by: 'admin-key' }]),
      )
    } finally {
      await session.close()
    }
    progress?.(1, 1)
    await noteAudit(site, {
      event: 'atrest.disabled',
      address: entry.address,
      by: 'admin-key',
      detail: { how: 'admin decrypt' },
    })
    await this.#tell(entry, 'decrypted')
    return { finished: Promise.resolve() }
  }

  async escrowResetPassword(
    address: string,
    passwords: readonly Buffer[],
    newPassword: Buffer,
  ): Promise<void> {
    requirePassword(newPassword)
    const { registry, site, settings, openFor, passwordWasReset, passwordWasSet } = this.#parts
    const entry = await registry.entry(address)
    const session = await openFor(entry, { kind: 'admin', passwords })
    try {
      const keep = ({ kind }: Slot): boolean => kind !== 'password'
      await refusing(() =>
        editSlots(session.account, settings, {
          keep,
          add: [{ kind: 'password', password: newPassword }],
          trail: [{ kind: 'password-reset-by-admin', by: 'admin-key' }],
        }),
      )
    } finally {
      await session.close()
    }
    await noteAudit(site, {
      event: 'password.set',
      address: entry.address,
      by: 'admin-key',
      detail: { how: 'admin reset-password' },
    })
    await passwordWasSet(entry)
    await passwordWasReset(entry, 'The password was reset by an administrator')
    await this.#tell(entry, 'reset')
  }

  async #tell(entry: DirectoryEntry, what: 'decrypted' | 'reset'): Promise<void> {
    const now = this.#parts.site.clock.now()
    await this.#parts.notices.tell(entry, (words) =>
      words.notice(what === 'reset' ? 'resetByAdmin' : 'decryptedByAdmin', { at: words.moment(now) }),
    )
  }
}
