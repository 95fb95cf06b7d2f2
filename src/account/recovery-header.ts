// The recovery header before a body (FORMAT.md §9.7): the message key, for when the records are lost.
import { concat } from '../base/bytes.ts'
import { boxEpoch, boxKinds, boxLength, openBox, sealBox } from '../crypto/box.ts'
import { Corrupt, UnsupportedVersion } from '../crypto/errors.ts'
import { capsuleEpoch, openCapsule } from '../crypto/kem.ts'
import { recoveryPlace } from '../crypto/places.ts'
import { Damage } from './errors.ts'
import type { Vault } from './vault.ts'

/** What follows the first byte. */
const forms = { capsule: 1, box: 2, renewedBox: 3 } as const
const boxBytes: number = boxLength(32)

const isUnreadable = (error: unknown): boolean =>
  error instanceof Corrupt || error instanceof UnsupportedVersion || error instanceof Damage

/** A message key sealed under the current epoch, as headers hold it. */
export function sealedKey(vault: Vault, blob: Uint8Array, messageKey: Uint8Array): Buffer {
  const place = recoveryPlace(vault.account, blob)
  return sealBox(vault.root().headerKey, boxKinds.recoveryHeader, vault.epoch, place, messageKey)
}

/** The header of a body that the owner's keys seal, under the current epoch. */
export function ownHeader(vault: Vault, blob: Uint8Array, messageKey: Uint8Array): Buffer {
  return concat(Buffer.of(forms.box), sealedKey(vault, blob, messageKey))
}

/** A header that takes the place of one of `length` bytes; zeros where it has no room. */
export function headerInPlace(sealed: Uint8Array, length: number): Buffer {
  const header = Buffer.alloc(length)
  if (length < 1 + boxBytes) return header
  header[0] = length === 1 + boxBytes ? forms.box : forms.renewedBox
  header.set(sealed, 1)
  return header
}

/** The epoch whose keys open a header; 0 for one that none opens. */
export function headerEpoch(header: Uint8Array | undefined): number {
  if (!header) return 0
  try {
    switch (header[0]) {
      case forms.capsule:
        return capsuleEpoch(header.subarray(1))
      case forms.box:
      case forms.renewedBox:
        return boxEpoch(header.subarray(1))
      default:
        return 0
    }
  } catch (error) {
    if (isUnreadable(error)) return 0
    throw error
  }
}

/** The message key, which the caller wipes; undefined for a header that does not open. */
export function openHeader(vault: Vault, blob: Uint8Array, header: Uint8Array): Buffer | undefined {
  const place = recoveryPlace(vault.account, blob)
  const epoch = headerEpoch(header)
  const sealed = header.subarray(1)
  try {
    switch (header[0]) {
      case forms.capsule:
        return openCapsule(vault.kemSeed(epoch), boxKinds.recoveryHeader, place, sealed)
      case forms.box:
        return openBox(vault.root(epoch).headerKey, boxKinds.recoveryHeader, place, sealed)
      case forms.renewedBox:
        return openBox(
          vault.root(epoch).headerKey,
          boxKinds.recoveryHeader,
          place,
          sealed.subarray(0, boxBytes),
        )
      default:
        return undefined
    }
  } catch (error) {
    if (isUnreadable(error)) return undefined
    throw error
  }
}
