// Values with units as an admin writes them: sizes, durations, addresses to listen on, networks.
import { isIP } from 'node:net'

/** Where a server listens. A path is absolute. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

const sizeUnits: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }
const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Bytes in `50M`, `64MiB`, `2 GB`, `512` (powers of 1,024); undefined when it is not a size. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,15}(?:\.\d{1,3})?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim()) ?? []
  const factor = sizeUnits[(unit ?? '').toUpperCase()]
  if (digits === undefined || factor === undefined) return undefined
  const bytes = Math.round(Number(digits) * factor)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** Milliseconds in `500ms`, `30s`, `10m`, `1h`, `7d` or `0`; undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (text.trim() === '0') return 0
  const [, digits, unit] = /^(\d{1,9})\s*(ms|s|m|h|d)$/.exec(text.trim()) ?? []
  const factor = durationUnits[unit ?? '']
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor
}

/** `127.0.0.1:24`, `[::]:993`, `localhost:143`, `unix:/run/x.sock`; undefined when it is none of these. */
export function parseAddress(text: string): ListenAddress | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length)
    // sockaddr_un has 108 bytes with a closing NUL; a longer path would be cut without an error.
    const fits = Buffer.byteLength(path) <= 107 && !path.includes('\0')
    return path.startsWith('/') && fits ? { kind: 'unix', path } : undefined
  }
  const [, v6, name, port] =
    /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/i.exec(text.trim()) ?? []
  const host = v6 ?? name
  if (host === undefined || Number(port) > 65_535) return undefined
  return { kind: 'tcp', host, port: Number(port) }
}

/** The address as an admin would write it. */
export function formatAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

/** Whether only this machine can reach it. */
export function isNear(address: ListenAddress): boolean {
  return address.kind === 'unix' || /^(127(\.\d+){3}|::1|localhost)$/i.test(address.host)
}

export interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** `10.0.0.0/8`, `fd00::/8`, or one address; undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', length] = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(text.trim()) ?? []
  const version = isIP(address)
  if (version === 0) return undefined
  const most = version === 4 ? 32 : 128
  const prefix = length === undefined ? most : Number(length)
  return prefix > most ? undefined : { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
}
