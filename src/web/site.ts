// What all pages share, and which parts of the account layer are there for them.
import type { Accounts } from '../account/api.ts'
import type { LoginGuard } from '../account/login-guard.ts'
import type { Clock, Log } from '../base/ports.ts'
import type { Networks } from './peer.ts'
import type { WebSessions } from './sessions.ts'
import type { WebSettings } from './settings.ts'

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
}

/** Whether the account layer has these methods: a page whose backend is not there is not shown. */
export function offers<Api extends object>(
  accounts: object,
  ...names: readonly (keyof Api & string)[]
): accounts is Api {
  return names.every((name) => name in accounts)
}
