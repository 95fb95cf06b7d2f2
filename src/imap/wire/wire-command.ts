// One command as framed: its tag and name, and the lines and literals it came in.
import { isAtomChar, isTagChar, runEnd } from './characters.ts'

/** A part of a command. Lines have neither line end nor the `{n}` that announces the literal behind them. */
export type Piece =
  | { readonly kind: 'line'; readonly bytes: Buffer }
  | { readonly kind: 'literal'; readonly bytes: Buffer; readonly isBinary: boolean }

/** What stands at the beginning of a command. */
export interface CommandHead {
  readonly tag: string
  /** In capitals; for `UID FETCH` it is `FETCH`. */
  readonly name: string
  /** Whether the command had UID in front. */
  readonly isUid: boolean
  /** Where the arguments begin in the first line: at the space behind the name, or at the line's end. */
  readonly argumentsAt: number
}

/** A framed command whose arguments have not been looked at. Lines and literals alternate, beginning with a line. */
export interface WireCommand extends CommandHead {
  readonly pieces: readonly Piece[]
}

/** A command of which more is to come. */
export interface CommandDraft extends CommandHead {
  readonly pieces: Piece[]
  sizeBytes: number
}

/** Overwrites all that was buffered of a command; for LOGIN and AUTHENTICATE, whose arguments are secret. */
export function wipeCommand(command: WireCommand): void {
  for (const piece of command.pieces) piece.bytes.fill(0)
}

const maxTagBytes = 128
const maxNameBytes = 64

/** Reads tag and name of a command's first line, or of the beginning of it. What is missing could not be read. */
export function readHead(
  line: Buffer,
  isWhole: boolean = true,
): CommandHead | { readonly tag: string | undefined } {
  const tagEnd = runEnd(line, 0, isTagChar)
  const isEnded = tagEnd < line.length ? line[tagEnd] === 0x20 : isWhole
  if (tagEnd === 0 || tagEnd > maxTagBytes || !isEnded) return { tag: undefined }
  const tag = line.toString('latin1', 0, tagEnd)
  const first = readName(line, tagEnd)
  if (!first) return { tag }
  if (first.name === 'UID') {
    const second = readName(line, first.end)
    if (second) return { tag, name: second.name, isUid: true, argumentsAt: second.end }
  }
  return { tag, name: first.name, isUid: false, argumentsAt: first.end }
}

function readName(
  line: Buffer,
  spaceAt: number,
): { readonly name: string; readonly end: number } | undefined {
  if (line[spaceAt] !== 0x20) return undefined
  const end = runEnd(line, spaceAt + 1, isAtomChar)
  if (end === spaceAt + 1 || end - spaceAt - 1 > maxNameBytes) return undefined
  return { name: line.toString('latin1', spaceAt + 1, end).toUpperCase(), end }
}

/** `{n}` at a line's end: a literal of `sizeBytes` follows. */
export interface LiteralMark {
  readonly sizeBytes: number
  readonly isSynchronising: boolean
  readonly isBinary: boolean
  /** How many bytes of the line's end the mark takes. */
  readonly length: number
}

/** How many bytes at the end of a line can hold a literal mark. */
export const markBytes: number = 32

/**
 * The mark at the end of a line (RFC 3501 §9 `literal`, RFC 7888 §3 `{n+}`, RFC 3516 `~{n}`). A line can end in `}` in no
 * other way: inside a quoted string a quote would follow. A number of more than 20 digits is no mark a client could mean.
 */
export function readMark(line: Buffer): LiteralMark | undefined {
  if (line[line.length - 1] !== 0x7d) return undefined
  const match = /(~?)\{([0-9]{1,20})(\+?)\}$/.exec(
    line.toString('latin1', Math.max(0, line.length - markBytes)),
  )
  if (!match) return undefined
  return {
    sizeBytes: Number(match[2]),
    isSynchronising: match[3] === '',
    isBinary: match[1] === '~',
    length: match[0].length,
  }
}
