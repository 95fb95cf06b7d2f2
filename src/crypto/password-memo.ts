// Remembers a password while its account is unlocked, so that further sessions need no Argon2id.
import { createHmac } from 'node:crypto'
import { equalSecret } from './digest.ts'
import { isPasswordLength, preparePassword } from './password.ts'
import { randomBytes } from './random.ts'

/** Never leaves this process, and is never written: what it keys is worth nothing without it. */
const processKey = randomBytes(32)

function fingerprint(password: Uint8Array): Buffer {
  const prepared = preparePassword(password)
  const value = createHmac('sha256', processKey).update(prepared).digest()
  prepared.fill(0)
  return value
}

/** Knows one password again. Throws RangeError unless it has 1 to 1,024 bytes; the bytes stay the caller's. */
export class PasswordMemo implements Disposable {
  #fingerprint: Buffer | undefined

  constructor(password: Uint8Array) {
    this.#fingerprint = fingerprint(password)
  }

  /** Whether it is that password; always false after `wipe()`. */
  matches(password: Uint8Array): boolean {
    if (!this.#fingerprint || !isPasswordLength(password)) return false
    return equalSecret(fingerprint(password), this.#fingerprint)
  }

  wipe(): void {
    this.#fingerprint?.fill(0)
    this.#fingerprint = undefined
  }

  [Symbol.dispose](): void {
    this.wipe()
  }
}
