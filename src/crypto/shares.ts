// Shamir's secret sharing over GF(2^8), byte by byte (FORMAT.md §8.4): any `threshold` shares give the secret, fewer give nothing.
import { secretBuffer } from '../base/secret.ts'
import { randomBytes } from './random.ts'

// The npm packages for this leave the secret in memory of the engine's own heap, which nobody can wipe, and look it up in tables.
// Their shares are the same (x last instead of first).

/** Product in the field of AES (x^8 + x^4 + x^3 + x + 1), in the same time for all values. */
function times(a: number, b: number): number {
  let product = 0
  for (let bit = 0; bit < 8; bit += 1) {
    product ^= a & -((b >>> bit) & 1)
    a = ((a << 1) ^ (0x11b & -(a >>> 7))) & 0xff
  }
  return product
}

/** a^254, which is 1/a; 0 for 0. */
function inverse(a: number): number {
  let power = a
  let result = 1
  for (let bit = 1; bit < 8; bit += 1) {
    power = times(power, power)
    result = times(result, power)
  }
  return result
}

/**
 * `count` shares (1 to 255) of a secret, each one byte longer than it: its x, which is its number from 1, then the secret's polynomials
 * there. The caller wipes them.
 */
export function shareSecret(secret: Uint8Array, count: number, threshold: number): Buffer[] {
  const isPossible = Number.isInteger(count) && Number.isInteger(threshold) && threshold >= 1
  if (!isPossible || threshold > count || count > 255) throw new RangeError('no such sharing')
  const shares = Array.from({ length: count }, (_, index) => {
    const share = secretBuffer(1 + secret.length)
    share[0] = index + 1
    return share
  })
  const coefficients = randomBytes((threshold - 1) * secret.length)
  for (const share of shares) {
    const x = share[0] ?? 0
    for (let at = 0; at < secret.length; at += 1) {
      let y = 0
      for (let degree = threshold - 1; degree > 0; degree -= 1)
        y = times(y, x) ^ (coefficients[(degree - 1) * secret.length + at] ?? 0)
      share[1 + at] = times(y, x) ^ (secret[at] ?? 0)
    }
  }
  coefficients.fill(0)
  return shares
}

/** The secret of exactly as many shares as its threshold; of wrong or too few ones anything. The caller wipes it. Throws RangeError. */
export function joinShares(shares: readonly Uint8Array[]): Buffer {
  const length = shares[0]?.length ?? 0
  const xs = shares.map((share) => share[0] ?? 0)
  const isPossible = length > 1 && shares.every((share) => share.length === length) && !xs.includes(0)
  if (!isPossible || new Set(xs).size !== xs.length) throw new RangeError('shares do not fit together')
  const secret = secretBuffer(length - 1)
  for (const [index, share] of shares.entries()) {
    const x = xs[index] ?? 0
    // Lagrange's basis at 0: subtraction is the exclusive or.
    let basis = 1
    for (const other of xs) if (other !== x) basis = times(basis, times(other, inverse(other ^ x)))
    for (let at = 0; at < secret.length; at += 1)
      secret[at] = (secret[at] ?? 0) ^ times(share[1 + at] ?? 0, basis)
  }
  return secret
}
