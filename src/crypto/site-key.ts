// The site key: 32 bytes in a file outside the store. It opens server slots and vouches for what comes in without a password.
import { inspect } from 'node:util'
import { secretCopy } from '../base/secret.ts'
import { Corrupt } from './errors.ts'
import { labels } from './labels.ts'
import { derive, type Label } from './primitives.ts'
import { randomBytes } from './random.ts'

/** Owns the site key's bytes; prints as [site key]. */
export class SiteKey implements Disposable {
  readonly #bytes: Buffer
  readonly #macKey: Buffer
  #isWiped = false

  private constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#macKey = derive(bytes, labels.siteMac)
  }

  /** Copies the 32 bytes of the key file. Throws Corrupt for any other length. */
  static fromBytes(bytes: Uint8Array): SiteKey {
    if (bytes.length !== 32) throw new Corrupt('site key')
    return new SiteKey(secretCopy(bytes))
  }

  /** A new key, and the 32 bytes to write to its file; the caller wipes those. */
  static make(): { readonly siteKey: SiteKey; readonly bytes: Buffer } {
    const bytes = randomBytes(32)
    return { siteKey: SiteKey.fromBytes(bytes), bytes }
  }

  /** What an account's server slot is opened with (§6); the caller wipes it. */
  serverSecret(account: Uint8Array): Buffer {
    return this.#ofAccount(labels.serverSlot, account)
  }

  /** What is mixed into the key of an account's SCRAM slot (§6); the caller wipes it. */
  scramSecret(account: Uint8Array): Buffer {
    return this.#ofAccount(labels.scramSlot, account)
  }

  /** Key of the box of an account's SCRAM verifier (§6); the caller wipes it. */
  scramVerifierKey(account: Uint8Array): Buffer {
    return this.#ofAccount(labels.scramVerifier, account)
  }

  #ofAccount(label: Label, account: Uint8Array): Buffer {
    this.#requireAlive()
    if (account.length !== 16) throw new RangeError('an identifier has 16 bytes')
    return derive(this.#bytes, label, account)
  }

  /** Key of the MACs of cards and arrivals (§8). */
  get macKey(): Buffer {
    this.#requireAlive()
    return this.#macKey
  }

  #requireAlive(): void {
    if (this.#isWiped) throw new Error('site key was wiped')
  }

  wipe(): void {
    this.#isWiped = true
    this.#bytes.fill(0)
    this.#macKey.fill(0)
  }

  [Symbol.dispose](): void {
    this.wipe()
  }
  toString(): string {
    return '[site key]'
  }
  toJSON(): string {
    return '[site key]'
  }
  [inspect.custom](): string {
    return '[site key]'
  }
}
