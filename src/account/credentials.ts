// Passwords and recovery codes of accounts: setting, changing, recovering, and turning at-rest encryption on.
import { WrongKey } from '../crypto/errors.ts'
import { makeRecoveryCode, MistypedCode, readRecoveryCode } from '../crypto/recovery-code.ts'
import type { NewSlotSecret, SlotKind, SlotSecret } from '../crypto/slot.ts'
import type { SessionInfo } from './api.ts'
import type { OwnerSecret } from './api-lifecycle.ts'
import { clearField } from './directory-edit.ts'
import { lockedMailField } from './directory-fields.ts'
import type { DirectoryEntry } from './directory.ts'
import { isRefusal, Refusal } from './errors.ts'
import { sealAccount } from './key-jobs.ts'
import type { OpenSession } from './open-account.ts'
import { editSlots, openVault, readSlots, type KeySettings } from './slots.ts'
import { asRefusal, refusing } from './refusing.ts'
import type { Site } from './unlocked-account.ts'
import type { TrailNote } from './trail.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'
import type { Vault } from './vault.ts'
import type { VerifyReport } from './verify-report.ts'
import { verifyAccount, type VerifyOptions } from './verify.ts'

/** `isNoted`: the guard has written it to the log. */
export const wrongLogin = (isNoted = false): Refusal =>
  new Refusal('authentication-failed', 'Wrong address or password', { isNoted })

/** Where the server does something by itself. */
export const nobody: SessionInfo = {
  protocol: 'admin',
  remoteAddress: 'local',
  isTls: true,
  end: () => undefined,
}

function readCode(text: Uint8Array): Buffer {
  try {
    return readRecoveryCode(text).secret
  } catch (error) {
    if (error instanceof MistypedCode) throw new Refusal('wrong-recovery-code', error.message)
    throw error
  }
}

const notTheCode = (): Refusal =>
  new Refusal('wrong-recovery-code', 'That is not the recovery code of this account')

const notForTheSite = (): Refusal =>
  new Refusal('mail-would-be-lost', 'At-rest encryption is on: the site’s key does not open the account')

type AdminSecret = Extract<OwnerSecret, { readonly kind: 'admin' }>

export class Credentials {
  readonly #site: Site
  readonly #settings: KeySettings
  readonly #unlocked: UnlockedAccounts
  /** Opens the site's recovery key, and leaves the traces of its use (`escrow.ts`). */
  openByAdmin: (
    entry: DirectoryEntry,
    secret: Extract<OwnerSecret, { readonly kind: 'admin' }>,
    enter: (seed: Buffer) => Promise<OpenSession>,
  ) => Promise<OpenSession> = () => {
    throw new Refusal('no-admin-key', 'This site has no admin recovery key')
  }

  constructor(site: Site, settings: KeySettings, unlocked: UnlockedAccounts) {
    this.#site = site
    this.#settings = settings
    this.#unlocked = unlocked
  }

  async #enter(
    { address, account }: DirectoryEntry,
    secret: SlotSecret,
    info: SessionInfo = nobody,
  ): Promise<OpenSession> {
    try {
      return await this.#unlocked.enter(address, account, secret, info)
    } catch (error) {
      throw error instanceof WrongKey ? wrongLogin() : asRefusal(error)
    }
  }

  /** A session by the owner's, an admin's or the site's secret. */
  async openFor(
    entry: DirectoryEntry,
    secret: OwnerSecret,
    info: SessionInfo = nobody,
  ): Promise<OpenSession> {
    return this.#bySecret(
      secret,
      (slotSecret) => this.#enter(entry, slotSecret, info),
      (admin) => this.openByAdmin(entry, admin, (seed) => this.#enter(entry, { kind: 'escrow', seed }, info)),
    )
  }

  /**
   * The account's keys alone: for proof that the secret is right, and for what is done to an account that does not open. The caller wipes them.
   * The delivery card is not looked at.
   */
  async keysOf({ account }: DirectoryEntry, secret: OwnerSecret): Promise<Vault> {
    const open = async (slotSecret: SlotSecret): Promise<Vault> => {
      try {
        const options = { isCardNeeded: false }
        return (await openVault(this.#site, account, slotSecret, this.#settings.gate, options)).vault
      } catch (error) {
        throw error instanceof WrongKey ? wrongLogin() : asRefusal(error)
      }
    }
    // What the recovery key opens leaves an entry in the trail first: an account that does not open has none to write to.
    return this.#bySecret(secret, open, async () => {
      throw new Refusal('not-permitted', 'This takes the owner’s password or recovery code')
    })
  }

  /** The only place that tells the kinds of secrets apart. */
  async #bySecret<T>(
    secret: OwnerSecret,
    task: (secret: SlotSecret) => Promise<T>,
    byAdmin: (secret: AdminSecret) => Promise<T>,
  ): Promise<T> {
    switch (secret.kind) {
      case 'password':
        return task(secret)
      case 'recovery': {
        const code = readCode(secret.code)
        try {
          return await task({ kind: 'recovery', code })
        } catch (error) {
          throw isRefusal(error, 'authentication-failed') ? notTheCode() : error
        } finally {
          code.fill(0)
        }
      }
      case 'site':
        try {
          return await task({ kind: 'server', siteKey: this.#site.siteKey })
        } catch (error) {
          throw isRefusal(error, 'authentication-failed') ? notForTheSite() : error
        }
      case 'admin':
        return byAdmin(secret)
    }
  }

  /** Runs `task` with the account unlocked by this secret. */
  async #with<T>(
    entry: DirectoryEntry,
    secret: SlotSecret,
    task: (session: OpenSession) => Promise<T>,
  ): Promise<T> {
    const session = await this.#enter(entry, secret)
    try {
      return await refusing(() => task(session))
    } finally {
      await session.close()
    }
  }

  async #replaceSlots(
    session: OpenSession,
    gone: readonly SlotKind[],
    add: readonly NewSlotSecret[],
    trail: readonly TrailNote[] = [],
  ): Promise<void> {
    await editSlots(session.account, this.#settings, {
      keep: (slot) => !gone.includes(slot.kind),
      add,
      trail,
    })
    this.#unlocked.forgetPasswords(session.account.id)
  }

  async #isOff(account: Buffer): Promise<boolean> {
    const { list } = await refusing(() => readSlots(this.#site, account))
    return list.slots.some((slot) => slot.kind === 'server')
  }

  /** By the site, where its own key still opens the account. Refuses with 'mail-would-be-lost' elsewhere. */
  async setPassword(entry: DirectoryEntry, password: Buffer): Promise<void> {
    if (!(await this.#isOff(entry.account))) {
      throw new Refusal(
        'mail-would-be-lost',
        'At-rest encryption is on: a new password without the old one or the recovery code would lock the mail for ever',
      )
    }
    await this.#with(entry, { kind: 'server', siteKey: this.#site.siteKey }, async (session) => {
      await this.#replaceSlots(session, ['password'], [{ kind: 'password', password }])
    })
  }

  /** By the owner; costs the same however much mail there is. */
  async changePassword(entry: DirectoryEntry, oldPassword: Buffer, newPassword: Buffer): Promise<void> {
    await this.#with(entry, { kind: 'password', password: oldPassword }, async (session) => {
      await this.#replaceSlots(
        session,
        ['password'],
        [{ kind: 'password', password: newPassword }],
        [{ kind: 'password-changed', by: 'owner' }],
      )
    })
  }

  /** Reads everything of an account (`verify.ts`); the password is not needed where the site's key opens it. */
  async verify(
    entry: DirectoryEntry,
    password: Buffer | undefined,
    options?: VerifyOptions,
  ): Promise<VerifyReport> {
    const session = await this.openFor(entry, password ? { kind: 'password', password } : { kind: 'site' })
    try {
      return await refusing(() => verifyAccount(session.account, session, options))
    } finally {
      await session.close()
    }
  }

  /** The site's slot goes and keys are renewed in one commit; older records follow (`finished`). */
  async enableAtRest(
    entry: DirectoryEntry,
    password: Buffer,
    progress?: (done: number, total: number) => void,
  ): Promise<{ recoveryCode: Buffer; finished: Promise<void> }> {
    const session = await this.#enter(entry, { kind: 'password', password })
    const code = makeRecoveryCode()
    try {
      // Of another time when it was on: it must not come into force again.
      await clearField(this.#site, entry, lockedMailField)
      await refusing(() => sealAccount(session.account, this.#settings, { code: code.secret }))
    } catch (error) {
      await session.close()
      throw error
    } finally {
      code.secret.fill(0)
    }
    const finished = refusing(() => session.housekeeping.converted(progress)).finally(() => session.close())
    // Whoever does not wait for the end is not to blame for its failure: the next login goes on.
    finished.catch(() => undefined)
    return { recoveryCode: code.text, finished }
  }

  /** A new password by the recovery code, which is used up. Refuses with 'wrong-recovery-code'. */
  async recover(
    entry: DirectoryEntry,
    recoveryCode: Uint8Array,
    newPassword: Buffer,
  ): Promise<{ recoveryCode: Buffer }> {
    const code = readCode(recoveryCode)
    const fresh = makeRecoveryCode()
    const add: NewSlotSecret[] = [
      { kind: 'password', password: newPassword },
      { kind: 'recovery', code: fresh.secret },
    ]
    try {
      await this.#with(entry, { kind: 'recovery', code }, (session) =>
        this.#replaceSlots(session, ['password', 'recovery'], add, [{ kind: 'recovered', by: 'owner' }]),
      )
    } catch (error) {
      throw isRefusal(error, 'authentication-failed') ? notTheCode() : error
    } finally {
      code.fill(0)
      fresh.secret.fill(0)
    }
    return { recoveryCode: fresh.text }
  }
}
