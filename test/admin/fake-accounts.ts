// Accounts in memory, without keys or mail: enough for admin commands to work on.
import type { AccountInfo, Accounts, AtRestState, OpenAccount, SessionRow } from '../../src/account/api.ts'
import type { AtRestApi, OwnerSecret, SiteFinding } from '../../src/account/api-lifecycle.ts'
import type { DomainRule } from '../../src/account/api-names.ts'
import type { Language } from '../../src/base/language.ts'
import { fakeAtRest } from './fake-at-rest.ts'
import { FakeNames } from './fake-names.ts'
import { newCapabilitiesOff } from '../../src/account/directory.ts'
import { Refusal } from '../../src/account/errors.ts'
import { FakeEscrow, FakeLockedMail, FakeTrail } from './fake-escrow.ts'
import { FakeSlots } from './fake-slots.ts'
import { FakePublicKeys } from './fake-public-keys.ts'
import type { Finding, VerifyReport } from '../../src/account/verify-report.ts'

/** What `fsck` of the site finds. */
export const fakeSiteFindings: SiteFinding[] = []

async function* siteFindings(): AsyncGenerator<SiteFinding> {
  yield* fakeSiteFindings
}

export interface FakeAccount {
  password: string
  atRest: AtRestState
  isDisabled: boolean
  quotaBytes: number | undefined
  capabilitiesOff: readonly string[]
  code: string
  usedBytes: number
  isPending?: boolean
  /** Its deletion was begun, and not ended. */
  isHalfGone?: boolean
  alternateAddress?: string | undefined
  language?: Language | undefined
  own?: Partial<DomainRule>
}

const unused = (): never => {
  throw new Error('admin commands do not call this')
}

/** Counts what was asked of it; `conversion` is awaited by `enableAtRest`'s second part. */
export class FakeAccounts implements Accounts {
  readonly accounts = new Map<string, FakeAccount>()
  readonly rows: SessionRow[] = []
  readonly kicked: string[] = []
  /** Buffers that commands handed over: they must be wiped afterwards. */
  readonly given: Buffer[] = []
  findings: Finding[] = []
  readonly slots: FakeSlots = new FakeSlots((address, secret) => {
    const account = this.#find(address)
    if (secret?.kind === 'password' && this.#read(secret.password) !== account.password)
      throw new Refusal('authentication-failed', 'wrong password')
    if (secret?.kind === 'site' && account.atRest !== 'off')
      throw new Refusal('mail-would-be-lost', 'encrypted')
  })
  conversion: Promise<void> = Promise.resolve()
  isClosed = false
  readonly escrow = new FakeEscrow(this.given)
  readonly trail = new FakeTrail()
  readonly names: FakeNames = new FakeNames(this.accounts)
  readonly lockedMail = new FakeLockedMail(this)
  readonly alternateAddress = { isSentTo: false, takesCodes: false, change: unused }
  readonly recovery = { waitingRecovery: unused, beginRecovery: unused, cancelRecovery: unused }

  add(address: string, password = 'old secret words', atRest: AtRestState = 'off'): FakeAccount {
    const account = {
      password,
      atRest,
      isDisabled: false,
      quotaBytes: undefined,
      capabilitiesOff: [],
      code: 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG',
      usedBytes: 2048,
    }
    this.accounts.set(address, account)
    return account
  }

  addSession(address: string, sessionId: string, remoteAddress = '192.0.2.1'): void {
    this.rows.push({
      sessionId,
      address,
      protocol: 'imap',
      remoteAddress,
      isTls: true,
      since: Date.UTC(2026, 0, 1),
      slotKind: 'app',
      slotId: '0a1b2c3d',
      slotName: 'iPhone',
      client: 'Mail 16.0',
    })
  }

  #find(address: string): FakeAccount {
    const account = this.accounts.get(address)
    if (!account) throw new Refusal('no-such-account', `no account ${address}`)
    return account
  }

  #read(bytes: Buffer): string {
    this.given.push(bytes)
    return bytes.toString('utf8')
  }

  #info(address: string): AccountInfo {
    const { atRest, isDisabled, quotaBytes, usedBytes, capabilitiesOff, language } = this.#find(address)
    return {
      address,
      accountId: '00112233445566778899aabbccddeeff',
      isDisabled,
      atRest,
      usedBytes,
      quotaBytes,
      capabilitiesOff,
      language,
      pendingArrivals: 0,
      isUnlocked: this.rows.some((row) => row.address === address),
      slots: [{ id: '01', kind: 'password', createdAt: 0 }],
    }
  }

  login(): Promise<OpenAccount> {
    return unused()
  }
  /** What commands that work inside an account are let into. */
  inside: (address: string) => Promise<OpenAccount> = () => unused()

  async openFor(address: string, secret: OwnerSecret): Promise<OpenAccount> {
    const account = this.#find(address)
    if (secret.kind === 'site' && account.atRest !== 'off')
      throw new Refusal('mail-would-be-lost', 'encrypted')
    if (secret.kind === 'password' && this.#read(secret.password) !== account.password)
      throw new Refusal('authentication-failed', 'wrong password')
    return this.inside(address)
  }
  authenticate(): Promise<string> {
    return unused()
  }
  resolve(): never {
    return unused()
  }
  checkDelivery(): never {
    return unused()
  }
  deliver(): never {
    return unused()
  }

  async create(
    address: string,
    password: Buffer,
    options: { quotaBytes?: number } = {},
  ): Promise<AccountInfo> {
    if (this.accounts.has(address)) throw new Refusal('account-exists', `there is an account ${address}`)
    this.add(address, this.#read(password)).quotaBytes = options.quotaBytes ?? 1000
    return this.#info(address)
  }

  async *list(): AsyncIterable<AccountInfo> {
    for (const address of this.accounts.keys()) yield this.#info(address)
  }

  async info(address: string): Promise<AccountInfo> {
    return this.#info(address)
  }

  async setPassword(address: string, password: Buffer): Promise<void> {
    const account = this.#find(address)
    if (account.atRest !== 'off') throw new Refusal('mail-would-be-lost', 'encrypted')
    account.password = this.#read(password)
  }

  async changePassword(address: string, oldPassword: Buffer, newPassword: Buffer): Promise<void> {
    const account = this.#find(address)
    if (this.#read(oldPassword) !== account.password)
      throw new Refusal('authentication-failed', 'wrong password')
    account.password = this.#read(newPassword)
  }

  async setAlternateAddress(address: string, alternate: string | undefined): Promise<void> {
    this.#find(address).alternateAddress = alternate
  }

  async setLanguage(address: string, language: Language | undefined): Promise<void> {
    this.#find(address).language = language
  }

  async setDisabled(address: string, isDisabled: boolean): Promise<void> {
    this.#find(address).isDisabled = isDisabled
  }

  async setQuota(address: string, quotaBytes: number | undefined): Promise<void> {
    this.#find(address).quotaBytes = quotaBytes
  }

  async setCapabilitiesOff(address: string, names: readonly string[]): Promise<void> {
    this.#find(address).capabilitiesOff = newCapabilitiesOff(names)
  }

  async isBeingDeleted(address: string): Promise<boolean> {
    return this.#find(address).isHalfGone === true
  }

  async delete(address: string): Promise<void> {
    this.#find(address)
    this.accounts.delete(address)
  }

  async enableAtRest(
    address: string,
    password: Buffer,
    progress?: (done: number, total: number) => void,
  ): Promise<{ recoveryCode: Buffer; finished: Promise<void> }> {
    const account = this.#find(address)
    if (account.atRest === 'on') throw new Refusal('already-enabled', 'is on already')
    if (this.#read(password) !== account.password)
      throw new Refusal('authentication-failed', 'wrong password')
    account.atRest = 'converting'
    progress?.(1, 2)
    const finished = this.conversion.then(() => {
      progress?.(2, 2)
      account.atRest = 'on'
    })
    return { recoveryCode: Buffer.from(account.code), finished }
  }

  async recover(
    address: string,
    recoveryCode: Uint8Array,
    newPassword: Buffer,
  ): Promise<{ recoveryCode: Buffer }> {
    const account = this.#find(address)
    if (!Buffer.from(account.code).equals(recoveryCode))
      throw new Refusal('wrong-recovery-code', 'looks mistyped in group 3')
    account.password = this.#read(newPassword)
    account.code = 'HHHH-JJJJ-KKKK-MMMM-NNNN-PPPP-QQQQ'
    return { recoveryCode: Buffer.from(account.code) }
  }

  async verify(
    address: string,
    password: Buffer | undefined,
    options?: { progress?: (done: number, total: number) => void },
  ): Promise<VerifyReport> {
    const account = this.#find(address)
    if (!password && account.atRest !== 'off') throw new Refusal('mail-would-be-lost', 'encrypted')
    if (password && this.#read(password) !== account.password)
      throw new Refusal('authentication-failed', 'wrong password')
    options?.progress?.(2, 2)
    const findings = this.findings
    const counts = { mailboxes: 6, messages: 2, octets: 2_000, records: 20, areBodiesCompared: true }
    return { ...counts, findings, findingCount: findings.length }
  }

  readonly publicKeys = new FakePublicKeys()
  readonly repairs = {
    report: { repaired: [] as string[], lost: [] as string[], lostMessages: 0 },
    asked: [] as string[],
    repair: async (address: string, secret: OwnerSecret, { isDryRun }: { readonly isDryRun: boolean }) => {
      const account = this.#find(address)
      if (secret.kind === 'password' && this.#read(secret.password) !== account.password)
        throw new Refusal('authentication-failed', 'wrong password')
      this.repairs.asked.push(`${secret.kind} ${isDryRun ? 'dry' : 'wet'}`)
      const counts = { mailboxes: 6, messages: 2, octets: 2_000, records: 20, areBodiesCompared: true }
      return {
        ...counts,
        findings: this.findings,
        findingCount: this.findings.length,
        ...this.repairs.report,
      }
    },
    recountQuota: async (address: string) => {
      this.#find(address).usedBytes = 1024
      return 1024
    },
    bumpUidValidity: async (address: string, _: OwnerSecret, mailbox?: string) => {
      this.#find(address)
      return mailbox === undefined ? 6 : 1
    },
    fsckSite: () => siteFindings(),
  }

  readonly rollbacks = {
    noticed: undefined as { seenVersion: number; presentVersion: number; seenAt: number } | undefined,
    accepted: [] as string[],
    rollback: async (address: string) => {
      this.#find(address)
      return this.rollbacks.noticed
    },
    acceptRollback: async (address: string, secret?: OwnerSecret) => {
      const account = this.#find(address)
      if (secret?.kind === 'password' && this.#read(secret.password) !== account.password)
        throw new Refusal('authentication-failed', 'wrong password')
      this.rollbacks.accepted.push(`${address} ${secret?.kind ?? 'admin'}`)
    },
  }

  readonly atRest: AtRestApi = fakeAtRest(this)

  async *exportSealed(address: string): AsyncGenerator<Buffer> {
    this.#find(address)
    yield Buffer.from('sealed')
  }

  sessions(): readonly SessionRow[] {
    return this.rows
  }

  async kick(who: { readonly address: string } | { readonly sessionId: string }): Promise<number> {
    const isHit = (row: SessionRow) =>
      'address' in who ? row.address === who.address : row.sessionId === who.sessionId
    const hit = this.rows.filter(isHit)
    this.kicked.push(...hit.map((row) => row.sessionId))
    this.rows.splice(0, this.rows.length, ...this.rows.filter((row) => !isHit(row)))
    return hit.length
  }

  whileLocked(): never {
    return unused()
  }

  lock(address: string): Promise<number> {
    this.#find(address)
    return this.kick({ address })
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}
