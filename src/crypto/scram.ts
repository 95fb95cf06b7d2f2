// SCRAM-SHA-256 (RFC 5802 §3, RFC 7677): the keys of a password, and what a client's proof gives back.
import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { equalSecret } from './digest.ts'
import { UnsupportedVersion } from './errors.ts'
import { hmac } from './hmac.ts'
import { H } from './primitives.ts'
import { saslPrepared } from './saslprep.ts'

/** RFC 7677 §4 asks for this many. */
export const scramIterationsAtLeast = 4096
/** More would only stop clients. */
export const scramIterationsAtMost = 10_000_000

const derivePbkdf2 = promisify(pbkdf2)
const clientKeyText = Buffer.from('Client Key')
const serverKeyText = Buffer.from('Server Key')

export function areScramIterations(iterations: number): boolean {
  return iterations >= scramIterationsAtLeast && iterations <= scramIterationsAtMost
}

/** ClientKey and ServerKey, 32 bytes each; wiped when their scope ends. */
export class ScramKeys implements Disposable {
  readonly clientKey: Buffer
  readonly serverKey: Buffer

  constructor(saltedPassword: Uint8Array) {
    this.clientKey = hmac('sha256', saltedPassword, [clientKeyText])
    this.serverKey = hmac('sha256', saltedPassword, [serverKeyText])
  }

  get storedKey(): Buffer {
    return H(this.clientKey)
  }

  [Symbol.dispose](): void {
    this.clientKey.fill(0)
    this.serverKey.fill(0)
  }
}

/** Whether a password can be used by SCRAM at all: SASLprep (RFC 4013) takes it. */
export async function isScramPassword(password: Uint8Array): Promise<boolean> {
  const prepared = await saslPrepared(password)
  prepared?.fill(0)
  return prepared !== undefined
}

/** Undefined for a password that SASLprep does not take. Throws UnsupportedVersion for iterations beyond the limits. */
export async function scramKeys(
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Promise<ScramKeys | undefined> {
  if (!areScramIterations(iterations)) throw new UnsupportedVersion('password hashing cost')
  const prepared = await saslPrepared(password)
  if (!prepared) return undefined
  try {
    const salted = await derivePbkdf2(prepared, salt, iterations, 32, 'sha256')
    const keys = new ScramKeys(salted)
    salted.fill(0)
    return keys
  } finally {
    prepared.fill(0)
  }
}

/**
 * ClientKey := ClientProof XOR HMAC(StoredKey, AuthMessage), whose hash must be StoredKey (RFC 5802 §3). Undefined when the proof is another
 * one. The caller wipes the key.
 */
export function provenClientKey(
  storedKey: Uint8Array,
  authMessage: Uint8Array,
  proof: Uint8Array,
): Buffer | undefined {
  const clientKey = hmac('sha256', storedKey, [authMessage])
  for (let at = 0; at < clientKey.length; at += 1) clientKey[at] = (clientKey[at] ?? 0) ^ (proof[at] ?? 0)
  if (proof.length === clientKey.length && equalSecret(H(clientKey), storedKey)) return clientKey
  clientKey.fill(0)
  return undefined
}

/** ServerSignature (RFC 5802 §3): shows the client that the server knows the password's verifier. */
export function serverSignature(serverKey: Uint8Array, authMessage: Uint8Array): Buffer {
  return hmac('sha256', serverKey, [authMessage])
}
