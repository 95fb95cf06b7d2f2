// A small seeded random source: the same seed gives the same mail on every machine.

/** Deterministic numbers for load generation; never for secrets. */
export class SeededRandom {
  #state: number

  /** `seed` is any whole number; zero is allowed. */
  constructor(seed: number) {
    // Marsaglia's xorshift must not start at zero, and near seeds should not give near streams.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1
    for (let warmUp = 0; warmUp < 8; warmUp++) this.next()
  }

  /** A number in [0, 1). */
  next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) / 0x1_0000_0000
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)]
    if (chosen === undefined) throw new RangeError('nothing to pick from')
    return chosen
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let at = 0; at < length; at++) bytes[at] = this.below(256)
    return bytes
  }
}
