// OpenPGP keys: what they are, whether mail can be sealed to them, and the packets of them that are kept (RFC 9580, RFC 4880).
import type { Key, PublicKey, Subkey, AnyPacket } from 'openpgp'
import { BadKey, keyBytes, keysPerFile, shownName, type FoundKey } from './public-key.ts'
import { PrivateKeyGiven } from './key-file.ts'
import { openPgp } from './openpgp-library.ts'

/** Names of curves as people know them; others are shown as the library names them. */
const curveNames: Readonly<Record<string, string>> = {
  curve25519Legacy: 'Curve25519',
  ed25519Legacy: 'Ed25519',
  nistP256: 'P-256',
  nistP384: 'P-384',
  nistP521: 'P-521',
}

const algorithmNames: Readonly<Record<string, string>> = {
  x25519: 'X25519',
  x448: 'X448',
  ed25519: 'Ed25519',
  ed448: 'Ed448',
  elgamal: 'ElGamal',
  dsa: 'DSA',
}

function algorithmOf(key: Key | Subkey): string {
  const { algorithm, bits, curve } = key.getAlgorithmInfo()
  if (curve !== undefined) return curveNames[curve] ?? curve
  if (algorithm.startsWith('rsa')) return `RSA ${bits ?? 0}`
  return algorithmNames[algorithm] ?? algorithm
}

const time = (at: Date | number | null): number =>
  at === null ? -Infinity : at instanceof Date ? at.getTime() : at

/** undefined: never. */
async function endOf(key: PublicKey, subkeys: readonly Subkey[]): Promise<number | undefined> {
  const own = time(await key.getExpirationTime())
  const ends = await Promise.all(subkeys.map(async (subkey) => time(await subkey.getExpirationTime())))
  const end = ends.length === 0 ? own : Math.min(own, Math.max(...ends))
  return Number.isFinite(end) ? end : undefined
}

/** Those whose algorithm encrypts, whether or not they may still be used. */
function encryptingSubkeys(key: PublicKey): Subkey[] {
  return key.subkeys.filter((subkey) => {
    const { algorithm } = subkey.getAlgorithmInfo()
    return /^(rsaEncrypt|rsaEncryptSign|ecdh|x25519|x448|elgamal)$/.test(algorithm)
  })
}

const tags = { signature: 2, publicKey: 6, userId: 13, subkey: 14 } as const

interface IssuedPacket {
  readonly issuerKeyID?: { toHex(): string }
}

/** The packets that sealing needs: the keys, user IDs and what the key says of itself; no pictures, no signatures of others. */
function kept(library: Awaited<ReturnType<typeof openPgp>>, key: PublicKey): Buffer {
  const own = key.getKeyID().toHex()
  const list = new library.PacketList<AnyPacket>()
  let isPicture = false
  for (const packet of key.toPacketList()) {
    const { tag } = packet.constructor as { readonly tag?: number }
    if (tag === tags.publicKey || tag === tags.userId || tag === tags.subkey) {
      isPicture = false
      list.push(packet)
    } else if (tag === tags.signature) {
      const isOwn = (packet as IssuedPacket).issuerKeyID?.toHex() === own
      if (isOwn && !isPicture) list.push(packet)
    } else isPicture = true
  }
  return Buffer.from(list.write())
}

const dayMs = 24 * 3600 * 1000

/**
 * The moment at which a key is to be looked at: now, or, where it cannot be used now, a day later. Clocks differ, and a key that was made a minute ago
 * elsewhere may be of the future here.
 */
export async function momentOfUse(key: PublicKey, now: number): Promise<Date> {
  const at = new Date(now)
  const isUsable = await key.getEncryptionKey(undefined, at).then(
    () => true,
    () => false,
  )
  return isUsable ? at : new Date(now + dayMs)
}

/** By a signature of its own that holds. */
const isRevokedAt = (key: PublicKey, now: number): Promise<boolean> =>
  key.isRevoked(undefined, undefined, new Date(now)).catch(() => false)

/** Why nothing can be sealed to it, in words; undefined: it can. */
async function problemOf(
  key: PublicKey,
  expiresAt: number | undefined,
  now: number,
): Promise<string | undefined> {
  if (await isRevokedAt(key, now)) return 'it is revoked'
  if (expiresAt !== undefined && expiresAt <= now)
    return `it expired on ${new Date(expiresAt).toISOString().slice(0, 10)}`
  if (key.getCreationTime().getTime() > now + dayMs) return 'it says that it will be made in the future'
  try {
    await key.getEncryptionKey(undefined, await momentOfUse(key, now))
    return undefined
  } catch (error) {
    return explained(error, key)
  }
}

function explained(error: unknown, key: PublicKey): string {
  const text = error instanceof Error ? error.message : ''
  if (/shorter than|bits/i.test(text)) return 'its RSA key is shorter than 2048 bits'
  if (/algorithm|curve/i.test(text) && /reject|disallow|insecure|weak/i.test(text))
    return `its algorithm (${algorithmOf(key)}) is not accepted any more`
  if (key.subkeys.length === 0) return 'it can only sign: it has no subkey for encryption'
  return 'it has no valid subkey for encryption, or its signatures on itself do not hold'
}

async function describe(
  library: Awaited<ReturnType<typeof openPgp>>,
  key: PublicKey,
  now: number,
): Promise<FoundKey> {
  const subkeys = encryptingSubkeys(key)
  const usable = await key.getEncryptionKey(undefined, await momentOfUse(key, now)).catch(() => undefined)
  const expiresAt = await endOf(key, subkeys).catch(() => undefined)
  const bytes = kept(library, key)
  let problem = await problemOf(key, expiresAt, now)
  if (problem === undefined && bytes.length > keyBytes)
    problem = `it is larger than ${keyBytes / 1024} KB even without the signatures of others`
  return {
    kind: 'openpgp',
    fingerprint: key.getFingerprint(),
    names: key.getUserIDs().slice(0, 8).map(shownName),
    algorithm: algorithmOf((usable as Subkey | undefined) ?? subkeys[0] ?? key),
    createdAt: key.getCreationTime().getTime(),
    expiresAt,
    problem,
    ...((await isRevokedAt(key, now)) ? { isRevoked: true } : {}),
    bytes: problem === undefined ? bytes : Buffer.alloc(0),
  }
}

/** The keys of one block, as they are at `now` (milliseconds since 1970). Throws BadKey. */
export async function readOpenPgpKeys(block: string | Uint8Array, now: number): Promise<FoundKey[]> {
  const library = await openPgp()
  let keys: Key[]
  try {
    keys =
      typeof block === 'string'
        ? await library.readKeys({ armoredKeys: block })
        : await library.readKeys({ binaryKeys: block })
  } catch (error) {
    throw new BadKey('This looks like an OpenPGP key, but is damaged or of a kind that is not known', {
      cause: error,
    })
  }
  if (keys.length === 0) throw new BadKey('There is no OpenPGP key in this block')
  if (keys.length > keysPerFile) throw new BadKey(`There are more than ${keysPerFile} keys in this file`)
  if (keys.some((key) => key.isPrivate())) throw new PrivateKeyGiven()
  const found: FoundKey[] = []
  for (const key of keys) found.push(await describe(library, key.toPublic(), now))
  return found
}
