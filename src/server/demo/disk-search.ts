// Searches the bytes of a directory for words, in every spelling in which mail could have been left there.
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** One spelling of one word. */
interface Needle {
  readonly word: string
  readonly spelling: string
  readonly bytes: Buffer
  /** Compared without regard to the case of ASCII letters. */
  readonly isFolded: boolean
}

export interface Found {
  readonly word: string
  readonly spelling: string
  /** Relative to the directory. */
  readonly file: string
}

export interface SearchResult {
  readonly files: number
  readonly bytes: number
  readonly found: readonly Found[]
}

const chunkBytes = 1024 * 1024

/** ASCII letters in lower case; all other bytes as they are. */
function fold(bytes: Buffer): Buffer {
  const folded = Buffer.from(bytes)
  for (let index = 0; index < folded.length; index += 1) {
    const byte = folded[index] ?? 0
    if (byte >= 0x41 && byte <= 0x5a) folded[index] = byte + 0x20
  }
  return folded
}

/** Base64 of `bytes` wherever it begins in a longer text: only the characters that are the same for any neighbours. */
function base64Insides(bytes: Buffer): Buffer[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    return Buffer.from(text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6)))
  })
}

function quotedPrintable(bytes: Buffer): Buffer {
  return Buffer.from(
    [...bytes]
      .map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase()}`))
      .join(''),
  )
}

function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes).swap16()
}

/** Every spelling that is searched for. */
export function spellingsOf(word: string): Needle[] {
  const utf16 = Buffer.from(word, 'utf16le')
  const utf8 = Buffer.from(word, 'utf8')
  const cases = [...new Set([word, word.toLowerCase(), word.toUpperCase()])]
  const folded: readonly (readonly [string, Buffer])[] = [
    ['plain', utf8],
    ['latin-1', Buffer.from(word, 'latin1')],
    ['quoted-printable', quotedPrintable(utf8)],
    ['hexadecimal', Buffer.from(utf8.toString('hex'))],
    ['UTF-16', utf16],
    ['UTF-16, big-endian', swapped(utf16)],
  ]
  return [
    ...folded.map(([spelling, bytes]) => ({ word, spelling, bytes: fold(bytes), isFolded: true })),
    // Case means another text in base64, so each case is a needle of its own.
    ...cases.flatMap((text) =>
      base64Insides(Buffer.from(text, 'utf8')).map((bytes) => ({
        word,
        spelling: 'base64',
        bytes,
        isFolded: false,
      })),
    ),
  ]
}

function search(needles: readonly Needle[], bytes: Buffer): Needle[] {
  const folded = fold(bytes)
  return needles.filter((needle) => (needle.isFolded ? folded : bytes).includes(needle.bytes))
}

/** Which of `words` stand in these bytes in any spelling: proves that the search would find them. */
export function wordsIn(words: readonly string[], bytes: Buffer): string[] {
  return [...new Set(search(words.flatMap(spellingsOf), bytes).map(({ word }) => word))]
}

async function* filesBelow(directory: string, prefix = ''): AsyncGenerator<string> {
  for (const entry of await readdir(join(directory, prefix), { withFileTypes: true })) {
    const path = join(prefix, entry.name)
    if (entry.isDirectory()) yield* filesBelow(directory, path)
    else if (entry.isFile()) yield path
  }
}

const attempts = 20

/**
 * Searches names and contents of all files below `directory`; a word across two chunks is found too. A server may be writing there: when a file
 * is gone (renamed, so perhaps to where was searched already) all is searched again, and after some times that counts as an error.
 */
export async function searchDirectory(
  directory: string,
  words: readonly string[],
  openFile: typeof open = open,
): Promise<SearchResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await searchOnce(directory, words, openFile)
    } catch (error) {
      const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isGone || attempt === attempts) throw error
    }
  }
}

async function searchOnce(
  directory: string,
  words: readonly string[],
  openFile: typeof open,
): Promise<SearchResult> {
  const needles = words.flatMap(spellingsOf)
  const overlap = Math.max(0, ...needles.map(({ bytes }) => bytes.length - 1))
  const found: Found[] = []
  let files = 0
  let total = 0
  const note = (hits: readonly Needle[], file: string) =>
    found.push(...hits.map(({ word, spelling }) => ({ word, spelling, file })))

  for await (const path of filesBelow(directory)) {
    files += 1
    note(search(needles, Buffer.from(path)), path)
    const file = await openFile(join(directory, path), 'r')
    try {
      const window = Buffer.alloc(overlap + chunkBytes)
      let kept = 0
      for (;;) {
        const { bytesRead } = await file.read(window, kept, chunkBytes)
        if (bytesRead === 0) break
        total += bytesRead
        const filled = kept + bytesRead
        note(search(needles, window.subarray(0, filled)), path)
        kept = Math.min(overlap, filled)
        window.copy(window, 0, filled - kept, filled)
      }
    } finally {
      await file.close()
    }
  }
  return { files, bytes: total, found }
}
