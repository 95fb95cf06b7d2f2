// The verifier of a SCRAM slot (FORMAT.md §6): StoredKey and ServerKey, sealed under the site's key, so that the store alone cannot be guessed on.
import { boxKinds, openBox, sealBox } from './box.ts'
import { Corrupt, UnsupportedVersion } from './errors.ts'
import { labels } from './labels.ts'
import { scramVerifierPlace } from './places.ts'
import { mac } from './primitives.ts'
import { makeId, randomBytes } from './random.ts'
import { areScramIterations, scramIterationsAtLeast, ScramKeys } from './scram.ts'
import type { SiteKey } from './site-key.ts'
import { slotCheck, type Slot } from './slot-codec.ts'

/** What a client is told, and what its proof is compared with. Not the client's secret: the caller wipes the keys all the same. */
export interface ScramVerifier {
  /** 16 bytes. */
  readonly salt: Buffer
  readonly iterations: number
  /** 32 bytes each. */
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

const keyBytes = 32

export function sealScramVerifier(
  siteKey: SiteKey,
  account: Uint8Array,
  { id, salt, iterations }: Pick<Slot, 'id' | 'salt'> & { readonly iterations: number },
  keys: ScramKeys,
): Buffer {
  const key = siteKey.scramVerifierKey(account)
  const place = scramVerifierPlace(account, id, salt, iterations)
  const data = Buffer.concat([keys.storedKey, keys.serverKey])
  const box = sealBox(key, boxKinds.scramVerifier, 0, place, data)
  key.fill(0)
  data.fill(0)
  return box
}

/** Throws Corrupt for one that was changed or is of another site, UnsupportedVersion for iterations beyond the limits. */
export function openScramVerifier(siteKey: SiteKey, account: Uint8Array, slot: Slot): ScramVerifier {
  const { id, salt, scram } = slot
  if (!scram || !slotCheck(slot).equals(slot.check)) throw new Corrupt('slot')
  const { iterations, verifier } = scram
  if (!areScramIterations(iterations)) throw new UnsupportedVersion('password hashing cost')
  const key = siteKey.scramVerifierKey(account)
  try {
    const place = scramVerifierPlace(account, id, salt, iterations)
    const data = openBox(key, boxKinds.scramVerifier, place, verifier)
    if (data.length !== 2 * keyBytes) throw new Corrupt('slot')
    return {
      ...{ salt, iterations },
      ...{ storedKey: data.subarray(0, keyBytes), serverKey: data.subarray(keyBytes) },
    }
  } finally {
    key.fill(0)
  }
}

/** Keys that nobody has, at about the cost of opening a verifier. */
export function sealDecoyVerifier(siteKey: SiteKey): Pick<ScramVerifier, 'storedKey' | 'serverKey'> {
  const [account, id, salt] = [makeId(), makeId(), makeId()]
  const keys = new ScramKeys(randomBytes(keyBytes))
  sealScramVerifier(siteKey, account, { id, salt, iterations: scramIterationsAtLeast }, keys)
  return { storedKey: keys.storedKey, serverKey: keys.serverKey }
}

/** The salt for a name that has no verifier (§8.14): always the same, and like any other. */
export function scramSaltFor(siteKey: SiteKey, name: string): Buffer {
  return mac(siteKey.macKey, labels.scramSalt, Buffer.from(name)).subarray(0, 16)
}
