// What is known of a public key that mail can be sealed to, and the refusal of what is none.

export type PublicKeyKind = 'openpgp' | 'smime'

/** One key as it was found in a file. */
export interface FoundKey {
  readonly kind: PublicKeyKind
  /** Hexadecimal, small letters: OpenPGP's own fingerprint, or SHA-256 of the certificate. */
  readonly fingerprint: string
  /** User IDs, or the certificate's subject and addresses. */
  readonly names: readonly string[]
  /** In words, as `RSA 2048`, `Curve25519`, `P-256`. */
  readonly algorithm: string
  /** Milliseconds since 1970. */
  readonly createdAt: number | undefined
  /** When nothing can be sealed to it any more, milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined
  /** undefined: mail can be sealed to it; else why not, in words. */
  readonly problem: string | undefined
  /** Its owner declared it void: a copy of it that is in use must not be any more. */
  readonly isRevoked?: true
  /** What is kept of it: packets that sealing needs, or the certificate (DER). Empty when there is a problem. */
  readonly bytes: Buffer
}

/** What of a key sealing needs. */
export type SealingKey = Pick<FoundKey, 'kind' | 'fingerprint' | 'bytes'>

/** A file that holds no key that could be used; its text says what it is instead, and what would help. */
export class BadKey extends Error {
  override readonly name = 'BadKey'
}

/** Nothing can be sealed to this key now. Its text says why. */
export class UnusableKey extends Error {
  override readonly name = 'UnusableKey'
}

/** Largest file that is looked at; a key with a hundred signatures has some 50 KB. */
export const keyFileBytes: number = 1024 * 1024
/** Keys of one file. */
export const keysPerFile = 64
/** Largest key that is kept, without foreign signatures and pictures. */
export const keyBytes = 12 * 1024

const controls = /[\p{C}\p{Zl}\p{Zp}]+/gu

/** A name out of a key as it may be shown: one line, no control characters, at most 200 characters. */
export function shownName(name: string): string {
  const clean = name.replace(controls, ' ').trim()
  return clean.length > 200 ? `${clean.slice(0, 199)}…` : clean
}
