// The site's recovery key (FORMAT.md §8.4): a public key that accounts seal to, its secret shared among admins, vouched for by the site.
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { Secret } from '../base/secret.ts'
import { boxKinds, openBox, sealBox } from './box.ts'
import { Corrupt, UnsupportedVersion, WrongKey } from './errors.ts'
import type { KdfGate, KdfParameters } from './kdf.ts'
import { kemPublicKey, makeKemSeed } from './kem.ts'
import { labels } from './labels.ts'
import { escrowPlace } from './places.ts'
import { derive, equalSecret, H, mac } from './primitives.ts'
import { makeId, randomBytes } from './random.ts'
import { joinShares, shareSecret } from './shares.ts'
import type { SiteKey } from './site-key.ts'
import { kemPublicKeyBytes } from './sodium.ts'

/** One admin's part. */
interface Holder {
  readonly kdf: KdfParameters
  /** 16 bytes. */
  readonly salt: Buffer
  /** The share, sealed under the admin's password. */
  readonly box: Buffer
}

export interface EscrowKey {
  /** 16 bytes. */
  readonly id: Buffer
  /** X-Wing, 1,216 bytes. */
  readonly publicKey: Buffer
  /** So many holders must come together. */
  readonly threshold: number
  readonly holders: readonly Holder[]
}

/** What the site says of its recovery key. */
export interface EscrowRecord {
  /** Greater with every other key, and when the key is removed: milliseconds since 1970, or one more than the one before. */
  readonly generation: number
  /** Milliseconds since 1970: when the key was made, and when a password of it was last changed. */
  readonly createdAt: number
  readonly changedAt: number
  /** undefined: there was one, and it was removed. */
  readonly key: EscrowKey | undefined
}

const version = 1
const macBytes = 32
/** Admins among whom a key may be split. */
export const holdersAtMost = 16

/** The record's bytes. */
export function encodeEscrow(siteKey: SiteKey, record: EscrowRecord): Buffer {
  const { generation, createdAt, changedAt, key } = record
  const to = new ByteWriter()
    .u8(version)
    .u64(generation)
    .i64(createdAt)
    .i64(changedAt)
    .u8(key ? 1 : 0)
  if (key) {
    to.fixed(key.id).fixed(key.publicKey).u8(key.threshold).u8(key.holders.length)
    for (const { kdf, salt, box } of key.holders) {
      to.u32(kdf.memoryKiB).u32(kdf.passes).u32(kdf.parallelism).fixed(salt).bytes16(box)
    }
  }
  const before = to.finish()
  return Buffer.concat([before, mac(siteKey.macKey, labels.escrow, before)])
}

function readKey(from: ByteReader): EscrowKey {
  const id = Buffer.from(from.fixed(16))
  const publicKey = Buffer.from(from.fixed(kemPublicKeyBytes))
  const threshold = from.u8()
  const holders: Holder[] = []
  for (let count = from.u8(); count > 0; count -= 1) {
    holders.push({
      kdf: { memoryKiB: from.u32(), passes: from.u32(), parallelism: from.u32() },
      salt: Buffer.from(from.fixed(16)),
      box: Buffer.from(from.bytes16()),
    })
  }
  if (threshold < 1 || threshold > holders.length || holders.length > holdersAtMost)
    throw new Corrupt('recovery key of the site')
  return { id, publicKey, threshold, holders }
}

/** Reads and verifies a record. Throws Corrupt (damaged, another site's) or UnsupportedVersion. */
export function openEscrow(siteKey: SiteKey, bytes: Uint8Array): EscrowRecord {
  try {
    const from = new ByteReader(bytes)
    if (from.u8() !== version) throw new UnsupportedVersion('recovery key of the site')
    if (bytes.length <= macBytes) throw new Corrupt('recovery key of the site')
    const end = bytes.length - macBytes
    const expected = mac(siteKey.macKey, labels.escrow, bytes.subarray(0, end))
    if (!equalSecret(bytes.subarray(end), expected)) throw new Corrupt('recovery key of the site')
    const times = { generation: from.u64(), createdAt: from.i64(), changedAt: from.i64() }
    const isThere = from.u8()
    if (isThere > 1) throw new Corrupt('recovery key of the site')
    const key = isThere === 1 ? readKey(from) : undefined
    from.fixed(macBytes)
    from.end()
    return { ...times, key }
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Corrupt('recovery key of the site', { cause: error })
    throw error
  }
}

/** What accounts remember of a public key, and admins compare. */
export function escrowDigest(publicKey: Uint8Array): Buffer {
  return H(publicKey)
}

async function shareKey(
  id: Uint8Array,
  index: number,
  password: Uint8Array,
  { kdf, salt }: Pick<Holder, 'kdf' | 'salt'>,
  gate: KdfGate,
): Promise<Secret> {
  using hashed = await gate.derive(password, salt, kdf)
  return new Secret(derive(hashed.bytes, labels.escrowShare, Buffer.concat([id, Buffer.from([index])])))
}

/** A key that exists, or a new one, under these passwords, of which `threshold` open it. Throws as `KdfGate.derive` does. */
export async function sealEscrowKey(
  key: { readonly id: Buffer; readonly seed: Uint8Array },
  passwords: readonly Uint8Array[],
  threshold: number,
  kdf: KdfParameters,
  gate: KdfGate,
): Promise<EscrowKey> {
  const shares = shareSecret(key.seed, passwords.length, threshold)
  const holders: Holder[] = []
  try {
    for (const [index, password] of passwords.entries()) {
      const salt = randomBytes(16)
      using secret = await shareKey(key.id, index, password, { kdf, salt }, gate)
      const share = shares[index] ?? Buffer.alloc(0)
      const box = sealBox(secret.bytes, boxKinds.escrowShare, 0, escrowPlace(key.id, index), share)
      holders.push({ kdf, salt, box })
    }
  } finally {
    for (const share of shares) share.fill(0)
  }
  return { id: key.id, publicKey: kemPublicKey(key.seed), threshold, holders }
}

/** A new identifier and secret seed; the caller wipes the seed. */
export function makeEscrowSeed(): { readonly id: Buffer; readonly seed: Buffer } {
  return { id: makeId(), seed: makeKemSeed() }
}

/** The share that a password opens, and whose it is; undefined when none does. */
async function openShare(
  key: EscrowKey,
  password: Uint8Array,
  taken: ReadonlySet<number>,
  gate: KdfGate,
): Promise<{ readonly index: number; readonly share: Buffer } | undefined> {
  for (const [index, holder] of key.holders.entries()) {
    if (taken.has(index)) continue
    using secret = await shareKey(key.id, index, password, holder, gate)
    try {
      return {
        index,
        share: openBox(secret.bytes, boxKinds.escrowShare, escrowPlace(key.id, index), holder.box),
      }
    } catch (error) {
      // The record's MAC was verified, so the box is whole: the password is another's.
      if (!(error instanceof Corrupt)) throw error
    }
  }
  return undefined
}

/**
 * The secret seed, by at least `threshold` passwords of different admins, in any order. Throws WrongKey when one is nobody's or they
 * are too few, Corrupt when what they open is not the key, and as `KdfGate.derive` does. Each password costs up to one Argon2id a holder.
 */
export async function openEscrowSeed(
  key: EscrowKey,
  passwords: readonly Uint8Array[],
  gate: KdfGate,
): Promise<Secret> {
  const opened = new Map<number, Buffer>()
  try {
    for (const password of passwords) {
      const found = await openShare(key, password, new Set(opened.keys()), gate)
      if (!found) throw new WrongKey()
      opened.set(found.index, found.share)
    }
    if (opened.size < key.threshold) throw new WrongKey()
    const seed = new Secret(joinShares([...opened.values()].slice(0, key.threshold)))
    if (seed.bytes.length === 32 && equalSecret(kemPublicKey(seed.bytes), key.publicKey)) return seed
    seed.wipe()
    throw new Corrupt('recovery key of the site')
  } finally {
    for (const share of opened.values()) share.fill(0)
  }
}
