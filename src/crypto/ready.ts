// Start-up check: the ciphers of this machine give the published answers before they are trusted with anything.
import { argon2id, hash } from 'argon2'
import { H } from './primitives.ts'
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
  return tag.toString('hex') === '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659'
}

function xwingAnswers(): boolean {
  const seed = Buffer.alloc(32, 1)
  const publicKey = xwingPublicKey(seed)
  const made = xwingEncapsulate(publicKey, Buffer.alloc(64, 2))
  if (!made) return false
  const again = xwingDecapsulate(seed, made.ciphertext)
  return again?.equals(made.sharedSecret) === true && H(publicKey).length === 32
}

/** Resolves when everything in this folder may be used. Throws when a primitive gives a wrong answer. */
export async function cryptoReady(): Promise<void> {
  if (!(await argon2Answers())) throw new Error('Argon2id gives wrong answers on this machine')
  if (!xwingAnswers()) throw new Error('X-Wing gives wrong answers on this machine')
}
