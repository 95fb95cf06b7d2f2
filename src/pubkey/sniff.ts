// What octets are by themselves: encrypted OpenPGP or CMS, or something that anybody can read.
import { derOid, derTags } from './der.ts'
import { packetTag } from './key-file.ts'

/** Content types of CMS that need a key to be read (RFC 5652 §6, §8; RFC 5083). */
const encryptedOids: readonly string[] = [
  '1.2.840.113549.1.7.3',
  '1.2.840.113549.1.7.6',
  '1.2.840.113549.1.9.16.1.23',
]

/** CMS by the object identifier that it begins with; undefined when it is no CMS. */
export function cmsForm(bytes: Uint8Array): 'encrypted' | 'readable' | undefined {
  // Only the beginning is here: the outer length need not fit.
  const at = bytes[0] === derTags.sequence ? contentStart(bytes) : undefined
  const oid = at === undefined ? undefined : derOid(bytes, at)
  if (oid === undefined || !oid.startsWith('1.2.840.113549.1.')) return undefined
  return encryptedOids.includes(oid) ? 'encrypted' : 'readable'
}

function contentStart(bytes: Uint8Array): number | undefined {
  const first = bytes[1]
  if (first === undefined) return undefined
  return first > 0x80 ? 2 + (first & 0x7f) : 2
}

/** Packets that an encrypted message begins with (RFC 9580 §10.3): session keys, or data without any. */
const encryptedTags: readonly number[] = [1, 3, 9, 18, 20]
const markerTag = 10

interface PacketHead {
  readonly tag: number
  readonly start: number
  readonly length: number
}

function packetHead(bytes: Uint8Array, at: number): PacketHead | undefined {
  const first = bytes[at]
  const tag = packetTag(first)
  if (first === undefined || tag === undefined) return undefined
  const octet = (index: number): number => bytes[at + index] ?? 0
  if ((first & 0x40) !== 0) {
    const length = octet(1)
    if (length < 192) return { tag, start: at + 2, length }
    if (length < 224) return { tag, start: at + 3, length: ((length - 192) << 8) + octet(2) + 192 }
    if (length < 255) return { tag, start: at + 2, length: Infinity } // partial
    return {
      tag,
      start: at + 6,
      length: octet(2) * 0x1000000 + (octet(3) << 16) + (octet(4) << 8) + octet(5),
    }
  }
  const size = [1, 2, 4, 0][first & 3] ?? 0
  let length = size === 0 ? Infinity : 0
  for (let index = 1; index <= size; index += 1) length = length * 256 + octet(index)
  return { tag, start: at + 1 + size, length }
}

/** Binary OpenPGP: what its first packet, markers aside, makes of it. Signed or compressed data anybody can read. */
export function openPgpForm(bytes: Uint8Array): 'encrypted' | 'readable' | undefined {
  let at = 0
  for (let count = 0; count < 4; count += 1) {
    const head = packetHead(bytes, at)
    if (!head) return undefined
    if (head.tag !== markerTag) {
      if (!encryptedTags.includes(head.tag)) return 'readable'
      return isPlausible(bytes, head) ? 'encrypted' : 'readable'
    }
    at = head.start + head.length
  }
  return undefined
}

/** Versions that a packet of this tag may have; SED (9) has none. */
const versions: Readonly<Record<number, readonly number[]>> = {
  1: [2, 3, 6],
  3: [4, 5, 6],
  18: [1, 2],
  20: [1],
}

function isPlausible(bytes: Uint8Array, { tag, start, length }: PacketHead): boolean {
  const known = versions[tag]
  return length > 8 && (known === undefined || known.includes(bytes[start] ?? 0))
}

const begin = '-----BEGIN PGP MESSAGE-----'
const end = '-----END PGP MESSAGE-----'

/** Whether a text is armored, encrypted OpenPGP messages, at least one, and nothing else that could be read. */
export function isArmoredMessage(given: string): boolean {
  const text = given.replace(/^\u00ef\u00bb\u00bf/, '')
  let at = 0
  for (let count = 0; ; count += 1) {
    while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1
    if (at >= text.length) return count > 0
    if (!text.startsWith(begin, at)) return false
    const last = text.indexOf(end, at)
    if (last < 0 || !isEncryptedArmor(text, at + begin.length, last)) return false
    at = last + end.length
  }
}

const armorHeader = /^[A-Za-z][A-Za-z0-9-]*: /

/** Header lines may go before the data, and mailers may have eaten the blank line between them. All else must be base64. */
function isEncryptedArmor(text: string, from: number, until: number): boolean {
  const lines = text.slice(from, until).split('\n')
  let data = ''
  let isInData = false
  for (const raw of lines) {
    const line = raw.trim()
    if (line === '') continue
    if (!isInData && armorHeader.test(line)) {
      if (line.length > 200) return false
      continue
    }
    isInData = true
    if (!/^[A-Za-z0-9+/=]+$/.test(line)) return false
    if (data.length < 400) data += line
  }
  return openPgpForm(Buffer.from(data.slice(0, 400), 'base64')) === 'encrypted'
}
