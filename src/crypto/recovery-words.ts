// The second spelling of a recovery code: twelve English words (BIP39, FORMAT.md §6). Read and written as bytes: strings cannot be wiped.
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { secretBuffer } from '../base/secret.ts'
import { sha256 } from './digest.ts'

const secretBytes = 16
const wordsInCode = 12
const bitsInWord = 11
const longestWord = 8
/** Letters that tell every word of the list from the others. */
const prefixLetters = 4

/** The list, in alphabetical order; what is looked up in it is never made a string. */
const list: readonly Buffer[] = wordlist.map((word) => Buffer.from(word, 'ascii'))

/** Bits of the secret, then the first four of its SHA-256, as numbers of words. The caller wipes them. */
function indexesOf(secret: Uint8Array): Uint16Array<ArrayBuffer> {
  const digest = sha256(secret)
  const indexes = new Uint16Array(wordsInCode)
  for (let bit = 0; bit < wordsInCode * bitsInWord; bit += 1) {
    const byte = (bit < secretBytes * 8 ? secret[bit >> 3] : digest[0]) ?? 0
    const at = Math.floor(bit / bitsInWord)
    indexes[at] = ((indexes[at] ?? 0) << 1) | ((byte >> (7 - (bit & 7))) & 1)
  }
  digest.fill(0)
  return indexes
}

/** The words of a secret of 16 bytes, in small letters, with single spaces, ASCII. The caller wipes it. */
export function formatRecoveryWords(secret: Uint8Array): Buffer {
  if (secret.length !== secretBytes) throw new RangeError('a recovery code has 16 bytes')
  const indexes = indexesOf(secret)
  const words = Array.from(indexes, (index) => list[index] ?? Buffer.alloc(0))
  const text = secretBuffer(words.reduce((sum, word) => sum + word.length + 1, -1))
  text.fill(0x20)
  let at = 0
  for (const word of words) {
    word.copy(text, at)
    at += word.length + 1
  }
  indexes.fill(0)
  return text
}

const isLetter = (octet: number): boolean =>
  (octet >= 0x61 && octet <= 0x7a) || (octet >= 0x41 && octet <= 0x5a)

interface Token {
  readonly start: number
  readonly end: number
}

/** Runs of ASCII letters with separators between them: anything but a letter or a digit; undefined where there is a digit. */
function tokensOf(text: Uint8Array): readonly Token[] | undefined {
  const tokens: Token[] = []
  let start: number | undefined
  for (const [at, octet] of text.entries()) {
    if (octet >= 0x30 && octet <= 0x39) return undefined
    if (isLetter(octet)) start ??= at
    else if (start !== undefined) {
      tokens.push({ start, end: at })
      start = undefined
    }
  }
  if (start !== undefined) tokens.push({ start, end: text.length })
  return tokens
}

/** Where a typed word stands in the list; -1: nowhere. Its first four letters are enough. */
function lookUp(text: Uint8Array, { start, end }: Token): number {
  const length = end - start
  if (length > longestWord) return -1
  const typed = secretBuffer(length)
  for (let at = 0; at < length; at += 1) typed[at] = (text[start + at] ?? 0) | 0x20
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (Buffer.compare(list[middle] ?? typed, typed) < 0) low = middle + 1
    else high = middle
  }
  const found = list[low]
  const isFound =
    found !== undefined &&
    (found.equals(typed) || (length >= prefixLetters && found.subarray(0, length).equals(typed)))
  typed.fill(0)
  return isFound ? low : -1
}

/** What a text of words is: the secret, or in words what is wrong with it. */
export type ReadWords = { readonly secret: Buffer } | { readonly mistake: string }

/**
 * Reads a typed text as words, in any case, with any separators. undefined: it does not look like words, but like the other spelling, which has
 * digits and groups of four.
 */
export function readRecoveryWords(text: Uint8Array): ReadWords | undefined {
  const tokens = tokensOf(text)
  // Twenty-eight symbols in groups make seven.
  if (!tokens || tokens.length < 9 || tokens.some(({ start, end }) => end - start < 3)) return undefined
  if (tokens.length !== wordsInCode)
    return { mistake: `a recovery code has ${wordsInCode} words, not ${tokens.length}` }
  const indexes = new Uint16Array(wordsInCode)
  try {
    for (const [at, token] of tokens.entries()) {
      const index = lookUp(text, token)
      if (index < 0) return { mistake: `word ${at + 1} of the recovery code is not one of the list` }
      indexes[at] = index
    }
    return fromIndexes(indexes)
  } finally {
    indexes.fill(0)
  }
}

function fromIndexes(indexes: Uint16Array): ReadWords {
  const secret = secretBuffer(secretBytes)
  for (let bit = 0; bit < secretBytes * 8; bit += 1) {
    const index = indexes[Math.floor(bit / bitsInWord)] ?? 0
    const value = (index >> (bitsInWord - 1 - (bit % bitsInWord))) & 1
    secret[bit >> 3] = ((secret[bit >> 3] ?? 0) << 1) | value
  }
  const again = indexesOf(secret)
  const isRight = again[wordsInCode - 1] === indexes[wordsInCode - 1]
  again.fill(0)
  if (isRight) return { secret }
  secret.fill(0)
  return { mistake: 'a word of the recovery code is wrong, or stands in the wrong place' }
}
