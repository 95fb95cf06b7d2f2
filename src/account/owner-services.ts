// What hangs together about an owner's last resorts: admin recovery, the trail, locked mail, recovery with a waiting time, mail sealed to own keys; and who is told.
import { AlternateAddress } from './alternate-address.ts'
import type { EscrowApi, TrailApi } from './api-lifecycle.ts'
import type { Credentials } from './credentials.ts'
import type { DirectoryEntry } from './directory.ts'
import type { EscrowKeeper } from './escrow-keeper.ts'
import { Escrow } from './escrow.ts'
import { LockedMail } from './locked-mail.ts'
import { Notices, type OutgoingMail } from './notices.ts'
import { OwnerDelivery } from './owner-delivery.ts'
import { OwnerTrail, type OpenFor } from './owner-trail.ts'
import { Recovery, standardRecovery, type RecoverySettings } from './recovery.ts'
import type { Registry } from './registry.ts'
import type { KeySettings } from './slots.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

/** What the site settles about them. */
export interface OwnerServiceSettings {
  /** In the sender's address of what the server itself writes; `localhost` when absent. */
  readonly hostname?: string
  /** Not given: notices go into mailboxes only. */
  readonly outgoing?: OutgoingMail
  /** `standardRecovery` when absent. */
  readonly recovery?: RecoverySettings
}

export interface OwnerServiceParts {
  readonly site: Site
  readonly settings: KeySettings
  readonly registry: Registry
  readonly unlocked: UnlockedAccounts
  readonly credentials: Credentials
  readonly keeper: EscrowKeeper
  /** Any of them may stand before the detail of an address. */
  readonly delimiters: string
  /** Ends the sessions of an account whose password was replaced. */
  readonly passwordWasReset: (entry: DirectoryEntry, reason: string) => Promise<void>
}

export interface OwnerServices {
  readonly escrow: EscrowApi
  readonly trail: TrailApi
  readonly lockedMail: LockedMail
  readonly recovery: Recovery
  readonly alternateAddress: AlternateAddress
  readonly delivery: OwnerDelivery
}

export function makeOwnerServices(
  parts: OwnerServiceParts,
  { hostname = 'localhost', outgoing, recovery = standardRecovery }: OwnerServiceSettings,
): OwnerServices {
  const { site, unlocked, credentials } = parts
  const notices = new Notices({ site, unlocked, hostname, outgoing })
  const openFor: OpenFor = (entry, secret) => credentials.openFor(entry, secret)
  const shared = { ...parts, notices, openFor, hostname, recovery }
  const lockedMail = new LockedMail(shared)
  const escrow = new Escrow({ ...shared, passwordWasSet: (entry) => lockedMail.passwordWasSet(entry) })
  credentials.openByAdmin = (...given) => escrow.openByAdmin(...given)
  return {
    ...{ escrow, trail: new OwnerTrail(shared), lockedMail, recovery: new Recovery(shared) },
    alternateAddress: new AlternateAddress(shared),
    delivery: new OwnerDelivery(shared),
  }
}
