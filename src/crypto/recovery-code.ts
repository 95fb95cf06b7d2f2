// Recovery codes (FORMAT.md §6): 128 random bits that a person can write down, read out, type and have checked.
import { secretBuffer } from '../base/secret.ts'
import { checkSymbols, checkWord } from './gf32.ts'
import { randomBytes } from './random.ts'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const secretBytes = 16
const dataSymbols = 26
const wordSymbols = 28
const groupSymbols = 4

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

  constructor(message: string, typo?: Typo) {
    super(message)
    this.typo = typo
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
  // Two zero bits, then the secret, five bits a symbol.
  const word = secretBuffer(wordSymbols)
  let bits = 0
  let count = 2
  let at = 0
  for (const byte of secret) {
    bits = (bits << 8) | byte
    for (count += 8; count >= 5; count -= 5) word[at++] = (bits >>> (count - 5)) & 31
    bits &= (1 << count) - 1
  }
  word.set(checkSymbols(word.subarray(0, dataSymbols)), dataSymbols)
  const text = secretBuffer(wordSymbols + wordSymbols / groupSymbols - 1)
  text.fill('-')
  for (const [index, symbol] of word.entries()) {
    text[index + Math.floor(index / groupSymbols)] = alphabet.charCodeAt(symbol)
  }
  word.fill(0)
  return text
}

/** Symbols of the typed text, -1 for what is none, without spaces and dashes; at most `limit` are kept, all are counted. */
function readSymbols(text: Uint8Array, symbols: Int8Array): number {
  let count = 0
  for (let at = 0; at < text.length;) {
    const { codePoint, length } = codePointAt(text, at)
    at += length
    if (isSeparator(codePoint)) continue
    symbols[count] = symbolOf(codePoint) // beyond the end of a typed array nothing is written
    count += 1
  }
  return count
}

/** UTF-8, read without making a string of it. What is not UTF-8 is one unknown character an octet. */
function codePointAt(text: Uint8Array, at: number): { readonly codePoint: number; readonly length: number } {
  const first = text[at] ?? 0
  const length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (length === 1) return { codePoint: first < 0x80 ? first : 0xfffd, length }
  let codePoint = first & (0x7f >> length)
  for (let next = at + 1; next < at + length; next++) {
    const octet = text[next] ?? 0
    if ((octet & 0xc0) !== 0x80) return { codePoint: 0xfffd, length: 1 }
    codePoint = (codePoint << 6) | (octet & 0x3f)
  }
  return { codePoint, length }
}

function isSeparator(codePoint: number): boolean {
  if (codePoint === 0x2d || codePoint === 0x2212 || (codePoint >= 0x2010 && codePoint <= 0x2015)) return true
  return codePoint <= 0x10ffff && /\s/.test(String.fromCodePoint(codePoint))
}

/** Reads a typed code, UTF-8. Throws MistypedCode, which locates a single wrong symbol; nothing is corrected silently. */
export function readRecoveryCode(text: Uint8Array | string): { readonly secret: Buffer } {
  const symbols = new Int8Array(new ArrayBuffer(wordSymbols))
  const word = secretBuffer(wordSymbols)
  try {
    const count = readSymbols(typeof text === 'string' ? Buffer.from(text) : text, symbols)
    return { secret: decode(symbols, count, word) }
  } finally {
    symbols.fill(0)
    word.fill(0)
  }
}

/** The least that shows that somebody has the code before them: its last two groups. */
const tailSymbols = 2 * groupSymbols

/**
 * Whether somebody typed the code that they were shown: all of it, or its last two groups. Case, spaces and dashes do not matter, nor O
 * for 0 and I or L for 1. Takes as long for a wrong symbol as for a right one.
 */
export function isTypedBack(code: Uint8Array, typed: Uint8Array): boolean {
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
  return unpack(word)
}

function symbolOf(codePoint: number): number {
  const capital = codePoint >= 0x61 && codePoint <= 0x7a ? codePoint - 0x20 : codePoint
  const character = capital < 0x80 ? String.fromCharCode(capital) : ''
  if (character === 'O') return 0
  if (character === 'I' || character === 'L') return 1
  return character === '' ? -1 : alphabet.indexOf(character)
}

function unpack(word: Buffer): Buffer {
  const secret = secretBuffer(secretBytes)
  let bits = 0
  let count = -2
  let at = 0
  for (const symbol of word.subarray(0, dataSymbols)) {
    bits = (bits << 5) | symbol
    count += 5
    if (count < 8) continue
    count -= 8
    secret[at++] = bits >>> count
    bits &= (1 << count) - 1
  }
  return secret
}

function oneWrong(index: number, symbol: number): MistypedCode {
  // A first symbol of 8 or more belongs to no code of this version, so that more than one symbol is wrong.
  if (index === 0 && symbol >= 8) return severalWrong()
  const typo = {
    group: Math.floor(index / groupSymbols) + 1,
    symbol: (index % groupSymbols) + 1,
    expected: alphabet.charAt(symbol),
  }
  return new MistypedCode(
    `symbol ${typo.symbol} of group ${typo.group} looks wrong; it should probably be ${typo.expected}`,
    typo,
  )
}

function severalWrong(): MistypedCode {
  return new MistypedCode('more than one symbol of the recovery code is wrong')
}
