// The wire scripts as recordings: what their clients send, whole dialogues and single commands.
import { readdirSync } from 'node:fs'
import { readScript, scriptsDirectory } from '../script.ts'
import type { Line, Piece } from './words.ts'

export interface Recording {
  readonly name: string
  readonly state: string
  /** Text sent, each with its CRLF. */
  readonly lines: readonly string[]
}

/** Every script's client lines, all sessions together. */
export function recordings(): Recording[] {
  return readdirSync(scriptsDirectory)
    .filter((file) => /^[a-z0-9-]+\.txt$/.test(file))
    .sort()
    .map(readScript)
    .map(({ name, header, steps }) => ({
      name,
      state: header.get('state') ?? 'selected',
      lines: steps.filter(({ side }) => side === 'C').map(({ text }) => `${text}\r\n`),
    }))
}

/** Commands of the scripts without their tags, as far as they can stand alone and leave the session in place. */
export function scriptLines(): Line[] {
  const found = new Map<string, Line>()
  for (const { lines } of recordings()) {
    for (const whole of lines) {
      const [, command] = /^[^ ]+ ([A-Z][^$]*)\r\n$/i.exec(whole) ?? []
      if (command === undefined || /^(LOGOUT|STARTTLS|COMPRESS|UNAUTH|LOGIN|AUTHENTICATE)/i.test(command))
        continue
      const pieces = piecesOf(command)
      if (pieces) found.set(command, pieces)
    }
  }
  return [...found.values()]
}

/** Undefined where a literal is not there as a whole: it comes in the script's next line. */
function piecesOf(command: string): Line | undefined {
  const pieces: Piece[] = []
  let rest = command
  for (;;) {
    const [before, size, plus] = /\{([0-9]+)(\+?)\}\r\n/.exec(rest) ?? []
    if (before === undefined || size === undefined) break
    const at = rest.indexOf(before)
    const from = at + before.length
    const literal = Buffer.from(rest.slice(from, from + Number(size)), 'latin1')
    if (literal.length < Number(size)) return undefined
    pieces.push(rest.slice(0, at), { literal, form: plus === '+' ? 'plus' : 'wait' })
    rest = rest.slice(from + Number(size))
  }
  if (/\{[0-9]+\+?\}$|\r\n/.test(rest)) return undefined
  return [...pieces, rest]
}
