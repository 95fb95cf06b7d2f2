// Every secret that a site's people and programs use, and what to look for to find it again.
import { randomInt } from 'node:crypto'
import { readAppPassword } from '../../src/crypto/app-password.ts'
import { readRecoveryCode } from '../../src/crypto/recovery-code.ts'
import { exactly, makeStem, spellingsOf, type Pattern } from './canary-marks.ts'

/** Octets that may hold no secret, and what they are. */
export interface Evidence {
  readonly where: string
  readonly bytes: Buffer
}

/** Spellings of octets that are no text: as they are, hexadecimal, base64 of both alphabets at each alignment. */
function spellingsOfBytes(name: string, bytes: Uint8Array): Pattern[] {
  const base64 = [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const core = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [
    exactly(`${name}, its octets`, bytes),
    {
      spelling: `${name}, hexadecimal`,
      bytes: Buffer.from(Buffer.from(bytes).toString('hex')),
      isFolded: true,
    },
    ...[...new Set(base64)].map((text) => exactly(`${name}, base64`, Buffer.from(text))),
  ]
}

const named = (name: string, patterns: readonly Pattern[]): Pattern[] =>
  patterns.map((pattern) => ({ ...pattern, spelling: `${name}, ${pattern.spelling}` }))

export class SecretLedger {
  /** In every password that a person here has thought of: one word to look for, in all its spellings. */
  readonly #stem = makeStem(randomInt)
  readonly #patterns: Pattern[] = named('a password', spellingsOf(this.#stem))

  /** What a search has to look for. */
  get patterns(): readonly Pattern[] {
    return this.#patterns
  }

  /** A password that nobody ever had. `name` tells in a finding which one it was. */
  password(name: string): string {
    return `${this.#stem}${name}`
  }

  #learnGroups(name: string, text: string, secret: Uint8Array): void {
    const spellings = [text, text.replaceAll('-', ''), text.replaceAll('-', ' ')].flatMap(spellingsOf)
    // Parts of it as well: any four groups in a row leave too little to guess.
    const groups = text.split('-')
    const parts = groups
      .slice(0, -3)
      .flatMap((_, at) => [groups.slice(at, at + 4).join('-'), groups.slice(at, at + 4).join('')])
    this.#patterns.push(
      ...named(name, spellings),
      ...parts.map((part) => ({
        spelling: `${name}, four groups`,
        bytes: Buffer.from(part.toLowerCase()),
        isFolded: true,
      })),
      ...spellingsOfBytes(name, secret),
    )
  }

  recoveryCode(name: string, text: string): void {
    this.#learnGroups(name, text, readRecoveryCode(text).secret)
  }

  appPassword(name: string, text: string): void {
    const read = readAppPassword(Buffer.from(text))
    if (!read) throw new Error(`no app password: ${name}`)
    this.#learnGroups(name, text, read.secret)
  }

  /** Text that a program has made: a generated password, a cookie. */
  text(name: string, text: string): void {
    this.#patterns.push(...named(name, spellingsOf(text)))
  }

  key(name: string, bytes: Uint8Array): void {
    this.#patterns.push(...spellingsOfBytes(name, bytes))
  }
}
