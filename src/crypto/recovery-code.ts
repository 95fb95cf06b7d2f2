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

/** A new code. `text` is to be shown once; the caller wipes `secret`. */
export function makeRecoveryCode(): { readonly secret: Buffer; readonly text: string } {
  const secret = randomBytes(secretBytes)
  return { secret, text: formatRecoveryCode(secret) }
}

/** Seven groups of four symbols joined by dashes. */
export function formatRecoveryCode(secret: Uint8Array): string {
  if (secret.length !== secretBytes) throw new RangeError('a recovery code has 16 bytes')
  // Two zero bits, then the secret, five bits a symbol.
  const data: number[] = []
  let bits = 0
  let count = 2
  for (const byte of secret) {
    bits = (bits << 8) | byte
    for (count += 8; count >= 5; count -= 5) data.push((bits >>> (count - 5)) & 31)
    bits &= (1 << count) - 1
  }
  const text = [...data, ...checkSymbols(data)].map((symbol) => alphabet.charAt(symbol)).join('')
  return text.replace(/.{4}(?!$)/g, '$&-')
}

/** Reads a typed code. Throws MistypedCode, which locates a single wrong symbol; nothing is corrected silently. */
export function readRecoveryCode(text: string): { readonly secret: Buffer } {
  const symbols = Array.from(text.replace(/[\s\-\u2010-\u2015\u2212]+/g, '').toUpperCase(), symbolOf)
  if (symbols.length !== wordSymbols) {
    throw new MistypedCode(`a recovery code has ${wordSymbols} letters and digits, not ${symbols.length}`)
  }
  const unreadable = symbols.indexOf(-1)
  const word = symbols.map((symbol) => Math.max(symbol, 0))
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
  return { secret: unpack(word) }
}

function symbolOf(character: string): number {
  if (character === 'O') return 0
  if (character === 'I' || character === 'L') return 1
  return alphabet.indexOf(character)
}

function unpack(word: readonly number[]): Buffer {
  const secret = secretBuffer(secretBytes)
  let bits = 0
  let count = -2
  let at = 0
  for (const symbol of word.slice(0, dataSymbols)) {
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
