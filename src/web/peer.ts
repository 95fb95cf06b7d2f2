// Who asks, and how: the address and scheme of a request, with what trusted proxies say of it.
import { BlockList, isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { parseNetwork } from '../config/units.ts'

export interface Peer {
  readonly remoteAddress: string
  /** Over TLS, up to this server or up to a trusted proxy. */
  readonly isSecure: boolean
  /** Scheme and host as the browser sees them; undefined without a usable Host. */
  readonly origin: string | undefined
  /** Why the request must not be served; undefined: it may be. */
  readonly refusal: 'insecure' | 'untrusted-proxy' | undefined
}

function plain(address: string): string {
  return /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1] ?? address.replace(/%.*$/, '')
}

export class Networks {
  readonly #list = new BlockList()

  constructor(networks: readonly string[]) {
    for (const text of networks) {
      const network = parseNetwork(text)
      if (network) this.#list.addSubnet(network.address, network.prefix, network.family)
    }
  }

  /** An empty address is a Unix socket's, which no network has. */
  has(address: string): boolean {
    const version = isIP(plain(address))
    return version !== 0 && this.#list.check(plain(address), version === 4 ? 'ipv4' : 'ipv6')
  }
}

const thisMachine = new Networks(['127.0.0.0/8', '::1'])

function only(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header
}

/** The last address in X-Forwarded-For that is not itself a trusted proxy: earlier ones may be invented. */
function forwardedFor(header: string, trusted: Networks): string | undefined {
  const hops = header.split(',').map((hop) => hop.trim().replace(/^\[([^\]]+)\](:\d+)?$/, '$1'))
  const last = hops.findLast((hop) => !trusted.has(hop))
  return last !== undefined && isIP(plain(last)) !== 0 ? plain(last) : undefined
}

const hostForm = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/i

/**
 * `baseUrl` is the origin that the settings name, if they do. A proxy that is not trusted is refused: what it passes on would
 * count as its own, and its cookies as safe.
 */
export function peerOf(incoming: IncomingMessage, trusted: Networks, baseUrl: string | undefined): Peer {
  const { headers, socket } = incoming
  const direct = plain(socket.remoteAddress ?? '')
  const isLocal = direct === '' || thisMachine.has(direct)
  // Whoever may reach a Unix socket is a proxy by its permissions.
  const isTrusted = trusted.has(direct) || direct === ''
  const forwarded = only(headers['x-forwarded-for'])
  const isTls = 'encrypted' in socket && socket.encrypted === true
  const isSecure =
    isTls || (isTrusted && only(headers['x-forwarded-proto'])?.trim().toLowerCase() === 'https')
  const remoteAddress = (isTrusted && forwarded !== undefined && forwardedFor(forwarded, trusted)) || direct
  const host = headers.host ?? ''
  const origin =
    baseUrl ?? (hostForm.test(host) ? `${isSecure ? 'https' : 'http'}://${host.toLowerCase()}` : undefined)
  const refusal =
    forwarded !== undefined && !isTrusted && !isTls
      ? 'untrusted-proxy'
      : isSecure || (isLocal && forwarded === undefined)
        ? undefined
        : 'insecure'
  return { remoteAddress: remoteAddress === '' ? 'local' : remoteAddress, isSecure, origin, refusal }
}

/**
 * Whether a request comes from this machine itself, and was meant for it: not through a proxy, nor from a page in a browser here whose
 * own name was made to lead to the loopback.
 */
export function isFromThisMachine({ headers, socket }: IncomingMessage): boolean {
  const isProxied = Object.keys(headers).some((name) =>
    /^(x-forwarded-|forwarded$|via$|x-real-ip$)/.test(name),
  )
  const name = (headers.host ?? '').replace(/:\d{1,5}$/, '').toLowerCase()
  const isNamed = name === 'localhost' || thisMachine.has(name.replace(/^\[|\]$/g, ''))
  return thisMachine.has(plain(socket.remoteAddress ?? '')) && !isProxied && isNamed
}

/** Whether a request that changes something comes from a page of ours (Fetch Metadata; RFC 6454 §7). */
export function isFromHere(incoming: IncomingMessage, peer: Peer): boolean {
  const { origin } = incoming.headers
  const site = only(incoming.headers['sec-fetch-site'])
  if (origin !== undefined && origin.toLowerCase() !== peer.origin) return false
  return site === undefined || site === 'same-origin' || site === 'none'
}
