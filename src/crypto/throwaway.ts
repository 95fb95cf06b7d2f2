// A key that is nowhere but in this value: for what a process writes to disk, reads back itself, and loses when it ends.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { gcmOpen, gcmSeal } from './aes-gcm.ts'
import { randomBytes } from './random.ts'

const none = Buffer.alloc(0)
export const throwawayTagBytes = 16

function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(index, 6, 6)
  return nonce
}

export class ThrowawayKey {
  readonly #key: KeyObject
  #next = 0

  constructor() {
    const bytes = randomBytes(32)
    this.#key = createSecretKey(bytes)
    bytes.fill(0)
  }

  /** Seals the piece number 0, 1, 2 and so on: each number once. 16 bytes longer. */
  seal(piece: Uint8Array): Buffer {
    const out = Buffer.allocUnsafe(piece.length + throwawayTagBytes)
    gcmSeal(this.#key, nonceOf(this.#next++), none, [piece], out, 0)
    return out
  }

  /** undefined: it is not that piece as it was sealed. */
  open(index: number, sealed: Buffer): Buffer | undefined {
    return gcmOpen(this.#key, nonceOf(index), none, sealed)
  }
}
