// What the page is told of the site's settings.
import type { Language } from '../base/language.ts'
import type { Config } from '../config/schema.ts'
import { incomingOf, type IncomingWay } from '../config/ways-in.ts'

export interface WebSettings {
  readonly hostname: string
  /** Of the page, for browsers that ask for none that it has. */
  readonly language: Language
  /** Scheme, host and port as browsers name them; undefined: any name will do. */
  readonly baseUrl: string | undefined
  /** Networks of proxies whose headers are believed. */
  readonly trustedProxies: readonly string[]
  /** Addresses in small letters. */
  readonly admins: ReadonlySet<string>
  readonly sessionIdleMs: number
  readonly sessionMaxMs: number
  readonly importBytes: number
  readonly incoming: readonly IncomingWay[]
  readonly submission: { readonly host: string; readonly port: number } | undefined
}

export function webSettings(config: Config): WebSettings {
  const { web, hostname, language } = config
  return {
    hostname,
    language,
    baseUrl: web.baseUrl?.toLowerCase(),
    trustedProxies: web.trustedProxies,
    admins: new Set(web.admins.map((address) => address.toLowerCase())),
    sessionIdleMs: web.sessionIdle,
    sessionMaxMs: web.sessionMax,
    importBytes: web.importSize,
    incoming: incomingOf(config),
    submission:
      web.submissionPort === 0
        ? undefined
        : { host: web.submissionHost ?? hostname, port: web.submissionPort },
  }
}
