// libsodium's WebAssembly, called on one fixed stretch of its memory that is wiped after each use.
//
// The package's own wrappers leave keys and opened text in freed WebAssembly memory, where a later memory dump finds
// them, and allocate for each call. Calls here are synchronous and do not nest, so one stretch serves all of them.
import sodium from 'libsodium-wrappers'

interface RawSodium {
  readonly HEAPU8: Uint8Array
  _malloc(bytes: number): number
  _crypto_aead_xchacha20poly1305_ietf_encrypt(
    out: number,
    outLength: number,
    message: number,
    messageLength: number,
    messageLengthHigh: number,
    ad: number,
    adLength: number,
    adLengthHigh: number,
    nsec: number,
    nonce: number,
    key: number,
  ): number
  _crypto_aead_xchacha20poly1305_ietf_decrypt(
    out: number,
    outLength: number,
    nsec: number,
    ciphertext: number,
    ciphertextLength: number,
    ciphertextLengthHigh: number,
    ad: number,
    adLength: number,
    adLengthHigh: number,
    nonce: number,
    key: number,
  ): number
  _crypto_kem_xwing_seed_keypair(publicKey: number, secretKey: number, seed: number): number
  _crypto_kem_xwing_enc_deterministic(
    ciphertext: number,
    sharedSecret: number,
    publicKey: number,
    seed: number,
  ): number
  _crypto_kem_xwing_dec(sharedSecret: number, ciphertext: number, secretKey: number): number
  _crypto_kem_mlkem768_seed_keypair(publicKey: number, secretKey: number, seed: number): number
  _crypto_kem_mlkem768_dec(sharedSecret: number, ciphertext: number, secretKey: number): number
  _crypto_scalarmult_base(out: number, scalar: number): number
  _crypto_scalarmult(out: number, scalar: number, point: number): number
  _crypto_hash_sha3256(out: number, data: number, length: number, lengthHigh: number): number
  _crypto_xof_shake256_init(state: number): number
  _crypto_xof_shake256_update(state: number, data: number, length: number, lengthHigh: number): number
  _crypto_xof_shake256_squeeze(state: number, out: number, length: number): number
}

await sodium.ready
const raw = (sodium as unknown as { readonly libsodium: RawSodium }).libsodium

const maxText = 65_536 + 16
const maxAad = 1024
const keyAt = raw._malloc(64 + 64 + maxAad + maxText + 64)
const nonceAt = keyAt + 64
const aadAt = nonceAt + 64
const textAt = aadAt + maxAad

export const tagBytes = 16
export const kemPublicKeyBytes = 1216
export const kemCiphertextBytes = 1120

function load(at: number, bytes: Uint8Array): void {
  raw.HEAPU8.set(bytes, at)
}

function wipe(at: number, count: number): void {
  raw.HEAPU8.fill(0, at, at + count)
}

function unload(at: number, count: number): Buffer {
  const out = Buffer.allocUnsafe(count)
  out.set(raw.HEAPU8.subarray(at, at + count))
  return out
}

/**
 * XChaCha20-Poly1305. Encrypts `u32 length ‖ data ‖ zeros`, `total` bytes in all, into `out` at `outAt`, and puts the
 * 16-byte tag behind it.
 */
export function xchachaSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: readonly [Uint8Array, Uint8Array],
  data: Uint8Array,
  total: number,
  out: Uint8Array,
  outAt: number,
): void {
  const aadLength = loadHeader(key, nonce, aad)
  if (total + tagBytes > maxText || data.length + 4 > total) throw new RangeError('too long for one box')
  const heap = raw.HEAPU8
  heap[textAt] = data.length >>> 24
  heap[textAt + 1] = data.length >>> 16
  heap[textAt + 2] = data.length >>> 8
  heap[textAt + 3] = data.length
  heap.set(data, textAt + 4)
  heap.fill(0, textAt + 4 + data.length, textAt + total)
  // In place: libsodium's stream ciphers allow out == in.
  raw._crypto_aead_xchacha20poly1305_ietf_encrypt(
    textAt,
    0,
    textAt,
    total,
    0,
    aadAt,
    aadLength,
    0,
    0,
    nonceAt,
    keyAt,
  )
  out.set(raw.HEAPU8.subarray(textAt, textAt + total + tagBytes), outAt)
  wipe(keyAt, 32)
}

/** XChaCha20-Poly1305 of `ciphertext ‖ tag`. Undefined when the tag does not verify. */
export function xchachaOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: readonly [Uint8Array, Uint8Array],
  sealed: Uint8Array,
): Buffer | undefined {
  if (sealed.length < tagBytes || sealed.length > maxText) return undefined
  const aadLength = loadHeader(key, nonce, aad)
  load(textAt, sealed)
  const status = raw._crypto_aead_xchacha20poly1305_ietf_decrypt(
    textAt,
    0,
    0,
    textAt,
    sealed.length,
    0,
    aadAt,
    aadLength,
    0,
    nonceAt,
    keyAt,
  )
  const plaintext = status === 0 ? unload(textAt, sealed.length - tagBytes) : undefined
  wipe(keyAt, 32)
  wipe(textAt, sealed.length)
  return plaintext
}

function loadHeader(key: Uint8Array, nonce: Uint8Array, aad: readonly [Uint8Array, Uint8Array]): number {
  const [first, second] = aad
  const aadLength = first.length + second.length
  if (key.length !== 32 || nonce.length !== 24 || aadLength > maxAad) throw new RangeError('wrong length')
  load(keyAt, key)
  load(nonceAt, nonce)
  load(aadAt, first)
  load(aadAt + first.length, second)
  return aadLength
}

/** The X-Wing public key (1,216 bytes) of a 32-byte seed. */
export function xwingPublicKey(seed: Uint8Array): Buffer {
  if (seed.length !== 32) throw new RangeError('a seed has 32 bytes')
  load(keyAt, seed)
  const status = raw._crypto_kem_xwing_seed_keypair(textAt, nonceAt, keyAt)
  const publicKey = unload(textAt, kemPublicKeyBytes)
  wipe(keyAt, 32)
  wipe(nonceAt, 32)
  if (status !== 0) throw new Error('X-Wing key pair failed')
  return publicKey
}

/** X-Wing encapsulation with 64 bytes of randomness from the caller. Undefined when the public key is malformed. */
export function xwingEncapsulate(
  publicKey: Uint8Array,
  randomness: Uint8Array,
): { readonly ciphertext: Buffer; readonly sharedSecret: Buffer } | undefined {
  if (publicKey.length !== kemPublicKeyBytes) return undefined
  if (randomness.length !== 64) throw new RangeError('encapsulation takes 64 random bytes')
  const ciphertextAt = textAt + 2048
  load(keyAt, randomness)
  load(textAt, publicKey)
  const status = raw._crypto_kem_xwing_enc_deterministic(ciphertextAt, nonceAt, textAt, keyAt)
  const result =
    status === 0
      ? { ciphertext: unload(ciphertextAt, kemCiphertextBytes), sharedSecret: unload(nonceAt, 32) }
      : undefined
  wipe(keyAt, 128)
  return result
}

/** X-Wing decapsulation: always a shared secret; of a forged ciphertext, one that opens nothing. */
export function xwingDecapsulate(seed: Uint8Array, ciphertext: Uint8Array): Buffer | undefined {
  if (seed.length !== 32) throw new RangeError('a seed has 32 bytes')
  if (ciphertext.length !== kemCiphertextBytes) return undefined
  load(keyAt, seed)
  load(textAt, ciphertext)
  const status = raw._crypto_kem_xwing_dec(nonceAt, textAt, keyAt)
  const sharedSecret = status === 0 ? unload(nonceAt, 32) : undefined
  wipe(keyAt, 128)
  return sharedSecret
}

const mlkemSecretBytes = 2400
const mlkemCiphertextBytes = 1088
/** draft-connolly-cfrg-xwing-kem §5.3, XWingLabel. */
const xwingLabel = Buffer.from('5c2e2f2f5e5c', 'hex')
const shakeStateBytes = 256
const expandedBytes = mlkemSecretBytes + 64

/**
 * What a seed is expanded to (draft-connolly-cfrg-xwing-kem §5.2): ML-KEM's secret key, X25519's, and X25519's public key. For who
 * decapsulates a great deal: `xwingDecapsulate` does this anew each time, which is nearly half of its work. The caller wipes it.
 */
export function xwingExpand(seed: Uint8Array): Buffer {
  if (seed.length !== 32) throw new RangeError('a seed has 32 bytes')
  const stateAt = textAt
  const seedsAt = stateAt + shakeStateBytes
  const publicAt = seedsAt + 96
  const secretAt = publicAt + kemPublicKeyBytes
  load(keyAt, seed)
  raw._crypto_xof_shake256_init(stateAt)
  raw._crypto_xof_shake256_update(stateAt, keyAt, 32, 0)
  raw._crypto_xof_shake256_squeeze(stateAt, seedsAt, 96)
  raw._crypto_kem_mlkem768_seed_keypair(publicAt, secretAt, seedsAt)
  raw.HEAPU8.copyWithin(secretAt + mlkemSecretBytes, seedsAt + 64, seedsAt + 96)
  raw._crypto_scalarmult_base(secretAt + mlkemSecretBytes + 32, seedsAt + 64)
  const expanded = Buffer.allocUnsafeSlow(expandedBytes)
  expanded.set(raw.HEAPU8.subarray(secretAt, secretAt + expandedBytes))
  wipe(keyAt, 32)
  wipe(textAt, secretAt + expandedBytes - textAt)
  return expanded
}

/** As `xwingDecapsulate`, with what `xwingExpand` made of the seed. */
export function xwingDecapsulateExpanded(expanded: Uint8Array, ciphertext: Uint8Array): Buffer | undefined {
  if (expanded.length !== expandedBytes) throw new RangeError('not an expanded seed')
  if (ciphertext.length !== kemCiphertextBytes) return undefined
  const ciphertextAt = textAt + expandedBytes
  const hashedAt = ciphertextAt + kemCiphertextBytes
  const scalarAt = textAt + mlkemSecretBytes
  const pointAt = ciphertextAt + mlkemCiphertextBytes
  load(textAt, expanded)
  load(ciphertextAt, ciphertext)
  // As libsodium's own X-Wing does, points of low order are refused.
  const isDone =
    raw._crypto_kem_mlkem768_dec(hashedAt, ciphertextAt, textAt) === 0 &&
    raw._crypto_scalarmult(hashedAt + 32, scalarAt, pointAt) === 0
  raw.HEAPU8.copyWithin(hashedAt + 64, pointAt, pointAt + 32)
  raw.HEAPU8.copyWithin(hashedAt + 96, scalarAt + 32, scalarAt + 64)
  load(hashedAt + 128, xwingLabel)
  raw._crypto_hash_sha3256(nonceAt, hashedAt, 128 + xwingLabel.length, 0)
  const sharedSecret = isDone ? unload(nonceAt, 32) : undefined
  wipe(keyAt, 128)
  wipe(textAt, hashedAt + 128 - textAt)
  return sharedSecret
}
