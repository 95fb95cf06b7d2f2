// Opens the page for a server: what it needs, as one request listener.
import { getRequestListener } from '@hono/node-server'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Accounts } from '../account/api.ts'
import type { LoginGuard } from '../account/login-guard.ts'
import type { Clock, Log } from '../base/ports.ts'
import { randomBytes } from '../crypto/random.ts'
import { makeApp } from './app.tsx'
import { Networks } from './peer.ts'
import { WebSessions } from './sessions.ts'
import type { WebSettings } from './settings.ts'
import type { SiteHealth } from './site.ts'
import { Transfers } from './transfers.ts'

export interface WebOptions {
  readonly accounts: Accounts
  readonly guard: LoginGuard
  readonly settings: WebSettings
  readonly clock: Clock
  readonly log: Log
  readonly health: () => SiteHealth
  /** Where uploads wait, in files without names; made when it is needed. */
  readonly uploads: string
  /** What /metrics says; absent: there is no such page. */
  readonly metrics?: (() => Promise<string>) | undefined
}

export type RequestListener = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>

/** Sessions live as long as the listener. */
export function openWeb(options: WebOptions): RequestListener {
  const { settings, clock } = options
  const app = makeApp({
    ...options,
    log: options.log.with({ proto: 'web' }),
    trusted: new Networks(settings.trustedProxies),
    sessions: new WebSessions(clock, { idleMs: settings.sessionIdleMs, maxMs: settings.sessionMaxMs }),
    formKey: randomBytes(32),
    transfers: new Transfers(clock),
  })
  return getRequestListener(app.fetch)
}
