// What a site settles about all of its accounts.
import type { Language } from '../base/language.ts'
import type { Clock, Log } from '../base/ports.ts'
import type { KdfGate, KdfParameters } from '../crypto/kdf.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import type { Store } from '../store/store.ts'
import type { AtRestRules } from './at-rest-rules.ts'
import type { AuditLog } from './audit.ts'
import type { LoginGuard } from './login-guard.ts'
import type { OwnerServiceSettings } from './owner-services.ts'
import type { SiteSealing } from './sealing.ts'
import type { Witnesses } from './witness.ts'

export interface AccountsOptions extends OwnerServiceSettings {
  readonly store: Store
  readonly siteKey: SiteKey
  readonly gate: KdfGate
  readonly kdf: KdfParameters
  readonly clock: Clock
  readonly log: Log
  readonly guard?: LoginGuard
  readonly maxMessageBytes?: number
  /** Characters that may stand between the local part and a detail (`user+detail@`). Empty: no plus-addressing. */
  readonly recipientDelimiter?: string
  readonly defaultQuotaBytes?: number
  /** Not given: nothing is written down. */
  readonly audit?: AuditLog
  /** How often owners are looked for whose own keys expire, in milliseconds; not at all when absent. */
  readonly keyNoticesMs?: number
  /** `[storage.encryption]`; `defaultSealing` when absent. */
  readonly sealing?: SiteSealing
  /** In which owners are written to who chose none; English when absent. */
  readonly language?: Language
  /** What domains let their accounts do at rest, by the settings; `standardRules` when absent. */
  readonly rules?: AtRestRules
  /** `[domains] local`. */
  readonly localDomains?: readonly string[]
  /** Keys are kept so long after the last session, in milliseconds; 0 when absent. */
  readonly lingerMs?: number
  /** An account in which nobody does anything is locked after so long, in milliseconds; never when absent. */
  readonly lockAfterMs?: number | undefined
  /** Not given: an account that was put back to an older state is not noticed. */
  readonly witnesses?: Witnesses
  /** Logins by SCRAM are taken, and new slots for them have this cost. Not given: there are none. */
  readonly scramIterations?: number | undefined
}
