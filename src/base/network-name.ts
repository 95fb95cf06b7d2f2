// Which network an address belongs to, for everything that is counted per network.
import { isIPv4, isIPv6 } from 'node:net'

/** `127.0.0.1` for `::ffff:127.0.0.1`; others as they are, without a zone. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return mapped ?? address.replace(/%.*$/, '')
}

/** This machine: loopback addresses and Unix sockets, which have none. */
export function isThisMachine(address: string): boolean {
  const plain = plainAddress(address)
  return plain === '' || plain === 'local' || plain === '::1' || /^127\.\d+\.\d+\.\d+$/.test(plain)
}

/** The /24 of an IPv4 address, the /64 of an IPv6 address: what one subscriber has. `local` for everything else. */
export function networkOf(address: string): string {
  const plain = plainAddress(address)
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`
  if (isIPv6(plain)) return `${firstGroups(plain, 4).join(':')}::/64`
  return 'local'
}

function firstGroups(address: string, count: number): string[] {
  const [head = '', tail] = address.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  // A dotted quad at the end stands for two groups.
  const length = before.length + after.length + (address.includes('.') ? 1 : 0)
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - length }, () => '0')
  return [...before, ...zeros, ...after].slice(0, count).map((group) => group.replace(/^0+(?=.)/, ''))
}
