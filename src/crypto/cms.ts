// What CMS needs of cryptography (RFC 5652, RFC 5753, RFC 5084): keys sealed to RSA and EC public keys, and bulk encryption.
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  publicEncrypt,
  type KeyObject,
} from 'node:crypto'
import { sha256 } from './digest.ts'
import { Corrupt } from './errors.ts'

export type CmsPublicKey =
  | { readonly kind: 'rsa'; readonly bits: number; readonly key: KeyObject }
  | { readonly kind: 'ec'; readonly curve: string; readonly key: KeyObject }
  | { readonly kind: 'other'; readonly name: string }

/** Curves by OpenSSL's name, with the name that people know. */
const curves: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

/** Reads a SubjectPublicKeyInfo (DER). Throws Corrupt when it is none, or its point is not on its curve. */
export function readCmsPublicKey(spki: Uint8Array): CmsPublicKey {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    const type = key.asymmetricKeyType ?? 'unknown'
    const details = key.asymmetricKeyDetails
    if (type === 'rsa') {
      if ((details?.publicExponent ?? 0n) < 3n) throw new Corrupt('RSA exponent')
      return { kind: 'rsa', bits: details?.modulusLength ?? 0, key }
    }
    const curve = curves[details?.namedCurve ?? '']
    if (type === 'ec' && curve) return { kind: 'ec', curve, key }
    return { kind: 'other', name: details?.namedCurve ?? type }
  } catch (error) {
    if (error instanceof Corrupt) throw error
    throw new Corrupt('public key', { cause: error })
  }
}

/** RSAES-PKCS1-v1_5 (RFC 3370 §4.2.1), or RSAES-OAEP with SHA-256 throughout (RFC 3560). */
export function wrapByRsa(key: KeyObject, contentKey: Uint8Array, padding: 'pkcs1' | 'oaep'): Buffer {
  return padding === 'oaep'
    ? publicEncrypt(
        { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
        Buffer.from(contentKey),
      )
    : publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(contentKey))
}

const wrapIv = Buffer.alloc(8, 0xa6)

/** AES-256 key wrap (RFC 3394). */
function wrapByAes(kek: Buffer, contentKey: Uint8Array): Buffer {
  const cipher = createCipheriv('id-aes256-wrap', kek, wrapIv)
  return Buffer.concat([cipher.update(contentKey), cipher.final()])
}

/**
 * Ephemeral-static ECDH, one-pass, X9.63 KDF with SHA-256 and AES-256 key wrap (RFC 5753 §3.1.1). `sharedInfo` is the DER of
 * ECC-CMS-SharedInfo. Returns the ephemeral public key as SubjectPublicKeyInfo (DER) and the wrapped key.
 */
export function wrapByEcdh(
  key: KeyObject,
  contentKey: Uint8Array,
  sharedInfo: Uint8Array,
): { readonly ephemeral: Buffer; readonly wrapped: Buffer } {
  const { namedCurve } = key.asymmetricKeyDetails ?? {}
  if (namedCurve === undefined) throw new Corrupt('EC public key')
  const own = generateKeyPairSync('ec', { namedCurve })
  const secret = diffieHellman({ privateKey: own.privateKey, publicKey: key })
  // One round of the KDF gives the 32 bytes that are wanted.
  const kek = sha256(secret, Buffer.of(0, 0, 0, 1), sharedInfo)
  try {
    const ephemeral = own.publicKey.export({ format: 'der', type: 'spki' })
    return { ephemeral, wrapped: wrapByAes(kek, contentKey) }
  } finally {
    secret.fill(0)
    kek.fill(0)
  }
}

/** AES-256-CBC with PKCS#7 padding; `iv` is 16 random bytes. */
export function cbcEncrypt(contentKey: Uint8Array, iv: Uint8Array, content: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-cbc', contentKey, iv)
  return Buffer.concat([cipher.update(content), cipher.final()])
}

/** The same back. Throws Corrupt. */
export function cbcDecrypt(contentKey: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Buffer {
  return opened(() => {
    const cipher = createDecipheriv('aes-256-cbc', contentKey, iv)
    return Buffer.concat([cipher.update(sealed), cipher.final()])
  })
}

export interface GcmSealed {
  readonly sealed: Buffer
  /** 16 bytes. */
  readonly tag: Buffer
}

/** AES-256-GCM without associated data; `nonce` is 12 random bytes of a key that is used once. */
export function gcmEncrypt(contentKey: Uint8Array, nonce: Uint8Array, content: Uint8Array): GcmSealed {
  const cipher = createCipheriv('aes-256-gcm', contentKey, nonce)
  const sealed = Buffer.concat([cipher.update(content), cipher.final()])
  return { sealed, tag: cipher.getAuthTag() }
}

/** The same back. Throws Corrupt. */
export function gcmDecrypt(contentKey: Uint8Array, nonce: Uint8Array, { sealed, tag }: GcmSealed): Buffer {
  return opened(() => {
    const cipher = createDecipheriv('aes-256-gcm', contentKey, nonce)
    cipher.setAuthTag(tag)
    return Buffer.concat([cipher.update(sealed), cipher.final()])
  })
}

function opened(run: () => Buffer): Buffer {
  try {
    return run()
  } catch (error) {
    throw new Corrupt('CMS content', { cause: error })
  }
}
