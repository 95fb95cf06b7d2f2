// What upper layers may ask of hashing: node:crypto itself stays inside this folder.
import { createHash, hash, timingSafeEqual } from 'node:crypto'

/** SHA-256 of the parts joined, 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const [first] = parts
  return hash('sha256', parts.length === 1 && first ? first : Buffer.concat(parts), 'buffer')
}

/** Equality in a time that depends on the lengths only. */
export function equalSecret(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** SHA-256 of what is given piece by piece. */
export function hasher(): { update(bytes: Uint8Array): void; digest(): Buffer } {
  const state = createHash('sha256')
  return {
    update(bytes) {
      state.update(bytes)
    },
    digest: () => state.digest(),
  }
}
