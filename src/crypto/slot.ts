// Slots (FORMAT.md §6): each seals the volume key to its own public key, whose secret comes from what the owner knows.
import { Secret, secretBuffer, secretCopy } from '../base/secret.ts'
import { boxKinds, openBox, sealBox } from './box.ts'
import { Corrupt, WrongKey } from './errors.ts'
import { defaultKdf, type KdfGate, type KdfParameters } from './kdf.ts'
import { kemPublicKey, openCapsule, sealCapsule } from './kem.ts'
import { labels } from './labels.ts'
import { slotLabelPlace, slotPlace } from './places.ts'
import { derive, equalSecret, extract, H } from './primitives.ts'
import { makeId, randomBytes } from './random.ts'
import { scramKeys } from './scram.ts'
import { sealScramVerifier } from './scram-verifier.ts'
import type { SiteKey } from './site-key.ts'
import { slotCheck, slotKindNumbers, type Slot } from './slot-codec.ts'

export type { Slot, SlotKind } from './slot-codec.ts'

/** What opens a slot. The bytes stay the caller's, who wipes them. */
export type SlotSecret =
  | { readonly kind: 'password'; readonly password: Uint8Array }
  | { readonly kind: 'recovery'; readonly code: Uint8Array }
  | { readonly kind: 'server'; readonly siteKey: SiteKey }
  | { readonly kind: 'app'; readonly secret: Uint8Array }
  /** The secret seed of the site's recovery key (§8.4). */
  | { readonly kind: 'escrow'; readonly seed: Uint8Array }
  /** What a proof gave (RFC 5802 §3), and the key of the site that took it. */
  | { readonly kind: 'scram'; readonly clientKey: Uint8Array; readonly siteKey: SiteKey }

/** A password that is to be good for logins by SCRAM: one that `isScramPassword` takes. */
export interface NewScramSecret {
  readonly kind: 'scram'
  readonly password: Uint8Array
  readonly siteKey: SiteKey
  readonly iterations: number
}

/** What a slot is made from: the site's recovery key is not at hand then, and need not be. */
export type NewSlotSecret =
  | Exclude<SlotSecret, { readonly kind: 'scram' }>
  | NewScramSecret
  | { readonly kind: 'escrow'; readonly publicKey: Buffer }

export interface NewSlot {
  readonly account: Uint8Array
  readonly secret: NewSlotSecret
  /** Cost of a password slot; `defaultKdf` when absent. */
  readonly kdf?: KdfParameters
  readonly volumeKey: Uint8Array
  readonly vkVersion: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Random when absent; 16 bytes, of no other slot. */
  readonly id?: Buffer
  /** As `slot-label.ts` makes it; sealed. */
  readonly label?: Uint8Array
}

/** Makes a slot that `secret` opens. Throws as `KdfGate.derive` does. */
export async function makeSlot(options: NewSlot, gate: KdfGate, signal?: AbortSignal): Promise<Slot> {
  const { account, secret, volumeKey, vkVersion, createdAt, label } = options
  const id = options.id ?? makeId()
  if (secret.kind === 'scram') return makeScramSlot(options, id, secret, gate, signal)
  if (secret.kind === 'escrow') {
    const publicKey = 'seed' in secret ? kemPublicKey(secret.seed) : secret.publicKey
    const salt = H(publicKey).subarray(0, 16)
    const parts = { id, kind: secret.kind, createdAt, kdf: undefined, salt, publicKey }
    return finish(account, volumeKey, vkVersion, {
      ...parts,
      label:
        label === undefined || label.length === 0
          ? Buffer.alloc(0)
          : sealLabel(account, id, volumeKey, label),
    })
  }
  const salt = randomBytes(16)
  const kdf = secret.kind === 'password' ? (options.kdf ?? defaultKdf) : undefined
  using seed = await deriveSeed(account, { id, kind: secret.kind, salt, kdf }, secret, gate, signal)
  const publicKey = kemPublicKey(seed.bytes)
  return finish(account, volumeKey, vkVersion, {
    id,
    kind: secret.kind,
    createdAt,
    kdf,
    salt,
    publicKey,
    label:
      label === undefined || label.length === 0 ? Buffer.alloc(0) : sealLabel(account, id, volumeKey, label),
  })
}

/** The slot of a password for SCRAM. Throws RangeError for a password that cannot have one, UnsupportedVersion for iterations beyond the limits. */
async function makeScramSlot(
  { account, volumeKey, vkVersion, createdAt, label }: NewSlot,
  id: Buffer,
  { password, siteKey, iterations }: NewScramSecret,
  gate: KdfGate,
  signal: AbortSignal | undefined,
): Promise<Slot> {
  if (label !== undefined) throw new TypeError('a SCRAM slot has no label')
  const salt = randomBytes(16)
  using keys = await scramKeys(password, salt, iterations)
  if (!keys) throw new RangeError('a password that SASLprep does not take')
  const secret = { kind: 'scram', clientKey: keys.clientKey, siteKey } as const
  using seed = await deriveSeed(account, { id, kind: 'scram', salt, kdf: undefined }, secret, gate, signal)
  const verifier = sealScramVerifier(siteKey, account, { id, salt, iterations }, keys)
  return finish(account, volumeKey, vkVersion, {
    ...{ id, kind: 'scram', createdAt, kdf: undefined, salt, publicKey: kemPublicKey(seed.bytes) },
    ...{ label: Buffer.alloc(0), scram: { iterations, verifier } },
  })
}

/**
 * Opens a slot: the volume key. Throws WrongKey when the secret is not this slot's, Corrupt when the slot is damaged
 * or belongs elsewhere, and as `KdfGate.derive` does.
 */
export async function openSlot(
  account: Uint8Array,
  slot: Slot,
  vkVersion: number,
  secret: SlotSecret,
  gate: KdfGate,
  signal?: AbortSignal,
): Promise<Secret> {
  if (!slotCheck(slot).equals(slot.check)) throw new Corrupt('slot')
  if (secret.kind !== slot.kind) throw new WrongKey()
  using seed = await deriveSeed(account, slot, secret, gate, signal)
  if (!equalSecret(kemPublicKey(seed.bytes), slot.publicKey)) throw new WrongKey()
  const place = slotPlace(account, slot.id, slotKindNumbers[slot.kind], vkVersion)
  const volumeKey = new Secret(openCapsule(seed.bytes, boxKinds.volumeKey, place, slot.capsule))
  if (volumeKey.bytes.length === 32) return volumeKey
  volumeKey.wipe()
  throw new Corrupt('slot')
}

/**
 * The same slot with a new volume key, sealed to its public key: the slot's secret is not needed. A label is sealed
 * anew, for which `previousVolumeKey` must be given. Only for slots of a verified list.
 */
export function renewSlot(
  account: Uint8Array,
  slot: Slot,
  volumeKey: Uint8Array,
  vkVersion: number,
  previousVolumeKey?: Uint8Array,
): Slot {
  const { id, kind, createdAt, kdf, salt, publicKey, scram } = slot
  let label: Buffer = Buffer.alloc(0)
  if (slot.label.length > 0) {
    if (!previousVolumeKey) throw new TypeError('a labelled slot is renewed with the previous volume key')
    label = sealLabel(account, id, volumeKey, slotLabel(account, slot, previousVolumeKey) ?? Buffer.alloc(0))
  }
  const parts = { id, kind, createdAt, kdf, salt, publicKey, label, ...(scram ? { scram } : {}) }
  return finish(account, volumeKey, vkVersion, parts)
}

/** A slot's label, if it has one, for `decodeSlotLabel`. Throws Corrupt. */
export function slotLabel(account: Uint8Array, slot: Slot, volumeKey: Uint8Array): Buffer | undefined {
  if (slot.label.length === 0) return undefined
  const key = derive(volumeKey, labels.slotLabel)
  const label = openBox(key, boxKinds.slotLabel, slotLabelPlace(account, slot.id), slot.label)
  key.fill(0)
  return label
}

function sealLabel(account: Uint8Array, id: Uint8Array, volumeKey: Uint8Array, label: Uint8Array): Buffer {
  const key = derive(volumeKey, labels.slotLabel)
  const box = sealBox(key, boxKinds.slotLabel, 0, slotLabelPlace(account, id), label)
  key.fill(0)
  return box
}

function finish(
  account: Uint8Array,
  volumeKey: Uint8Array,
  vkVersion: number,
  parts: Omit<Slot, 'capsule' | 'check'>,
): Slot {
  if (volumeKey.length !== 32) throw new RangeError('a volume key has 32 bytes')
  const place = slotPlace(account, parts.id, slotKindNumbers[parts.kind], vkVersion)
  const capsule = sealCapsule(parts.publicKey, boxKinds.volumeKey, 0, place, volumeKey)
  const slot = { ...parts, capsule }
  return { ...slot, check: slotCheck(slot) }
}

/** The KEM seed of a slot (§6). */
async function deriveSeed(
  account: Uint8Array,
  slot: Pick<Slot, 'id' | 'kind' | 'salt' | 'kdf'>,
  secret: SlotSecret,
  gate: KdfGate,
  signal?: AbortSignal,
): Promise<Secret> {
  if (secret.kind === 'escrow') return new Secret(secretCopy(secret.seed))
  using slotKey = await deriveSlotKey(account, slot, secret, gate, signal)
  const context = Buffer.concat([account, slot.id, Buffer.from([slotKindNumbers[slot.kind]])])
  return new Secret(derive(slotKey.bytes, labels.slotSeed, context))
}

async function deriveSlotKey(
  account: Uint8Array,
  slot: Pick<Slot, 'salt' | 'kdf'>,
  secret: Exclude<SlotSecret, { readonly kind: 'escrow' }>,
  gate: KdfGate,
  signal?: AbortSignal,
): Promise<Secret> {
  switch (secret.kind) {
    case 'password': {
      if (!slot.kdf) throw new Corrupt('slot')
      return gate.derive(secret.password, slot.salt, slot.kdf, signal)
    }
    case 'server': {
      using serverSecret = new Secret(secret.siteKey.serverSecret(account))
      return new Secret(extract(slot.salt, serverSecret.bytes))
    }
    case 'scram': {
      using siteSecret = new Secret(secret.siteKey.scramSecret(account))
      // HMAC of two values of one length each: joined in a scratch of its own that is wiped.
      using both = new Secret(secretBuffer(64))
      both.bytes.set(requireKey(secret.clientKey))
      both.bytes.set(siteSecret.bytes, 32)
      return new Secret(extract(slot.salt, both.bytes))
    }
    case 'recovery':
      return new Secret(extract(slot.salt, requireSixteen(secret.code)))
    case 'app':
      return new Secret(extract(slot.salt, requireSixteen(secret.secret)))
  }
}

function requireKey(key: Uint8Array): Uint8Array {
  if (key.length !== 32) throw new RangeError('a client key has 32 bytes')
  return key
}

function requireSixteen(secret: Uint8Array): Uint8Array {
  if (secret.length !== 16) throw new RangeError('a generated secret has 16 bytes')
  return secret
}
