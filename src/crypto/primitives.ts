// The primitives of FORMAT.md §2 under their names there. Imported only inside this folder.
import { hmac } from './hmac.ts'
import type { labels } from './labels.ts'

export { sha256 as H, equalSecret } from './digest.ts'

/** One row of the label table. */
export type Label = (typeof labels)[keyof typeof labels]

const empty = Buffer.alloc(0)
const one = Buffer.from([1])

/** HKDF-Extract (RFC 5869 §2.2), 32 bytes; the salt has at most 64. */
export function extract(salt: Uint8Array, secret: Uint8Array): Buffer {
  return hmac('sha256', salt, [secret])
}

/** HKDF-Expand to one block of 32 bytes (RFC 5869 §2.3): T(1) = HMAC(key, info ‖ 0x01). */
export function derive(key: Uint8Array, label: Label, context: Uint8Array = empty): Buffer {
  return hmac('sha256', requireKey(key), [label, context, one])
}

/** HMAC-SHA-256 over the label and the parts joined, 32 bytes. */
export function mac(key: Uint8Array, label: Label, ...parts: readonly Uint8Array[]): Buffer {
  return hmac('sha256', requireKey(key), [label, ...parts])
}

/** HMAC-SHA-512 over the label and the parts joined: 32 bytes of encryption key, then 32 bytes that commit to it. */
export function split(key: Uint8Array, label: Label, ...parts: readonly Uint8Array[]): Buffer {
  return hmac('sha512', requireKey(key), [label, ...parts])
}

/** Keys are always 32 bytes; anything else is a mistake of the caller and would weaken everything after it. */
function requireKey(key: Uint8Array): Uint8Array {
  if (key.length !== 32) throw new RangeError('a key has 32 bytes')
  return key
}

/** Length to which `length` bytes are padded (Padmé): at most 12 % more, and hides all but O(log log n) bits. */
export function padme(length: number): number {
  if (length < 2) return length
  const high = Math.floor(length / 2 ** 32)
  const exponent = high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(length)
  const unit = 2 ** (exponent - (32 - Math.clz32(exponent)))
  return Math.ceil(length / unit) * unit
}
