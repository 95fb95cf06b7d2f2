// What all pages share, and which parts of the account layer are there for them.
import type { Accounts } from '../account/api.ts'
import type {
  AlternateAddressApi,
  AtRestApi,
  EscrowApi,
  LockApi,
  PublicKeyApi,
  RecoveryApi,
  RollbackApi,
  SlotApi,
  TrailApi,
} from '../account/api-lifecycle.ts'
import type { LoginGuard } from '../account/login-guard.ts'
import type { Clock, Log } from '../base/ports.ts'
import type { Networks } from './peer.ts'
import type { WebSessions } from './sessions.ts'
import type { WebSettings } from './settings.ts'
import type { Transfers } from './transfers.ts'

/** For the admin's view. */
export interface SiteHealth {
  readonly version: string
  readonly startedAt: number
  readonly listeners: readonly string[]
  readonly certificateEndsAt: number | undefined
}

export interface WebSite {
  readonly accounts: Accounts
  readonly settings: WebSettings
  readonly trusted: Networks
  readonly guard: LoginGuard
  readonly clock: Clock
  readonly log: Log
  readonly sessions: WebSessions
  /** Signs the forms of those who have not signed in. */
  readonly formKey: Buffer
  readonly health: () => SiteHealth
  readonly uploads: string
  readonly transfers: Transfers
  readonly metrics?: (() => Promise<string>) | undefined
}

/** A part of the account layer, if it is there: a page whose part is missing is not shown. */
function part<Api extends object>(
  accounts: object,
  names: readonly string[],
  method: keyof Api & string,
): Api | undefined {
  const values = accounts as Readonly<Record<string, unknown>>
  return names
    .map((name) => values[name])
    .find((value): value is Api => typeof value === 'object' && value !== null && method in value)
}

export const atRestOf = (accounts: Accounts): AtRestApi | undefined =>
  part<AtRestApi>(accounts, ['atRest'], 'offerEnable')
export const slotsOf = (accounts: Accounts): SlotApi | undefined =>
  part<SlotApi>(accounts, ['slots'], 'addAppPassword')
export const trailOf = (accounts: Accounts): TrailApi | undefined =>
  part<TrailApi>(accounts, ['trail'], 'markTrailSeen')
export const locksOf = (accounts: Accounts): LockApi | undefined =>
  part<LockApi>(accounts, ['lockedMail'], 'unlockMail')
export const recoveryOf = (accounts: Accounts): RecoveryApi | undefined =>
  part<RecoveryApi>(accounts, ['recovery'], 'beginRecovery')
export const alternateAddressOf = (accounts: Accounts): AlternateAddressApi | undefined =>
  part<AlternateAddressApi>(accounts, ['alternateAddress'], 'change')
export const rollbacksOf = (accounts: Accounts): RollbackApi | undefined =>
  part<RollbackApi>(accounts, ['rollbacks'], 'acceptRollback')
export const escrowOf = (accounts: Accounts): EscrowApi | undefined =>
  part<EscrowApi>(accounts, ['escrow'], 'escrowStatus')
export const publicKeysOf = (accounts: Accounts): PublicKeyApi | undefined =>
  part<PublicKeyApi>(accounts, ['publicKeys'], 'addPublicKeys')
