// Finds line feeds in long octet strings, four octets at a time.

const LF = 10
// A word of four octets has an octet of zero exactly when (word - ones) & ~word & tops is not zero.
const fourLfs = 0x0a0a0a0a
const ones = 0x01010101
const tops = 0x80808080

/**
 * `next` is called once for each line of every message that arrives. A call of indexOf costs as much as a whole line of
 * octets here, and a plain loop over octets takes three times as long.
 */
export class LineFeeds {
  readonly #bytes: Uint8Array
  readonly #words: Int32Array
  /** Octets before the first whole aligned word. */
  readonly #lead: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    const lead = -bytes.byteOffset & 3
    const words = Math.max(0, Math.floor((bytes.length - lead) / 4))
    this.#lead = words > 0 ? lead : bytes.length
    this.#words = new Int32Array(bytes.buffer, words > 0 ? bytes.byteOffset + lead : 0, words)
  }

  /** The place of the first LF at `from` or behind it; the length when there is none. */
  next(from: number): number {
    const bytes = this.#bytes
    const words = this.#words
    const lead = this.#lead
    const end = bytes.length
    let at = from
    for (; at < end && (at < lead || ((at - lead) & 3) !== 0); at++) if (bytes[at] === LF) return at
    let word = (at - lead) >> 2
    for (; word < words.length; word++) {
      const x = (words[word] ?? 0) ^ fourLfs
      if (((x - ones) & ~x & tops) !== 0) break
    }
    for (at = Math.max(at, lead + word * 4); at < end; at++) if (bytes[at] === LF) return at
    return end
  }
}
