// Stands in for the account layer: accounts in memory with everything that the page asks of them, and no cryptography.
import { randomInt } from 'node:crypto'
import type { AccountInfo, Accounts, AtRestState, OpenAccount, SessionRow } from '../../src/account/api.ts'
import type {
  AlternateAddressApi,
  AppPassword,
  PublicKeyApi,
  PublicKeyInfo,
  SealingSettings,
  AtRestApi,
  AtRestStatus,
  CodeOffer,
  EscrowApi,
  EscrowStatus,
  JobStatus,
  LockApi,
  OwnerSecret,
  RecoveryApi,
  RollbackApi,
  SlotApi,
  SlotInfo,
  TrailApi,
  TrailEntry,
} from '../../src/account/api-lifecycle.ts'
import { Refusal, type RefusalCode } from '../../src/account/errors.ts'
import type { Language } from '../../src/base/language.ts'
import type { Clock } from '../../src/base/ports.ts'
import { makeRecoveryCode } from '../../src/crypto/recovery-code.ts'

export interface DoubleAccount {
  address: string
  accountId: string
  password: string
  passwordSlot: string
  code: string
  atRest: AtRestState
  isDisabled: boolean
  quotaBytes: number | undefined
  usedBytes: number
  appPasswords: AppPassword[]
  trail: TrailEntry[]
  job: JobStatus | undefined
  enabledAt: number | undefined
  codeCheckedAt: number | undefined
  mainPassword: AtRestStatus['mainPassword']
  adminRecovery: AtRestStatus['adminRecovery']
  policy: AtRestStatus['policy']
  rollback: { seenVersion: number; presentVersion: number; seenAt: number } | undefined
  keys: PublicKeyInfo[]
  sealing: SealingSettings
  alternate?: string | undefined
  language?: Language | undefined
  /** A recovery that waits, and what cancels it. */
  waiting: { readyAt: number; token: string } | undefined
}

interface Offer {
  readonly address: string
  readonly code: string
  readonly expiresAt: number
  triesLeft: number
}

function refuse(code: RefusalCode, text = 'refused by the double'): never {
  throw new Refusal(code, text)
}

const wrong = (): never => refuse('authentication-failed', 'Wrong address or password')

function hexId(): string {
  return randomInt(2 ** 47)
    .toString(16)
    .padStart(12, '0')
}

function newCode(): string {
  const { secret, text } = makeRecoveryCode()
  secret.fill(0)
  return text.toString('latin1')
}

const bare = (code: Uint8Array | string): string =>
  Buffer.from(code)
    .toString('latin1')
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')

type Everything = AtRestApi &
  SlotApi &
  TrailApi &
  PublicKeyApi &
  LockApi &
  RollbackApi &
  RecoveryApi &
  Pick<EscrowApi, 'escrowStatus'>

/** What the page uses of `Accounts`; the rest is not there. */
type Used = Pick<
  Accounts,
  | 'login'
  | 'info'
  | 'setLanguage'
  | 'list'
  | 'sessions'
  | 'kick'
  | 'changePassword'
  | 'recover'
  | 'create'
  | 'delete'
>

export class AccountsDouble implements Used, Everything {
  readonly accounts = new Map<string, DoubleAccount>()
  readonly offers = new Map<string, Offer>()
  rows: SessionRow[] = []
  /** What a login opens; without it, nothing is in it. */
  opened: (() => Promise<OpenAccount>) | undefined
  /** Passwords that were tried: a test counts them. */
  tries = 0
  escrow: EscrowStatus = {
    isSet: false,
    createdAt: undefined,
    changedAt: undefined,
    threshold: 1,
    holders: 1,
    fingerprint: undefined,
    accounts: 0,
  }
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(address: string, password: string, changed: Partial<DoubleAccount> = {}): DoubleAccount {
    const account: DoubleAccount = {
      address,
      password,
      accountId: hexId(),
      passwordSlot: hexId(),
      code: '',
      atRest: 'off',
      isDisabled: false,
      quotaBytes: 2 * 2 ** 30,
      usedBytes: 734 * 2 ** 20,
      appPasswords: [],
      trail: [],
      job: undefined,
      enabledAt: undefined,
      codeCheckedAt: undefined,
      mainPassword: 'everywhere',
      adminRecovery: 'none',
      policy: 'offered',
      rollback: undefined,
      keys: [],
      sealing: { append: false, exceptDrafts: true, protectHeaders: false, onTrouble: 'defer' },
      waiting: undefined,
      ...changed,
    }
    this.accounts.set(address, account)
    return account
  }

  /** As `Accounts`, with what is not used missing. */
  get asAccounts(): Accounts {
    const used: Used = {
      login: (address, password) => this.login(address, password),
      info: (address) => this.info(address),
      setLanguage: (address, language) => this.setLanguage(address, language),
      list: () => this.list(),
      sessions: () => this.sessions(),
      kick: (who) => this.kick(who),
      changePassword: (address, old, next) => this.changePassword(address, old, next),
      recover: (address, code, password) => this.recover(address, code, password),
      create: (address, password) => this.create(address, password),
      delete: (address) => this.delete(address),
    }
    const parts = {
      atRest: this,
      slots: this,
      trail: this,
      lockedMail: this,
      rollbacks: this,
      recovery: this,
      escrow: this,
      publicKeys: this,
      alternateAddress: this.alternateAddress,
    }
    return { ...used, ...parts } as unknown as Accounts
  }

  find(address: string): DoubleAccount {
    return this.accounts.get(address.toLowerCase()) ?? refuse('no-such-account')
  }

  #opened(address: string, secret: OwnerSecret): DoubleAccount {
    const account = this.find(address)
    this.tries += 1
    const isRight =
      secret.kind === 'password'
        ? secret.password.toString('utf8') === account.password
        : secret.kind === 'recovery' && bare(secret.code) === bare(account.code)
    return isRight ? account : wrong()
  }

  #note(account: DoubleAccount, kind: TrailEntry['kind'], by: TrailEntry['by'] = 'owner'): void {
    account.trail.push({
      at: this.#clock.now(),
      kind,
      by,
      remoteAddress: undefined,
      detail: undefined,
      isNew: by !== 'owner',
    })
  }

  async login(address: string, password: Buffer): Promise<OpenAccount> {
    this.tries += 1
    const account = this.accounts.get(address.toLowerCase())
    if (!account || password.toString('utf8') !== account.password) return wrong()
    if (account.isDisabled) refuse('account-disabled')
    if (this.opened) return this.opened()
    return {
      address: account.address,
      sessionId: hexId(),
      close: async () => undefined,
    } as unknown as OpenAccount
  }

  async setLanguage(address: string, language: Language | undefined): Promise<void> {
    this.find(address).language = language
  }

  async info(address: string): Promise<AccountInfo> {
    const { accountId, isDisabled, atRest, usedBytes, quotaBytes, passwordSlot, ...account } =
      this.find(address)
    return {
      address: account.address,
      accountId,
      isDisabled,
      atRest,
      usedBytes,
      quotaBytes,
      pendingArrivals: 0,
      isUnlocked: this.rows.some((row) => row.address === account.address),
      capabilitiesOff: [],
      alternateAddress: account.alternate,
      language: account.language,
      slots: [{ id: passwordSlot, kind: 'password', createdAt: 0 }],
    }
  }

  async *list(): AsyncIterable<AccountInfo> {
    for (const address of [...this.accounts.keys()].sort()) yield await this.info(address)
  }

  sessions(): readonly SessionRow[] {
    return this.rows
  }

  async kick(who: { readonly address: string } | { readonly sessionId: string }): Promise<number> {
    const before = this.rows.length
    this.rows = this.rows.filter((row) =>
      'address' in who ? row.address !== who.address : row.sessionId !== who.sessionId,
    )
    return before - this.rows.length
  }

  async create(address: string, password: Buffer): Promise<AccountInfo> {
    this.add(address, password.toString('utf8'))
    return this.info(address)
  }

  async isBeingDeleted(): Promise<boolean> {
    return false
  }

  async delete(address: string): Promise<void> {
    this.accounts.delete(address)
  }

  #setPassword(account: DoubleAccount, password: Buffer): void {
    account.password = password.toString('utf8')
    account.passwordSlot = hexId()
  }

  async changePassword(address: string, oldPassword: Buffer, newPassword: Buffer): Promise<void> {
    const account = this.#opened(address, { kind: 'password', password: oldPassword })
    this.#setPassword(account, newPassword)
    this.#note(account, 'password-changed')
  }

  async recover(address: string, code: Uint8Array, newPassword: Buffer): Promise<{ recoveryCode: Buffer }> {
    const account = this.find(address)
    if (account.code === '' || bare(code) !== bare(account.code)) refuse('wrong-recovery-code')
    this.#setPassword(account, newPassword)
    account.code = newCode()
    this.#note(account, 'recovered')
    return { recoveryCode: Buffer.from(account.code) }
  }

  /** `takesCodes` is for a test to set. */
  readonly alternateAddress: { -readonly [Key in keyof AlternateAddressApi]: AlternateAddressApi[Key] } = {
    isSentTo: true,
    takesCodes: false,
    change: async (address, secret, alternate) => {
      const account = this.#opened(address, secret)
      if (alternate === account.address) refuse('in-use')
      if (alternate?.includes('@') === false) refuse('limit')
      account.alternate = alternate
      this.#note(account, 'alternate-address')
    },
  }

  async atRestStatus(address: string): Promise<AtRestStatus> {
    const account = this.find(address)
    return {
      address: account.address,
      state: account.atRest,
      policy: account.policy,
      own: { policy: undefined, adminRecovery: undefined },
      isPending: false,
      hasRecoveryCode: account.code !== '',
      adminRecovery: account.adminRecovery,
      mainPassword: account.mainPassword,
      job: account.job,
      enabledAt: account.enabledAt,
      recoveryCodeCheckedAt: account.codeCheckedAt,
    }
  }

  #offer(address: string): CodeOffer {
    const [offerId, code] = [hexId(), newCode()]
    const expiresAt = this.#clock.now() + 30 * 60_000
    this.offers.set(offerId, { address, code, expiresAt, triesLeft: 5 })
    return { offerId, recoveryCode: Buffer.from(code), expiresAt }
  }

  #accepted(offerId: string, typed: Buffer): { readonly account: DoubleAccount; readonly code: string } {
    const offer = this.offers.get(offerId)
    if (!offer || offer.expiresAt < this.#clock.now() || offer.triesLeft === 0) refuse('offer-expired')
    const [whole, given] = [bare(offer.code), bare(typed)]
    if (given !== whole && given !== whole.slice(-8)) {
      offer.triesLeft -= 1
      refuse('wrong-recovery-code')
    }
    this.offers.delete(offerId)
    return { account: this.find(offer.address), code: offer.code }
  }

  async offerEnable(address: string, password: Buffer): Promise<CodeOffer> {
    const account = this.#opened(address, { kind: 'password', password })
    if (account.atRest !== 'off') refuse('already-enabled')
    return this.#offer(account.address)
  }

  async acceptEnable(offerId: string, typed: Buffer): Promise<{ finished: Promise<void> }> {
    const { account, code } = this.#accepted(offerId, typed)
    account.code = code
    account.atRest = 'converting'
    account.enabledAt = this.#clock.now()
    account.job = { kind: 'enable', done: 0, total: 12_034, startedAt: this.#clock.now() }
    this.#note(account, 'enabled')
    return { finished: Promise.resolve() }
  }

  /** The job goes on, or ends when all is done. */
  advance(address: string, done: number): void {
    const account = this.find(address)
    const { job } = account
    if (!job) return
    account.job = done < job.total ? { ...job, done } : undefined
    if (!account.job) account.atRest = account.atRest === 'disabling' ? 'off' : 'on'
  }

  withdrawOffer(offerId: string): void {
    this.offers.delete(offerId)
  }

  async offerRecoveryCode(address: string, password: Buffer): Promise<CodeOffer> {
    return this.#offer(this.#opened(address, { kind: 'password', password }).address)
  }

  async acceptRecoveryCode(offerId: string, typed: Buffer, password: Buffer): Promise<void> {
    const offer = this.offers.get(offerId)
    if (offer) this.#opened(offer.address, { kind: 'password', password })
    const { account, code } = this.#accepted(offerId, typed)
    account.code = code
    this.#note(account, 'recovery-code-renewed')
  }

  async testRecoveryCode(address: string, code: Uint8Array): Promise<void> {
    const account = this.find(address)
    if (bare(code) !== bare(account.code)) refuse('wrong-recovery-code')
    account.codeCheckedAt = this.#clock.now()
  }

  async disableAtRest(address: string, secret: OwnerSecret): Promise<{ finished: Promise<void> }> {
    const account = this.#opened(address, secret)
    account.atRest = 'disabling'
    account.code = ''
    account.job = { kind: 'disable', done: 100, total: 12_034, startedAt: this.#clock.now() }
    this.#note(account, 'disabled')
    return { finished: Promise.resolve() }
  }

  async rotateKeys(address: string, secret: OwnerSecret): Promise<{ finished: Promise<void> }> {
    const account = this.#opened(address, secret)
    account.job = { kind: 'rotate', done: 1, total: 12_034, startedAt: this.#clock.now() }
    this.#note(account, 'keys-rotated')
    return { finished: Promise.resolve() }
  }
  setPending(): never {
    return refuse('unavailable')
  }
  setPolicy(): never {
    return refuse('unavailable')
  }

  setAdminRecovery(): never {
    return refuse('unavailable')
  }

  async addAppPassword(
    address: string,
    secret: OwnerSecret,
    wanted: Parameters<SlotApi['addAppPassword']>[2],
  ): Promise<{ appPassword: AppPassword; text: Buffer }> {
    const account = this.#opened(address, secret)
    const appPassword: AppPassword = {
      id: hexId().slice(0, 8),
      name: wanted.name,
      protocols: wanted.protocols ?? ['imap', 'submission'],
      createdAt: this.#clock.now(),
      expiresAt: wanted.expiresAt,
      lastUsedAt: undefined,
      lastUsedFrom: undefined,
    }
    account.appPasswords.push(appPassword)
    return { appPassword, text: Buffer.from(newCode()) }
  }

  async appPasswords(address: string, secret: OwnerSecret): Promise<readonly AppPassword[]> {
    return [...this.#opened(address, secret).appPasswords]
  }

  async revokeAppPassword(address: string, id: string): Promise<void> {
    const account = this.find(address)
    account.appPasswords = account.appPasswords.filter((one) => one.id !== id)
  }

  async slots(address: string, secret: OwnerSecret): Promise<readonly SlotInfo[]> {
    const { passwordSlot, code, appPasswords } = this.#opened(address, secret)
    const of = (kind: SlotInfo['kind'], id: string, name?: string): SlotInfo => ({
      ...{ id, kind, name, createdAt: this.#clock.now(), lastUsedAt: undefined, kdf: undefined },
    })
    return [
      of('password', passwordSlot.slice(0, 8)),
      ...(code === '' ? [] : [of('recovery', '00c0de00')]),
      ...appPasswords.map(({ id, name }) => of('app', id, name)),
    ]
  }

  async removeSlot(address: string, secret: OwnerSecret, id: string): Promise<void> {
    const account = this.#opened(address, secret)
    if (id !== '00c0de00') refuse('not-permitted')
    account.code = ''
    this.#note(account, 'slot-removed')
  }

  async beginRecovery(): ReturnType<RecoveryApi['beginRecovery']> {
    return { readyAt: this.#clock.now(), cancelToken: undefined }
  }

  async waitingRecovery(address: string): ReturnType<RecoveryApi['waitingRecovery']> {
    return this.find(address).waiting
  }

  async cancelRecovery(address: string, by: Parameters<RecoveryApi['cancelRecovery']>[1]): Promise<void> {
    const account =
      'token' in by
        ? (this.accounts.get(address) ?? refuse('authentication-failed'))
        : this.#opened(address, { kind: 'password', ...by })
    if ('token' in by && account.waiting?.token !== by.token) refuse('authentication-failed')
    if (!account.waiting) refuse('nothing-to-do')
    account.waiting = undefined
    this.#note(account, 'recovery-cancelled')
  }

  async setMainPasswordUse(
    address: string,
    secret: OwnerSecret,
    use: AtRestStatus['mainPassword'],
  ): Promise<void> {
    this.#opened(address, secret).mainPassword = use
  }

  async trail(address: string, secret: OwnerSecret): Promise<readonly TrailEntry[]> {
    return [...this.#opened(address, secret).trail]
  }

  async markTrailSeen(address: string, secret: OwnerSecret): Promise<void> {
    const account = this.#opened(address, secret)
    account.trail = account.trail.map((entry) => ({ ...entry, isNew: false }))
  }

  async lockMail(address: string, newPassword: Buffer): Promise<void> {
    const account = this.find(address)
    this.#setPassword(account, newPassword)
    account.atRest = 'locked'
  }

  async unlockMail(address: string, secret: OwnerSecret, newPassword: Buffer): Promise<void> {
    const account = this.find(address)
    if (secret.kind !== 'recovery' || bare(secret.code) !== bare(account.code)) wrong()
    this.#setPassword(account, newPassword)
    account.atRest = 'on'
  }

  async rollback(address: string): ReturnType<RollbackApi['rollback']> {
    return this.find(address).rollback
  }

  async acceptRollback(address: string): Promise<void> {
    this.find(address).rollback = undefined
  }

  async publicKeys(address: string): ReturnType<PublicKeyApi['publicKeys']> {
    const { keys, sealing } = this.find(address)
    return { keys, settings: sealing }
  }

  async inspectPublicKeys(bytes: Uint8Array): Promise<readonly PublicKeyInfo[]> {
    const text = Buffer.from(bytes).toString('latin1')
    if (!text.startsWith('-----BEGIN')) refuse('bad-key', 'It does not begin like a key.')
    const fingerprint = '0123456789abcdef0123456789abcdef01234567'
    return [
      {
        fingerprint,
        kind: 'openpgp',
        names: ['Alice <alice@example.org>'],
        algorithm: 'Curve25519',
        createdAt: 0,
        expiresAt: undefined,
        problem: undefined,
      },
    ]
  }

  async addPublicKeys(
    address: string,
    secret: OwnerSecret,
    bytes: Uint8Array,
  ): Promise<readonly PublicKeyInfo[]> {
    const account = this.#opened(address, secret)
    const added = await this.inspectPublicKeys(bytes)
    account.keys.push(...added)
    return added
  }

  async removePublicKey(address: string, secret: OwnerSecret, fingerprint: string): Promise<void> {
    const account = this.#opened(address, secret)
    account.keys = account.keys.filter((key) => key.fingerprint !== fingerprint)
  }

  async setSealing(address: string, secret: OwnerSecret, settings: Partial<SealingSettings>): Promise<void> {
    const account = this.#opened(address, secret)
    account.sealing = { ...account.sealing, ...settings }
  }

  async testPublicKeys(address: string): Promise<void> {
    this.find(address)
  }

  async sealExistingMail(address: string, secret: OwnerSecret): Promise<{ finished: Promise<void> }> {
    this.#opened(address, secret)
    return { finished: Promise.resolve() }
  }

  async cancelSealing(address: string, secret: OwnerSecret): Promise<void> {
    this.#opened(address, secret)
  }

  async escrowStatus(): Promise<EscrowStatus> {
    return this.escrow
  }
}
