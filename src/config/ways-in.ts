// Ways for a mail program into this server, by its settings.
import type { Config } from './schema.ts'

export interface IncomingWay {
  readonly protocol: 'imap'
  readonly host: string
  readonly port: number
  /** tls: from the first byte. */
  readonly security: 'tls' | 'starttls'
  /** A normal password, protected by TLS. */
  readonly authentication: 'password'
}

/** The best first: implicit TLS before STARTTLS (RFC 8314 §3). */
export function incomingOf(config: Config): IncomingWay[] {
  const ports = (listeners: Config['listen']['imap']) => [
    ...new Set(listeners.flatMap((one) => (one.kind === 'tcp' ? [one.port] : []))),
  ]
  const way = (security: 'tls' | 'starttls') => (port: number) => ({
    protocol: 'imap' as const,
    host: config.hostname,
    port,
    security,
    authentication: 'password' as const,
  })
  return [...ports(config.listen.imaps).map(way('tls')), ...ports(config.listen.imap).map(way('starttls'))]
}
