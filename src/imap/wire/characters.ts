// Byte classes of the grammar in RFC 3501 §9.

const atomClass = 1
const astringClass = 2
const tagClass = 4
const listClass = 8
const digitClass = 16
const wordClass = 32

const classes: Uint8Array = classify()

function classify(): Uint8Array {
  const table = new Uint8Array(256)
  const add = (bits: number, characters: string): void => {
    for (const character of characters) {
      const byte = character.charCodeAt(0)
      table[byte] = (table[byte] ?? 0) | bits
    }
  }
  const remove = (bits: number, characters: string): void => {
    for (const character of characters) {
      const byte = character.charCodeAt(0)
      table[byte] = (table[byte] ?? 0) & ~bits
    }
  }
  let printable = ''
  for (let byte = 0x21; byte < 0x7f; byte += 1) printable += String.fromCharCode(byte)
  // atom-specials = "(" / ")" / "{" / SP / CTL / list-wildcards / quoted-specials / resp-specials
  add(atomClass | astringClass | tagClass | listClass, printable)
  remove(atomClass | astringClass | tagClass, '(){%*"\\]')
  // ASTRING-CHAR = ATOM-CHAR / resp-specials; tag = 1*<any ASTRING-CHAR except "+">
  add(astringClass | tagClass, ']')
  remove(tagClass, '+')
  // list-char = ATOM-CHAR / list-wildcards / resp-specials
  remove(listClass, '(){"\\')
  add(digitClass | wordClass, '0123456789')
  add(wordClass, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.+-')
  return table
}

/** ATOM-CHAR. */
export const isAtomChar = (byte: number): boolean => ((classes[byte] ?? 0) & atomClass) !== 0
/** ASTRING-CHAR. */
export const isAstringChar = (byte: number): boolean => ((classes[byte] ?? 0) & astringClass) !== 0
/** What a tag is made of. */
export const isTagChar = (byte: number): boolean => ((classes[byte] ?? 0) & tagClass) !== 0
/** list-char. */
export const isListChar = (byte: number): boolean => ((classes[byte] ?? 0) & listClass) !== 0
/** DIGIT. */
export const isDigit = (byte: number): boolean => ((classes[byte] ?? 0) & digitClass) !== 0
/** What the words of the grammar are made of: letters, digits, `.`, `+` and `-`. */
export const isWordChar = (byte: number): boolean => ((classes[byte] ?? 0) & wordClass) !== 0

/** Index of the first byte from `start` on that is not of the class; `bytes.length` when all are. */
export function runEnd(bytes: Uint8Array, start: number, isMember: (byte: number) => boolean): number {
  let index = start
  while (index < bytes.length && isMember(bytes[index] ?? 0)) index += 1
  return index
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text, or undefined when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}
