// Words that occur nowhere else in the world, and every spelling of them that a search has to know.

const consonants = 'bcdfghjklmnpqrstvwxz'
const vowels = 'aeiou'

/** A new pronounceable word of 14 letters, capitals in it. Nobody has ever written it. */
export function makeStem(random: (limit: number) => number): string {
  const syllable = (): string => `${consonants[random(20)] ?? ''}${vowels[random(5)] ?? ''}`
  const word = Array.from({ length: 7 }, syllable).join('')
  return word.replace(/^.|(?<=^.{6})./g, (letter) => letter.toUpperCase())
}

/** Octets to look for. */
export interface Pattern {
  readonly spelling: string
  readonly bytes: Buffer
  /** Looked for in octets of which ASCII capitals were made small. */
  readonly isFolded: boolean
}

/** The middle of what base64 makes of `bytes` when `offset` octets of something else come before: no other octet is in it. */
function base64Core(bytes: Buffer, offset: number): Buffer {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes])
  const text = padded.toString('base64').replace(/=+$/, '')
  const start = Math.ceil((offset * 8) / 6)
  const end = Math.floor((padded.length * 8) / 6)
  return Buffer.from(text.slice(start, end))
}

function eachOctet(bytes: Buffer, spell: (hex: string) => string): Buffer {
  return Buffer.from([...bytes].map((byte) => spell(byte.toString(16).padStart(2, '0'))).join(''))
}

/** The spellings of a word: as it is in any case, UTF-16, base64 at each alignment, quoted-printable, per cent, hexadecimal. */
export function spellingsOf(word: string): Pattern[] {
  const small = Buffer.from(word.toLowerCase())
  const utf16 = Buffer.from(word.toLowerCase(), 'utf16le')
  const cases = [...new Set([word, word.toLowerCase(), word.toUpperCase()])].map((text) => Buffer.from(text))
  const folded: [string, Buffer][] = [
    ['as it is', small],
    ['UTF-16LE', utf16],
    ['UTF-16BE', Buffer.from(utf16).swap16()],
    ...cases.flatMap((bytes): [string, Buffer][] => [
      ['hexadecimal', eachOctet(bytes, (hex) => hex)],
      ['quoted-printable', eachOctet(bytes, (hex) => `=${hex}`)],
      ['per cent', eachOctet(bytes, (hex) => `%${hex}`)],
    ]),
  ]
  const exact = cases.flatMap((bytes) =>
    [0, 1, 2].map((offset) => ['base64', base64Core(bytes, offset)] as const),
  )
  return [
    ...folded.map(([spelling, bytes]) => ({ spelling, bytes, isFolded: true })),
    ...exact.map(([spelling, bytes]) => ({ spelling, bytes, isFolded: false })),
  ]
}

/** Octets that are looked for as they are: keys. */
export function exactly(spelling: string, bytes: Uint8Array): Pattern {
  return { spelling, bytes: Buffer.from(bytes), isFolded: false }
}
