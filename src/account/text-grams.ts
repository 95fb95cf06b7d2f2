// The filter of a search text page: says of a text that it surely is in none of the page's messages (FORMAT.md §9.9).

/** Octets that are hashed together: of three, a page of mail has nearly all that its language knows. */
export const gramBytes = 4
const hashBits = 16
/** Bits for each different run that is held: four of ten are set then, and a word has several runs. */
const bitsPerGram = 2
const leastBits = 8

const hashOf = (gram: number): number => Math.imul(gram, 0x9e3779b1) >>> (32 - hashBits)

/** A filter of all runs of four octets in each of the texts; empty when there are none. */
export function makeGrams(texts: readonly Uint8Array[]): Buffer {
  const seen = new Uint8Array(2 ** hashBits)
  let count = 0
  for (const text of texts) {
    let gram = 0
    for (let index = 0; index < text.length; index += 1) {
      gram = (gram << 8) | (text[index] ?? 0)
      if (index < gramBytes - 1) continue
      const hash = hashOf(gram)
      if (seen[hash] === 1) continue
      seen[hash] = 1
      count += 1
    }
  }
  if (count === 0) return Buffer.alloc(0)
  let bits = leastBits
  while (bits < count * bitsPerGram && bits < seen.length) bits *= 2
  const shift = hashBits - Math.log2(bits)
  const grams = Buffer.alloc(bits / 8)
  for (let hash = 0; hash < seen.length; hash += 1) {
    if (seen[hash] === 0) continue
    const bit = hash >>> shift
    grams[bit >>> 3] = (grams[bit >>> 3] ?? 0) | (1 << (bit & 7))
  }
  return grams
}

/** Whether a filter has a form that `makeGrams` gives. */
export function isGrams({ length }: Uint8Array): boolean {
  return length <= 2 ** (hashBits - 3) && (length & (length - 1)) === 0
}

/** False: the text is in none of those that the filter was made of. A short text may be anywhere. */
export function mayHold(grams: Uint8Array, text: Uint8Array): boolean {
  if (text.length < gramBytes) return true
  if (grams.length === 0) return false
  const shift = hashBits - Math.log2(8 * grams.length)
  let gram = 0
  for (let index = 0; index < text.length; index += 1) {
    gram = (gram << 8) | (text[index] ?? 0)
    if (index < gramBytes - 1) continue
    const bit = hashOf(gram) >>> shift
    if (((grams[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
  }
  return true
}
