// Networks as people type them: an address, or the first bits of one (RFC 4632, RFC 4291 §2.3).
import { BlockList, isIP } from 'node:net'

/** Whether `text` is an address or has the form ADDRESS/BITS. */
export function isNetwork(text: string): boolean {
  return networkOf(text) !== undefined
}

function networkOf(text: string): BlockList | undefined {
  const [address = '', bits, more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more !== undefined || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined
  const most = family === 4 ? 32 : 128
  const prefix = bits === undefined ? most : Number(bits)
  if (prefix > most) return undefined
  const list = new BlockList()
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
  return list
}

/** Whether an address lies in a network; IPv4 in its form within IPv6 counts as IPv4. */
export function isWithin(network: string, address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  const family = isIP(plain)
  return family !== 0 && networkOf(network)?.check(plain, family === 4 ? 'ipv4' : 'ipv6') === true
}
