// The delivery card (FORMAT.md §8.1): an account's public key, vouched for by the site, readable without any password.
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { Corrupt, UnsupportedVersion } from './errors.ts'
import { labels } from './labels.ts'
import { equalSecret, mac } from './primitives.ts'
import type { SiteKey } from './site-key.ts'
import { kemPublicKeyBytes } from './sodium.ts'

export interface Card {
  readonly epoch: number
  readonly keysetVersion: number
  /** X-Wing, 1,216 bytes. */
  readonly publicKey: Buffer
}

const version = 1
const macBytes = 32

/** The card's bytes. Throws Corrupt when the public key has another length. */
export function makeCard(
  siteKey: SiteKey,
  account: Uint8Array,
  epoch: number,
  keysetVersion: number,
  publicKey: Uint8Array,
): Buffer {
  if (publicKey.length !== kemPublicKeyBytes) throw new Corrupt('public key')
  const before = new ByteWriter().u8(version).u32(epoch).u32(keysetVersion).fixed(publicKey).finish()
  return Buffer.concat([before, mac(siteKey.macKey, labels.card, account, before)])
}

/** Reads and verifies a card. Throws Corrupt (damaged, another account's, another site's) or UnsupportedVersion. */
export function openCard(siteKey: SiteKey, account: Uint8Array, bytes: Uint8Array): Card {
  return readCard(siteKey, account, bytes)
}

/**
 * The card of another site, vouched for by this one: for an account that was restored without the site key it had. Nothing shows that
 * it is the account's; the next unlock compares it with the account's own keys. Throws Corrupt, UnsupportedVersion.
 */
export function adoptCard(siteKey: SiteKey, account: Uint8Array, bytes: Uint8Array): Buffer {
  const { epoch, keysetVersion, publicKey } = readCard(undefined, account, bytes)
  return makeCard(siteKey, account, epoch, keysetVersion, publicKey)
}

function readCard(siteKey: SiteKey | undefined, account: Uint8Array, bytes: Uint8Array): Card {
  try {
    const reader = new ByteReader(bytes)
    if (reader.u8() !== version) throw new UnsupportedVersion('delivery card')
    const card = {
      epoch: reader.u32(),
      keysetVersion: reader.u32(),
      publicKey: Buffer.from(reader.fixed(kemPublicKeyBytes)),
    }
    const given = reader.fixed(macBytes)
    const before = bytes.subarray(0, bytes.length - macBytes)
    const isGenuine = !siteKey || equalSecret(given, mac(siteKey.macKey, labels.card, account, before))
    reader.end()
    if (!isGenuine) throw new Corrupt('delivery card')
    return card
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Corrupt('delivery card', { cause: error })
    throw error
  }
}
