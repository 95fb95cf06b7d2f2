// Seals octets to OpenPGP keys, as an armored message (RFC 9580 §6.2), and checks what was made where the original will go.
import { equalBytes } from '../base/bytes.ts'
import type { EncryptSessionKeyOptions, PublicKey } from 'openpgp'
import { UnusableKey } from './public-key.ts'
import { momentOfUse } from './openpgp-key.ts'
import { openPgp } from './openpgp-library.ts'

const crcTable = new Uint32Array(256)
for (let octet = 0; octet < 256; octet += 1) {
  let crc = octet << 16
  for (let bit = 0; bit < 8; bit += 1)
    crc = (crc & 0x800000) !== 0 ? ((crc << 1) ^ 0x1864cfb) >>> 0 : crc << 1
  crcTable[octet] = crc & 0xffffff
}

/** RFC 9580 §6.1.1. */
function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce
  for (const octet of bytes) crc = ((crc << 8) ^ (crcTable[((crc >> 16) ^ octet) & 0xff] ?? 0)) & 0xffffff
  return crc
}

const lineBytes = 48
const linesAtOnce = 16 * 1024

/** Base64 in lines of `octets` octets each, every line ending in CRLF. Linear, and without one string of it all. */
export function base64Lines(bytes: Uint8Array, octets: number): Buffer {
  const lines = Math.ceil(bytes.length / octets)
  const chars = Math.ceil(octets / 3) * 4
  const lastChars = lines === 0 ? 0 : Math.ceil((bytes.length - (lines - 1) * octets) / 3) * 4
  const out = Buffer.allocUnsafe(lines === 0 ? 0 : (lines - 1) * (chars + 2) + lastChars + 2)
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let to = 0
  for (let line = 0; line < lines; line += linesAtOnce) {
    const text = source.toString(
      'base64',
      line * octets,
      Math.min((line + linesAtOnce) * octets, source.length),
    )
    for (let at = 0; at < text.length; at += chars) {
      to += out.write(text.slice(at, at + chars), to, 'latin1')
      out[to++] = 13
      out[to++] = 10
    }
  }
  return out
}

/** The armor, with a checksum for readers that are older than RFC 9580. */
function armored(message: Uint8Array, hasChecksum: boolean): Buffer {
  const parts = [
    Buffer.from('-----BEGIN PGP MESSAGE-----\r\n\r\n', 'latin1'),
    base64Lines(message, lineBytes),
  ]
  if (hasChecksum) {
    const crc = crc24(message)
    parts.push(Buffer.from(`=${Buffer.of(crc >> 16, crc >> 8, crc).toString('base64')}\r\n`, 'latin1'))
  }
  parts.push(Buffer.from('-----END PGP MESSAGE-----\r\n', 'latin1'))
  return Buffer.concat(parts)
}

async function readable(bytes: Uint8Array, now: number): Promise<{ key: PublicKey; date: Date }> {
  const library = await openPgp()
  try {
    const key = (await library.readKey({ binaryKey: bytes })).toPublic()
    const date = await momentOfUse(key, now)
    await key.getEncryptionKey(undefined, date)
    return { key, date }
  } catch (error) {
    throw new UnusableKey('an OpenPGP key cannot be used', { cause: error })
  }
}

/**
 * One message for all keys, each kept as `openpgp-key.ts` has it. With `isVerified` the message is opened again, with its session key, and
 * compared. Throws UnusableKey.
 */
export async function sealToOpenPgp(
  keys: readonly Uint8Array[],
  inner: Uint8Array,
  { isVerified, now }: { readonly isVerified: boolean; readonly now: number },
): Promise<Buffer> {
  const library = await openPgp()
  const encryptionKeys: PublicKey[] = []
  let date = new Date(now)
  for (const bytes of keys) {
    const found = await readable(bytes, now)
    encryptionKeys.push(found.key)
    if (found.date > date) date = found.date
  }
  const sessionKey = await library.generateSessionKey({ encryptionKeys, date })
  try {
    const message = await library.createMessage({ binary: inner, format: 'binary', date })
    const options = { message, encryptionKeys, sessionKey, format: 'binary', date } as const
    const sealed = octets(await library.encrypt(options))
    if (isVerified) await mustOpen(sealed, sessionKey, inner, date)
    return armored(sealed, sessionKey.aeadAlgorithm === undefined)
  } finally {
    sessionKey.data.fill(0)
  }
}

/** The library's types name others that are not installed with it. */
function octets(made: unknown): Uint8Array {
  if (made instanceof Uint8Array) return made
  throw new TypeError('the OpenPGP library made something else than octets')
}

async function mustOpen(
  sealed: Uint8Array,
  sessionKey: Pick<EncryptSessionKeyOptions, 'data' | 'algorithm'>,
  inner: Uint8Array,
  date: Date,
): Promise<void> {
  const library = await openPgp()
  const opened = await library.decrypt({
    message: await library.readMessage({ binaryMessage: sealed }),
    sessionKeys: [{ ...sessionKey, data: Uint8Array.from(sessionKey.data) }],
    format: 'binary',
    date,
  })
  const data = octets(opened.data)
  const isSame = equalBytes(data, inner)
  data.fill(0)
  if (!isSame) throw new Error('what was sealed does not open to the same octets')
}
