// X-Wing key pairs and capsules (FORMAT.md §5): what anybody can seal to a public key, and only its seed opens.
import { boxEpoch, boxKind, openBox, sealBox, type BoxKind } from './box.ts'
import { Corrupt } from './errors.ts'
import { labels } from './labels.ts'
import { derive } from './primitives.ts'
import { randomBytes } from './random.ts'
import {
  kemCiphertextBytes,
  xwingDecapsulate,
  xwingDecapsulateExpanded,
  xwingEncapsulate,
  xwingExpand,
  xwingPublicKey,
} from './sodium.ts'

/** One use of a public key. Whoever made it wipes `sharedSecret`. */
export interface Encapsulation {
  /** 1,120 bytes. */
  readonly ciphertext: Buffer
  /** 32 bytes. */
  readonly sharedSecret: Buffer
}

/** A new secret seed, 32 bytes. */
export function makeKemSeed(): Buffer {
  return randomBytes(32)
}

/** The public key of a seed, 1,216 bytes. */
export function kemPublicKey(seed: Uint8Array): Buffer {
  return xwingPublicKey(seed)
}

/** Makes a secret that only the seed of `publicKey` can make again. Throws Corrupt when the key is malformed. */
export function encapsulate(publicKey: Uint8Array): Encapsulation {
  const randomness = randomBytes(64)
  const result = xwingEncapsulate(publicKey, randomness)
  randomness.fill(0)
  // Also refused: ML-KEM coefficients that are not reduced (FIPS 203 §7.2) and X25519 points of low order.
  if (result === undefined) throw new Corrupt('public key')
  return result
}

/** A capsule of an encapsulation that may serve several places: each place has a key of its own. */
export function capsuleFrom(
  encapsulation: Encapsulation,
  kind: BoxKind,
  epoch: number,
  place: Uint8Array,
  data: Uint8Array,
): Buffer {
  const key = derive(encapsulation.sharedSecret, labels.capsule, place)
  try {
    return Buffer.concat([encapsulation.ciphertext, sealBox(key, kind, epoch, place, data)])
  } finally {
    key.fill(0)
  }
}

/** Seals `data` to a public key. Throws Corrupt when the key is malformed. */
export function sealCapsule(
  publicKey: Uint8Array,
  kind: BoxKind,
  epoch: number,
  place: Uint8Array,
  data: Uint8Array,
): Buffer {
  const encapsulation = encapsulate(publicKey)
  try {
    return capsuleFrom(encapsulation, kind, epoch, place, data)
  } finally {
    encapsulation.sharedSecret.fill(0)
  }
}

/** Opens a capsule with the seed of the key that it was sealed to. Throws Corrupt, UnsupportedVersion. */
export function openCapsule(seed: Uint8Array, kind: BoxKind, place: Uint8Array, capsule: Uint8Array): Buffer {
  return openCapsuleWith(xwingDecapsulate(seed, capsuleCiphertext(capsule)), kind, place, capsule)
}

/** As `openCapsule`, with the secret that was decapsulated from its ciphertext; undefined: it could not be. Wipes the secret. */
export function openCapsuleWith(
  sharedSecret: Buffer | undefined,
  kind: BoxKind,
  place: Uint8Array,
  capsule: Uint8Array,
): Buffer {
  if (sharedSecret === undefined) throw new Corrupt('capsule')
  const key = derive(sharedSecret, labels.capsule, place)
  sharedSecret.fill(0)
  try {
    return openBox(key, kind, place, capsule.subarray(kemCiphertextBytes))
  } finally {
    key.fill(0)
  }
}

/** The first 1,120 bytes of a capsule, as a view. */
export function capsuleCiphertext(capsule: Uint8Array): Uint8Array {
  return capsule.subarray(0, kemCiphertextBytes)
}

/** A seed made ready to decapsulate many ciphertexts. Wipe it as soon as they are done. */
export class Decapsulator {
  readonly #expanded: Buffer

  constructor(seed: Uint8Array) {
    this.#expanded = xwingExpand(seed)
  }

  /** 32 bytes, which the caller wipes; undefined for what is no ciphertext. */
  open(ciphertext: Uint8Array): Buffer | undefined {
    return xwingDecapsulateExpanded(this.#expanded, ciphertext)
  }

  wipe(): void {
    this.#expanded.fill(0)
  }
}

/** The keyset epoch whose seed opens a capsule. Throws Corrupt, UnsupportedVersion. */
export function capsuleEpoch(capsule: Uint8Array): number {
  return boxEpoch(capsule.subarray(kemCiphertextBytes))
}

/** The kind of what a capsule says it holds. Throws Corrupt, UnsupportedVersion. */
export function capsuleKind(capsule: Uint8Array): number {
  return boxKind(capsule.subarray(kemCiphertextBytes))
}
