// Logging in: the guard, the directory, then an app password's slot or a password's, and where each of them is good.
import { passwordBytes } from '../base/limits.ts'
import { readAppPassword, slotHint } from '../crypto/app-password.ts'
import { WrongKey } from '../crypto/errors.ts'
import { randomBytes, randomToken } from '../crypto/random.ts'
import { provenClientKey, serverSignature } from '../crypto/scram.ts'
import type { SlotSecret } from '../crypto/slot.ts'
import { hex } from '../base/bytes.ts'
import { Secret } from '../base/secret.ts'
import type { OpenAccount, ScramChallenge, ScramProof, SessionInfo } from './api.ts'
import { wrongLogin } from './credentials.ts'
import { canonicalAddress, type DirectoryEntry } from './directory.ts'
import { fieldOf } from './directory-fields.ts'
import type { EnrolledBy, Enrolment } from './enrolment.ts'
import { isRefusal, Refusal } from './errors.ts'
import type { LoginAttempt, LoginGuard } from './login-guard.ts'
import { loginRules } from './login-rules.ts'
import type { OpenSession } from './open-account.ts'
import { loginName } from './recipients.ts'
import { asRefusal, isDamage } from './refusing.ts'
import type { Registry } from './registry.ts'
import { scramOf } from './scram-login.ts'
import { revokedSlotsField } from './slot-fields.ts'
import type { SlotUses } from './slot-uses.ts'
import type { KeySettings, OpenedSlot, SlotRules } from './slots.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

type Client = Omit<SessionInfo, 'end'>

/** What is done with a secret that may be right. Throws WrongKey and others as `UnlockedAccounts.enter`. */
type Try<T> = (entry: DirectoryEntry, secret: SlotSecret, rules: SlotRules) => Promise<T>

export interface LoginParts {
  readonly site: Site
  readonly settings: KeySettings
  readonly unlocked: UnlockedAccounts
  readonly registry: Registry
  readonly uses: SlotUses
  readonly enrolment: Enrolment
  readonly guard: LoginGuard | undefined
  /** A session for a password that does not open the mail; undefined when it is none. */
  readonly enterLocked: (
    entry: DirectoryEntry,
    password: Buffer,
    session: SessionInfo,
  ) => Promise<OpenAccount | undefined>
}

export class Logins {
  readonly #parts: LoginParts

  constructor(parts: LoginParts) {
    this.#parts = parts
  }

  /** As `Accounts.login`. */
  async login(address: string, password: Buffer, session: SessionInfo): Promise<OpenAccount> {
    const { unlocked } = this.#parts
    const name = await this.#nameOf(address)
    return this.#guarded<OpenAccount>(name, session, async (entry, attempt) => {
      let opened: OpenSession
      try {
        opened = await this.#open(name, entry, password, session, (found, secret, rules) =>
          unlocked.enter(found.address, found.account, secret, session, rules),
        )
      } catch (error) {
        const locked = error instanceof WrongKey && (await this.#enterLocked(entry, password, session))
        if (!locked) throw error
        await attempt.succeeded()
        return locked
      }
      const by = opened.slot.kind === 'password' ? ({ kind: 'password', password } as const) : undefined
      return this.#letIn(name, entry, opened, session, attempt, by)
    })
  }

  /** What a client that does not show its password is told first (RFC 5802 §5): the same for names that are not there. */
  async scramChallenge(address: string): Promise<ScramChallenge> {
    const { site, settings, registry } = this.#parts
    const name = await this.#nameOf(address)
    const told = async (account: Buffer | undefined): Promise<ScramChallenge> => {
      using found = await scramOf(site, settings, name, account)
      return { salt: found.salt, iterations: found.iterations, nonce: randomToken() }
    }
    try {
      return await told((await registry.find(name))?.account)
    } catch (error) {
      // What is wrong with an account is told to whoever tries to prove to be its owner.
      if (isRefusal(error) || isDamage(error)) return told(undefined)
      throw error
    }
  }

  /** As `ScramApi.login`. */
  async loginByScram(
    address: string,
    proof: ScramProof,
    session: SessionInfo,
  ): Promise<{ readonly account: OpenAccount; readonly serverSignature: Buffer }> {
    const { unlocked, site, settings } = this.#parts
    const { siteKey } = site
    const name = await this.#nameOf(address)
    return this.#guarded(name, session, async (entry, attempt) => {
      using found = await scramOf(site, settings, name, entry?.account)
      const proven = provenClientKey(found.storedKey, proof.authMessage, proof.clientProof)
      if (!proven) throw new WrongKey()
      using clientKey = new Secret(proven)
      if (!entry || !found.slot) throw new WrongKey()
      const { id } = found.slot
      const opened = await unlocked.enter(
        entry.address,
        entry.account,
        { kind: 'scram', clientKey: clientKey.bytes, siteKey },
        session,
        { mayOpen: (slot) => slot.id.equals(id), admit: this.#rulesOf(entry, session) },
      )
      const by = { kind: 'scram', clientKey: clientKey.bytes } as const
      const account = await this.#letIn(name, entry, opened, session, attempt, by)
      return { account, serverSignature: serverSignature(found.serverKey, proof.authMessage) }
    })
  }

  /** What is left to do when the secret was right: whether it still holds, and what follows from a login. */
  async #letIn(
    name: string,
    entry: DirectoryEntry | undefined,
    opened: OpenSession,
    session: SessionInfo,
    attempt: Pick<LoginAttempt, 'succeeded'>,
    by: EnrolledBy | undefined,
  ): Promise<OpenSession> {
    const { uses, site, enrolment } = this.#parts
    try {
      const found = await this.#usable(name, entry, opened.slot)
      opened.capabilitiesOff = found.capabilitiesOff
      await attempt.succeeded()
      if (by) enrolment.begin(found, by)
    } catch (error) {
      await opened.close()
      throw error
    }
    const at = site.clock.now()
    const note = (): void =>
      uses.note(opened.account.id, opened.slot, at, session.remoteAddress, opened.client)
    note()
    opened.onClient = note
    return opened
  }

  /** The password may be one that lets its owner in, and does not open the mail. */
  async #enterLocked(
    entry: DirectoryEntry | undefined,
    password: Buffer,
    session: SessionInfo,
  ): Promise<OpenAccount | undefined> {
    if (!entry || entry.isDisabled || password.length === 0 || password.length > passwordBytes)
      return undefined
    return this.#parts.enterLocked(entry, password, session)
  }

  /** As `Accounts.authenticate`. */
  async authenticate(address: string, password: Buffer, client: Client): Promise<string> {
    const { unlocked, uses, site } = this.#parts
    const name = await this.#nameOf(address)
    return this.#guarded(name, client, async (entry, attempt) => {
      const slot = await this.#open(name, entry, password, client, (found, secret, rules) =>
        unlocked.check(found.address, found.account, secret, rules),
      )
      const found = await this.#usable(name, entry, slot)
      await attempt.succeeded()
      uses.note(found.account, slot, site.clock.now(), client.remoteAddress, client.client)
      return found.address
    })
  }

  /** Wrong passwords count for the account, whichever of its names is tried. */
  async #nameOf(address: string): Promise<string> {
    return loginName(this.#parts.site, address).catch(() => canonicalAddress(address))
  }

  /** Runs `task` within the guard. What it throws is told to the guard, and comes out as a refusal. */
  async #guarded<T>(
    name: string,
    { remoteAddress }: Client,
    task: (entry: DirectoryEntry | undefined, attempt: Pick<LoginAttempt, 'succeeded'>) => Promise<T>,
  ): Promise<T> {
    const { guard, registry } = this.#parts
    const attempt = await guard?.begin(remoteAddress, name)
    let isFoundOut = false
    const succeeded = async (): Promise<void> => {
      isFoundOut = true
      await attempt?.succeeded()
    }
    try {
      return await task(await registry.find(name), { succeeded })
    } catch (error) {
      const refused = asRefusal(error)
      // Deleted, or given another address, while its password was checked: as if it had not been there.
      if (!(error instanceof WrongKey) && !isRefusal(refused, 'no-such-account')) throw refused
      isFoundOut = true
      await attempt?.failed()
      throw wrongLogin(attempt !== undefined)
    } finally {
      if (!isFoundOut) attempt?.dropped()
    }
  }

  /** Whether the address still stands for this account, which may have been disabled or deleted while the password was checked. */
  async #usable(name: string, entry: DirectoryEntry | undefined, slot: OpenedSlot): Promise<DirectoryEntry> {
    const now = await this.#parts.registry.find(name)
    if (!now || !entry?.account.equals(now.account)) throw new WrongKey()
    if (fieldOf(now.fields, revokedSlotsField).includes(slot.id)) throw new WrongKey()
    if (now.isDisabled) throw new Refusal('account-disabled', 'The account is disabled')
    return now
  }

  /**
   * Tries the secret as an app password, if it has the form of one and they are taken here, then as a password. Unknown addresses, and
   * passwords that cannot be, cost the same work as known ones with a wrong password; so does a wrong app password.
   */
  async #open<T>(
    name: string,
    entry: DirectoryEntry | undefined,
    password: Buffer,
    client: Client,
    attempt: Try<T>,
  ): Promise<T> {
    const isPossible = password.length > 0 && password.length <= passwordBytes
    if (entry && isPossible) {
      const opened = await this.#openAsApp(entry, password, client, attempt)
      if (opened) return opened
      return attempt(entry, { kind: 'password', password }, { admit: this.#rulesOf(entry, client) })
    }
    const { gate, kdf } = this.#parts.settings
    const door = entry?.account ?? Buffer.from(name)
    const spent = await this.#parts.unlocked.pretend(door, () =>
      gate.derive(isPossible ? password : Buffer.of(0x78), randomBytes(16), kdf),
    )
    spent.wipe()
    throw new WrongKey()
  }

  async #openAsApp<T>(
    entry: DirectoryEntry,
    password: Buffer,
    client: Client,
    attempt: Try<T>,
  ): Promise<T | undefined> {
    if (client.protocol !== 'imap' && client.protocol !== 'submission') return undefined
    const read = readAppPassword(password)
    if (!read) return undefined
    const { hint, secret } = read
    const revoked = fieldOf(entry.fields, revokedSlotsField)
    try {
      const mayOpen: SlotRules['mayOpen'] = ({ id }) => slotHint(id) === hint && !revoked.includes(hex(id))
      return await attempt(entry, { kind: 'app', secret }, { mayOpen, admit: this.#rulesOf(entry, client) })
    } catch (error) {
      if (error instanceof WrongKey) return undefined
      throw error
    } finally {
      secret.fill(0)
    }
  }

  #rulesOf(entry: DirectoryEntry, client: Client): (slot: OpenedSlot) => void {
    return loginRules(entry, client, () => this.#parts.site.clock.now())
  }
}
