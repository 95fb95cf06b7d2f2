// Secrets as a person types them: five bits a symbol in Crockford's alphabet, read however they were written down (FORMAT.md §6).

/** Its index is a symbol's value. */
export const alphabet: string = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const groupSymbols = 4

/** Symbols of the typed text, -1 for what is none, without spaces and dashes; at most as many as fit are kept, all are counted. */
export function readSymbols(text: Uint8Array, symbols: Int8Array): number {
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

function symbolOf(codePoint: number): number {
  const capital = codePoint >= 0x61 && codePoint <= 0x7a ? codePoint - 0x20 : codePoint
  const character = capital < 0x80 ? String.fromCharCode(capital) : ''
  if (character === 'O') return 0
  if (character === 'I' || character === 'L') return 1
  return character === '' ? -1 : alphabet.indexOf(character)
}

/** Puts `lead`, a number of `leadBits` bits, and the bytes behind it into symbols, most significant first. */
export function packSymbols(word: Buffer, lead: number, leadBits: number, bytes: Uint8Array): void {
  let bits = lead
  let count = leadBits
  let at = 0
  const put = (): void => {
    for (; count >= 5; count -= 5) word[at++] = (bits >>> (count - 5)) & 31
    bits &= (1 << count) - 1
  }
  put()
  for (const byte of bytes) {
    bits = (bits << 8) | byte
    count += 8
    put()
  }
}

/** The bytes behind the first `leadBits` bits of the symbols. */
export function unpackSymbols(word: Uint8Array, leadBits: number, bytes: Buffer): void {
  let bits = 0
  let count = -leadBits
  let at = 0
  for (const symbol of word) {
    bits = (bits << 5) | symbol
    count += 5
    if (count < 8) continue
    count -= 8
    bytes[at++] = bits >>> count // a Buffer takes the lowest eight bits
    bits &= (1 << count) - 1
  }
}

/** Length of `count` symbols in groups of four with dashes between them. */
export function groupedLength(count: number): number {
  return count + Math.ceil(count / groupSymbols) - 1
}

/** Writes the symbols into `text`, which has room for them in groups. */
export function writeGroups(word: Uint8Array, text: Buffer): void {
  text.fill('-')
  for (const [index, symbol] of word.entries()) {
    text[index + Math.floor(index / groupSymbols)] = alphabet.charCodeAt(symbol)
  }
}

/** Where a symbol stands: group and place in it, from 1. */
export function placeOf(index: number): { readonly group: number; readonly symbol: number } {
  return { group: Math.floor(index / groupSymbols) + 1, symbol: (index % groupSymbols) + 1 }
}
