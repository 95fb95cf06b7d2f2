// Admin recovery and trail in memory: enough for admin commands to work on.
import type {
  EscrowApi,
  EscrowStatus,
  LockApi,
  OwnerSecret,
  TrailApi,
  TrailEntry,
} from '../../src/account/api-lifecycle.ts'
import { Refusal } from '../../src/account/errors.ts'

export class FakeEscrow implements EscrowApi {
  readonly #given: Buffer[]
  passwords: readonly string[] = []
  threshold = 0
  readonly done: string[] = []

  constructor(given: Buffer[]) {
    this.#given = given
  }

  #read(passwords: readonly Buffer[]): string[] {
    this.#given.push(...passwords)
    return passwords.map((bytes) => bytes.toString('utf8'))
  }

  #check(passwords: readonly Buffer[]): void {
    const read = this.#read(passwords)
    if (this.passwords.length === 0) throw new Refusal('no-admin-key', 'This site has no admin recovery key')
    if (read.length < this.threshold || !read.every((one) => this.passwords.includes(one)))
      throw new Refusal('wrong-admin-password', 'That is not the admin recovery password')
  }

  async escrowStatus(): Promise<EscrowStatus> {
    const isSet = this.passwords.length > 0
    return {
      isSet,
      createdAt: isSet ? 0 : undefined,
      changedAt: isSet ? 0 : undefined,
      threshold: this.threshold,
      holders: this.passwords.length,
      fingerprint: isSet ? '0011223344556677' : undefined,
      accounts: 0,
    }
  }

  async setEscrow(passwords: readonly Buffer[], threshold: number = passwords.length): Promise<void> {
    const read = this.#read(passwords)
    if (this.passwords.length > 0) throw new Refusal('already-enabled', 'there is one')
    this.passwords = read
    this.threshold = threshold
  }

  async changeEscrowPassword(
    oldPasswords: readonly Buffer[],
    newPasswords: readonly Buffer[],
    threshold: number = newPasswords.length,
  ): Promise<void> {
    this.#check(oldPasswords)
    this.passwords = this.#read(newPasswords)
    this.threshold = threshold
  }

  async testEscrow(passwords: readonly Buffer[]): Promise<void> {
    this.#check(passwords)
  }

  async removeEscrow(passwords: readonly Buffer[] | undefined): Promise<void> {
    if (passwords) this.#check(passwords)
    this.passwords = []
  }

  async escrowDecrypt(
    address: string,
    passwords: readonly Buffer[],
  ): Promise<{ readonly finished: Promise<void> }> {
    this.#check(passwords)
    this.done.push(`decrypt ${address}`)
    return { finished: Promise.resolve() }
  }

  async escrowResetPassword(
    address: string,
    passwords: readonly Buffer[],
    newPassword: Buffer,
  ): Promise<void> {
    this.#check(passwords)
    this.done.push(`reset ${address} ${this.#read([newPassword]).join()}`)
  }
}

export class FakeTrail implements TrailApi {
  entries: TrailEntry[] = []

  async trail(): Promise<readonly TrailEntry[]> {
    return this.entries
  }

  async markTrailSeen(): Promise<void> {
    this.entries = this.entries.map((entry) => ({ ...entry, isNew: false }))
  }
}

interface Lockable {
  readonly accounts: ReadonlyMap<string, { password: string; atRest: string }>
  readonly given: Buffer[]
}

export class FakeLockedMail implements LockApi {
  readonly #of: Lockable

  constructor(of: Lockable) {
    this.#of = of
  }

  async lockMail(address: string, newPassword: Buffer): Promise<void> {
    const account = this.#of.accounts.get(address)
    if (!account) throw new Refusal('no-such-account', `no account ${address}`)
    if (account.atRest === 'off') throw new Refusal('nothing-to-do', 'is off')
    this.#of.given.push(newPassword)
    account.atRest = 'locked'
  }

  async unlockMail(address: string, secret: OwnerSecret, newPassword: Buffer): Promise<void> {
    const account = this.#of.accounts.get(address)
    if (!account) throw new Refusal('no-such-account', `no account ${address}`)
    if (secret.kind === 'password') this.#of.given.push(secret.password)
    if (secret.kind === 'password' && secret.password.toString() !== account.password)
      throw new Refusal('authentication-failed', 'wrong password')
    this.#of.given.push(newPassword)
    account.password = newPassword.toString()
    account.atRest = 'on'
  }
}
