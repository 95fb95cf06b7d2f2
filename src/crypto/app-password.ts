// App passwords as text (FORMAT.md §6): 128 random bits, a hint of the slot they open, and check symbols, typed once into a mail program.
import { secretBuffer } from '../base/secret.ts'
import {
  alphabet,
  groupedLength,
  packSymbols,
  readSymbols,
  unpackSymbols,
  writeGroups,
} from './code-symbols.ts'
import { checkSymbols, checkWord } from './gf32.ts'

const secretBytes = 16
const hintBits = 17
/** Stands before the code word, and in no recovery code's place: that one is four symbols shorter. */
const mark = alphabet.indexOf('A')
const dataSymbols = 29
const wordSymbols = 31
const textSymbols = 1 + wordSymbols

/** The first 17 bits of a slot's identifier: which slot an app password opens. Public, as the identifier is. */
export function slotHint(slot: Uint8Array): number {
  return ((slot[0] ?? 0) << 9) | ((slot[1] ?? 0) << 1) | ((slot[2] ?? 0) >> 7)
}

/** Eight groups of four symbols joined by dashes, in ASCII, the first one `A`. The caller wipes it: a string could not be. */
export function formatAppPassword(slot: Uint8Array, secret: Uint8Array): Buffer {
  if (secret.length !== secretBytes) throw new RangeError('an app password has 16 bytes')
  const symbols = secretBuffer(textSymbols)
  symbols[0] = mark
  const word = symbols.subarray(1)
  packSymbols(word, slotHint(slot), hintBits, secret)
  word.set(checkSymbols(word.subarray(0, dataSymbols)), dataSymbols)
  const text = secretBuffer(groupedLength(textSymbols))
  writeGroups(symbols, text)
  symbols.fill(0)
  return text
}

/**
 * Reads typed bytes, in any case and with any spaces and dashes. Undefined for whatever is no app password, which may be a password
 * that a person chose; nothing is corrected. The caller wipes the secret.
 */
export function readAppPassword(
  text: Uint8Array,
): { readonly hint: number; readonly secret: Buffer } | undefined {
  const symbols = new Int8Array(new ArrayBuffer(textSymbols))
  const word = secretBuffer(wordSymbols)
  try {
    const count = readSymbols(text, symbols)
    if (count !== textSymbols || symbols[0] !== mark || symbols.includes(-1)) return undefined
    word.set(symbols.subarray(1))
    if (checkWord(word) !== true) return undefined
    const [a = 0, b = 0, c = 0, d = 0] = word
    const secret = secretBuffer(secretBytes)
    unpackSymbols(word.subarray(0, dataSymbols), hintBits, secret)
    return { hint: (a << 12) | (b << 7) | (c << 2) | (d >> 3), secret }
  } finally {
    symbols.fill(0)
    word.fill(0)
  }
}
