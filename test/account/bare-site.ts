// What keys of an account are opened with outside of a server: no audit log, no admin recovery, nothing in the log.
import { noAudit } from '../../src/account/audit.ts'
import { noEscrow } from '../../src/account/escrow-keeper.ts'
import type { Site } from '../../src/account/unlocked-account.ts'
import { silentLog, type Clock } from '../../src/base/ports.ts'
import type { SiteKey } from '../../src/crypto/site-key.ts'
import type { Store } from '../../src/store/store.ts'

/** Whose keys they are. */
export interface KeyHolder {
  readonly store: Store
  readonly siteKey: SiteKey
  readonly clock: Clock
}

export const bareSite = ({ store, siteKey, clock }: KeyHolder): Site => ({
  ...{ store, siteKey, clock, log: silentLog, audit: noAudit, escrow: noEscrow },
})
