// AES-256-GCM of node:crypto, with 12-byte nonces and 16-byte tags.
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'

const algorithm = 'aes-256-gcm'
const options = { authTagLength: 16 } as const
const joinUpTo = 8192

/** Encrypts the parts, joined, into `out` at `outAt`, and puts the 16-byte tag behind them. */
export function gcmSeal(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  parts: readonly Uint8Array[],
  out: Uint8Array,
  outAt: number,
): void {
  const cipher = createCipheriv(algorithm, key, nonce, options)
  cipher.setAAD(aad)
  let at = outAt
  const joined = joinShort(parts)
  for (const part of joined ? [joined] : parts) {
    if (part.length === 0) continue
    const sealed = cipher.update(part)
    out.set(sealed, at)
    at += sealed.length
  }
  joined?.fill(0)
  cipher.final()
  out.set(cipher.getAuthTag(), at)
}

/** Each call of a cipher costs as much as encrypting some 4 KiB: short parts are joined, long ones are not copied. */
function joinShort(parts: readonly Uint8Array[]): Buffer | undefined {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return length <= joinUpTo ? Buffer.concat(parts, length) : undefined
}

/** Opens `ciphertext ‖ tag`. Undefined when the tag does not verify; then what was decrypted is wiped. */
export function gcmOpen(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Buffer,
): Buffer | undefined {
  const length = sealed.length - 16
  if (length < 0) return undefined
  const decipher = createDecipheriv(algorithm, key, nonce, options)
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(length))
  const plaintext = decipher.update(sealed.subarray(0, length))
  try {
    decipher.final()
    return plaintext
  } catch {
    plaintext.fill(0)
    return undefined
  }
}
