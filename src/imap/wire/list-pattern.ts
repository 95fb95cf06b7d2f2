// Mailbox patterns of LIST and LSUB: `*` matches anything, `%` anything within one level, in linear time.
import { canonicalName } from '../../account/names.ts'
import { mailboxNameBytes } from '../../base/limits.ts'

/** Wildcards in one pattern, after neighbours have been merged. */
export const maxWildcards: number = 32

/** A pattern made ready. */
export interface ListPattern {
  /** Whether a mailbox name (Unicode) matches. INBOX matches in any case. */
  matches(name: string): boolean
}

/**
 * Joins reference and pattern (RFC 3501 §6.3.8; both Unicode) and makes them ready. They are brought to the form in which names are
 * kept: normal form C, and INBOX in any case as the first level. Undefined when there are too many wildcards or the pattern is
 * longer than any name: then it matches nothing. `delimiter` is one character.
 */
export function compileListPattern(
  reference: string,
  pattern: string,
  delimiter: string,
): ListPattern | undefined {
  // Neighbouring wildcards are one: a `*` among them makes the `%`s needless.
  const joined = canonicalName(reference + pattern).replace(/[*%]{2,}/g, (run) =>
    run.includes('*') ? '*' : '%',
  )
  const wildcards = joined.length - joined.replace(/[*%]/g, '').length
  if (wildcards > maxWildcards || joined.length - wildcards > mailboxNameBytes) return undefined
  const machine = new Machine(joined, delimiter)
  const inbox = new Machine(joined.toUpperCase(), delimiter)
  return { matches: (name) => machine.matches(name) || (name === 'INBOX' && inbox.matches(name)) }
}

/**
 * All places of the pattern are followed at once, one bit each: a step costs the pattern's words of 32 bits, whatever the wildcards.
 * Bit n stands for "the first n characters of the pattern are matched".
 */
class Machine {
  readonly #length: number
  readonly #words: number
  readonly #delimiter: string
  /** Places in front of a character of the pattern, by character. */
  readonly #literals = new Map<string, Int32Array>()
  /** Places in front of `*`, and of either wildcard. */
  readonly #stars: Int32Array
  readonly #wildcards: Int32Array
  readonly #nowhere: Int32Array

  constructor(pattern: string, delimiter: string) {
    this.#length = pattern.length
    this.#words = (pattern.length >>> 5) + 1
    this.#delimiter = delimiter
    this.#stars = new Int32Array(this.#words)
    this.#wildcards = new Int32Array(this.#words)
    this.#nowhere = new Int32Array(this.#words)
    for (const [place, character] of pattern.split('').entries()) {
      if (character === '*') mark(this.#stars, place)
      if (character === '*' || character === '%') mark(this.#wildcards, place)
      else mark(this.#placesOf(character), place)
    }
  }

  matches(name: string): boolean {
    let places = new Int32Array(this.#words)
    let next = new Int32Array(this.#words)
    mark(places, 0)
    this.#skipWildcards(places)
    for (const character of name.split('')) {
      const literals = this.#literals.get(character) ?? this.#nowhere
      const staying = character === this.#delimiter ? this.#stars : this.#wildcards
      let carry = 0
      let alive = 0
      for (let word = 0; word < this.#words; word += 1) {
        const here = places[word] ?? 0
        const moving = here & (literals[word] ?? 0)
        const value = (moving << 1) | carry | (here & (staying[word] ?? 0))
        carry = moving >>> 31
        next[word] = value
        alive |= value
      }
      if (alive === 0) return false
      this.#skipWildcards(next)
      ;[places, next] = [next, places]
    }
    return ((places[this.#length >>> 5] ?? 0) & (1 << (this.#length & 31))) !== 0
  }

  /** A wildcard may match nothing. Wildcards never stand side by side, so one step is enough. */
  #skipWildcards(places: Int32Array): void {
    let carry = 0
    for (let word = 0; word < this.#words; word += 1) {
      const here = places[word] ?? 0
      const skipping = here & (this.#wildcards[word] ?? 0)
      places[word] = here | (skipping << 1) | carry
      carry = skipping >>> 31
    }
  }

  #placesOf(character: string): Int32Array {
    const known = this.#literals.get(character)
    if (known) return known
    const places = new Int32Array(this.#words)
    this.#literals.set(character, places)
    return places
  }
}

function mark(places: Int32Array, place: number): void {
  places[place >>> 5] = (places[place >>> 5] ?? 0) | (1 << (place & 31))
}
