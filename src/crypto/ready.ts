// Start-up check: the ciphers of this machine give the published answers before they are trusted with anything.
import { argon2id, hash } from 'argon2'
import { fromHex, hex } from '../base/bytes.ts'
import { xwingDecapsulate, xwingEncapsulate, xwingPublicKey } from './sodium.ts'

/** RFC 9106 §5.3: the test vector of Argon2id. */
async function argon2Answers(): Promise<boolean> {
  const tag = await hash(Buffer.alloc(32, 1), {
    raw: true,
    type: argon2id,
    version: 0x13,
    salt: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    memoryCost: 32,
    timeCost: 3,
    parallelism: 4,
    hashLength: 32,
  })
  return hex(tag) === '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659'
}

/** draft-connolly-cfrg-xwing-kem, appendix of test vectors, the first one. */
function xwingAnswers(): boolean {
  const seed = fromHex('7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26')
  const randomness = fromHex(
    '3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2' +
      '35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2',
  )
  const made = xwingEncapsulate(xwingPublicKey(seed), randomness)
  if (made === undefined) return false
  const secret = 'd2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384'
  return (
    hex(made.sharedSecret) === secret &&
    hex(xwingDecapsulate(seed, made.ciphertext) ?? made.ciphertext) === secret
  )
}

/** Resolves when everything in this folder may be used. Throws when a primitive gives a wrong answer. */
export async function cryptoReady(): Promise<void> {
  if (!(await argon2Answers())) throw new Error('Argon2id gives wrong answers on this machine')
  if (!xwingAnswers()) throw new Error('X-Wing gives wrong answers on this machine')
}
