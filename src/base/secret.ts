// Secret: key or password bytes that print as [secret] and are wiped when their scope ends.
import { inspect } from 'node:util'

/**
 * Zeroed memory that a secret may be put into. Not `Buffer.alloc` or `allocUnsafeSlow`: up to 64 bytes they take from the
 * engine's own heap, where the garbage collector moves things and leaves copies behind that nobody can wipe.
 */
export function secretBuffer(length: number): Buffer {
  return Buffer.from(new ArrayBuffer(length))
}

/** A copy in such memory. */
export function secretCopy(bytes: Uint8Array): Buffer {
  const copy = secretBuffer(bytes.length)
  copy.set(bytes)
  return copy
}

/**
 * Overwrites what native code has left on the stack: TLS decrypts up to 16 KiB at a time there, passwords among them. Call it
 * on the way back to the event loop, when the secret is done with. `depth` frames are about 200 KiB.
 */
export function scrubStack(depth: number = 1500): number {
  // The sum keeps the frames apart: a tail call would use one for all.
  return depth === 0 ? 0 : 1 + scrubStack(depth - 1)
}

/**
 * Owns secret bytes. `using secret = new Secret(bytes)` wipes them when the scope ends; `wipe()` does so earlier.
 * Takes ownership of the given bytes (no copy): the caller must not keep them.
 */
export class Secret implements Disposable {
  #bytes: Buffer | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** The bytes themselves, not a copy. Throws after `wipe()`. */
  get bytes(): Buffer {
    if (!this.#bytes) throw new Error('secret was wiped')
    return this.#bytes
  }

  get isWiped(): boolean {
    return this.#bytes === undefined
  }

  /** An independent Secret with the same bytes. */
  clone(): Secret {
    return new Secret(secretCopy(this.bytes))
  }

  wipe(): void {
    this.#bytes?.fill(0)
    this.#bytes = undefined
  }

  [Symbol.dispose](): void {
    this.wipe()
  }
  toString(): string {
    return '[secret]'
  }
  toJSON(): string {
    return '[secret]'
  }
  [inspect.custom](): string {
    return '[secret]'
  }
}
