// Recovery codes (FORMAT.md §6): 128 random bits that a person can write down, read out, type and have checked.
import { secretBuffer } from '../base/secret.ts'
import {
  alphabet,
  groupSymbols,
  groupedLength,
  packSymbols,
  placeOf,
  readSymbols,
  unpackSymbols,
  writeGroups,
} from './code-symbols.ts'
import { checkSymbols, checkWord } from './gf32.ts'
import { equalSecret } from './primitives.ts'
import { randomBytes } from './random.ts'
import { formatRecoveryWords, readRecoveryWords } from './recovery-words.ts'

const secretBytes = 16
/** Zero bits before the secret. */
const leadBits = 2
const dataSymbols = 26
const wordSymbols = 28

/** Where a code was mistyped: group 1 to 7, symbol 1 to 4 in it, and what most likely belongs there. */
export interface Typo {
  readonly group: number
  readonly symbol: number
  readonly expected: string
}

/** The text is not a recovery code. Says only what the code's own check symbols tell, never whether it opens anything. */
export class MistypedCode extends Error {
  override readonly name = 'MistypedCode'
  readonly code = 'mistyped-code'
  /** Present when exactly one wrong symbol explains the text. */
  readonly typo: Typo | undefined

  /** It was read as words. */
  readonly isWords: boolean

  constructor(message: string, { typo, isWords = false }: { typo?: Typo; isWords?: boolean } = {}) {
    super(message)
    this.typo = typo
    this.isWords = isWords
  }
}

/** A new code. `text` is to be shown once. The caller wipes both. */
export function makeRecoveryCode(): { readonly secret: Buffer; readonly text: Buffer } {
  const secret = randomBytes(secretBytes)
  return { secret, text: formatRecoveryCode(secret) }
}

/** Seven groups of four symbols joined by dashes, in ASCII. The caller wipes it: a string could not be. */
export function formatRecoveryCode(secret: Uint8Array): Buffer {
  if (secret.length !== secretBytes) throw new RangeError('a recovery code has 16 bytes')
  const word = secretBuffer(wordSymbols)
  packSymbols(word, 0, leadBits, secret)
  word.set(checkSymbols(word.subarray(0, dataSymbols)), dataSymbols)
  const text = secretBuffer(groupedLength(wordSymbols))
  writeGroups(word, text)
  word.fill(0)
  return text
}

/** The same code as twelve words, ASCII. The caller wipes both. Throws MistypedCode. */
export function recoveryWordsOf(code: Uint8Array): Buffer {
  const { secret } = readRecoveryCode(code)
  try {
    return formatRecoveryWords(secret)
  } finally {
    secret.fill(0)
  }
}

/** The secret of a text that looks like words. Throws MistypedCode. */
function readWords(text: Uint8Array): Buffer | undefined {
  const read = readRecoveryWords(text)
  if (read && 'mistake' in read) throw new MistypedCode(read.mistake, { isWords: true })
  return read?.secret
}

/**
 * Reads a typed code, UTF-8, in either spelling. Throws MistypedCode, which locates a single wrong symbol, or a word that is none; nothing is
 * corrected silently.
 */
export function readRecoveryCode(text: Uint8Array | string): { readonly secret: Buffer } {
  const octets = typeof text === 'string' ? Buffer.from(text) : text
  const ofWords = readWords(octets)
  if (ofWords) return { secret: ofWords }
  const symbols = new Int8Array(new ArrayBuffer(wordSymbols))
  const word = secretBuffer(wordSymbols)
  try {
    const count = readSymbols(octets, symbols)
    return { secret: decode(symbols, count, word) }
  } finally {
    symbols.fill(0)
    word.fill(0)
  }
}

/** The least that shows that somebody has the code before them: its last two groups. */
const tailSymbols = 2 * groupSymbols

/**
 * Whether somebody typed the code that they were shown: all of it, in either spelling, or its last two groups. Case, spaces and dashes do not matter, nor O
 * for 0 and I or L for 1. Takes as long for a wrong symbol as for a right one.
 */
export function isTypedBack(code: Uint8Array, typed: Uint8Array): boolean {
  const ofWords = readRecoveryWords(typed)
  if (ofWords) return 'secret' in ofWords && isSecretOf(code, ofWords.secret)
  const shown = new Int8Array(new ArrayBuffer(wordSymbols))
  const given = new Int8Array(new ArrayBuffer(wordSymbols))
  try {
    if (readSymbols(code, shown) !== wordSymbols) return false
    const count = readSymbols(typed, given)
    if (count !== wordSymbols && count !== tailSymbols) return false
    let difference = 0
    for (let at = 0; at < count; at += 1) {
      const want = shown[wordSymbols - count + at] ?? 0
      difference |= want ^ (given[at] ?? -1)
    }
    return difference === 0
  } finally {
    shown.fill(0)
    given.fill(0)
  }
}

/** Wipes `secret`. */
function isSecretOf(code: Uint8Array, secret: Buffer): boolean {
  const shown = readRecoveryCode(code).secret
  try {
    return equalSecret(shown, secret)
  } finally {
    shown.fill(0)
    secret.fill(0)
  }
}

/** `word` is room for the symbols as they are taken. */
function decode(symbols: Int8Array, length: number, word: Buffer): Buffer {
  if (length !== wordSymbols) {
    throw new MistypedCode(`a recovery code has ${wordSymbols} letters and digits, not ${length}`)
  }
  const unreadable = symbols.indexOf(-1)
  word.set(symbols.map((symbol) => Math.max(symbol, 0)))
  const check = checkWord(word)
  if (unreadable >= 0) {
    // Read as 0: a single unreadable symbol is then right, or the one error.
    const symbol =
      check === true ? 0 : check !== false && check.index === unreadable ? check.symbol : undefined
    throw symbol === undefined ? severalWrong() : oneWrong(unreadable, symbol)
  }
  if (check === false) throw severalWrong()
  if (check !== true) throw oneWrong(check.index, check.symbol)
  if ((word[0] ?? 0) >= 8) throw new MistypedCode('this is not a recovery code of this version')
  const secret = secretBuffer(secretBytes)
  unpackSymbols(word.subarray(0, dataSymbols), leadBits, secret)
  return secret
}

function oneWrong(index: number, symbol: number): MistypedCode {
  // A first symbol of 8 or more belongs to no code of this version, so that more than one symbol is wrong.
  if (index === 0 && symbol >= 8) return severalWrong()
  const typo = { ...placeOf(index), expected: alphabet.charAt(symbol) }
  return new MistypedCode(
    `symbol ${typo.symbol} of group ${typo.group} looks wrong; it should probably be ${typo.expected}`,
    { typo },
  )
}

function severalWrong(): MistypedCode {
  return new MistypedCode('more than one symbol of the recovery code is wrong')
}
