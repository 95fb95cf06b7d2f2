// A message while it comes in: memory that grows under the budget and is wiped whenever it is given up.
import type { MemoryBudget } from './budget.ts'

const firstBytes = 32 * 1024

/** Owns its memory and its share of the budget until `wipe()`. */
export class MessageBuffer implements Disposable {
  readonly #budget: MemoryBudget
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0

  constructor(budget: MemoryBudget) {
    this.#budget = budget
  }

  get length(): number {
    return this.#length
  }

  /** The octets so far, as a view that `wipe()` will clear. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Makes room for `bytes` in all, exactly, so that nothing grows on the way. False when the budget has no room. */
  reserve(bytes: number): boolean {
    return bytes <= this.#bytes.length || this.#grow(bytes)
  }

  /** Adds a copy of the chunk. False, and nothing added, when the budget has no room. */
  append(chunk: Uint8Array): boolean {
    const needed = this.#length + chunk.length
    if (needed > this.#bytes.length && !this.#grow(Math.max(needed, this.#bytes.length * 2, firstBytes))) {
      // Doubling may be too much where the octets themselves still fit.
      if (!this.#grow(needed)) return false
    }
    this.#bytes.set(chunk, this.#length)
    this.#length = needed
    return true
  }

  #grow(bytes: number): boolean {
    if (!this.#budget.reserve(bytes)) return false
    // Slow: memory of its own, never a slice of the pool that other buffers share.
    const grown = Buffer.allocUnsafeSlow(bytes)
    this.#bytes.copy(grown, 0, 0, this.#length)
    const length = this.#length
    this.wipe()
    this.#bytes = grown
    this.#length = length
    return true
  }

  wipe(): void {
    this.#bytes.fill(0)
    this.#budget.release(this.#bytes.length)
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
  }

  [Symbol.dispose](): void {
    this.wipe()
  }
}
