// The site key sealed under a passphrase, for a file beside a backup (FORMAT.md §8.9).
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { boxKinds, openBox, sealBox } from './box.ts'
import { Corrupt, UnsupportedVersion, WrongKey } from './errors.ts'
import type { KdfGate, KdfParameters } from './kdf.ts'
import { labels } from './labels.ts'
import { derive } from './primitives.ts'
import { randomBytes } from './random.ts'

const magic = Buffer.from('LLSITKEY')
const place = Buffer.from('sealed site key')
const keyBytes = 32

async function boxKey(
  passphrase: Uint8Array,
  salt: Uint8Array,
  kdf: KdfParameters,
  gate: KdfGate,
): Promise<Buffer> {
  using slow = await gate.derive(passphrase, salt, kdf)
  return derive(slow.bytes, labels.sealedSiteKey)
}

/** The file's bytes. `siteKey` (32 bytes) and `passphrase` stay the caller's, who wipes them. Throws as `KdfGate.derive`. */
export async function sealSiteKey(
  siteKey: Uint8Array,
  passphrase: Uint8Array,
  kdf: KdfParameters,
  gate: KdfGate,
): Promise<Buffer> {
  if (siteKey.length !== keyBytes) throw new RangeError('a site key has 32 bytes')
  const salt = randomBytes(16)
  const key = await boxKey(passphrase, salt, kdf, gate)
  try {
    const head = new ByteWriter().fixed(magic).u8(1).u32(kdf.memoryKiB).u32(kdf.passes).u32(kdf.parallelism)
    const sealed = sealBox(key, boxKinds.sealedSiteKey, 0, place, siteKey)
    return head.fixed(salt).bytes16(sealed).finish()
  } finally {
    key.fill(0)
  }
}

/** The site key's 32 bytes; the caller wipes them. Throws WrongKey (or the box was altered), Corrupt, UnsupportedVersion. */
export async function openSiteKey(bytes: Uint8Array, passphrase: Uint8Array, gate: KdfGate): Promise<Buffer> {
  let parts: { kdf: KdfParameters; salt: Buffer; sealed: Buffer }
  try {
    const from = new ByteReader(bytes)
    if (!from.fixed(magic.length).equals(magic)) throw new Corrupt('sealed site key')
    if (from.u8() !== 1) throw new UnsupportedVersion('sealed site key')
    const kdf = { memoryKiB: from.u32(), passes: from.u32(), parallelism: from.u32() }
    parts = { kdf, salt: from.fixed(16), sealed: from.bytes16() }
    from.end()
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Corrupt('sealed site key', { cause: error })
    throw error
  }
  const key = await boxKey(passphrase, parts.salt, parts.kdf, gate)
  try {
    const opened = openBox(key, boxKinds.sealedSiteKey, place, parts.sealed)
    if (opened.length !== keyBytes) throw new Corrupt('sealed site key')
    return opened
  } catch (error) {
    // A commitment that differs is most often a passphrase mistyped.
    if (error instanceof Corrupt) throw new WrongKey({ cause: error })
    throw error
  } finally {
    key.fill(0)
  }
}
