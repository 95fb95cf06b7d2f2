// A cursor over one command's lines and literals: spaces, words, atoms and strings.
import { secretBuffer } from '../../base/secret.ts'
import { BadSyntax } from './bad-syntax.ts'
import { decodeUtf8, isAstringChar, isAtomChar, isWordChar, runEnd } from './characters.ts'
import type { Piece, WireCommand } from './wire-command.ts'

const quote = 0x22
const backslash = 0x5c

/** Begins at the space behind the command's name. Every reader throws BadSyntax when what it reads does not stand here. */
export class Cursor {
  readonly command: WireCommand
  #piece = 0
  #line: Buffer
  #at: number
  /** Bytes in the pieces in front of the present line. */
  #before = 0

  constructor(command: WireCommand) {
    this.command = command
    this.#line = lineOf(command.pieces[0])
    this.#at = command.argumentsAt
  }

  /** Bytes from the beginning of the command, for errors. */
  get offset(): number {
    return this.#before + this.#at
  }

  /** Throws BadSyntax at the present place. `text` must not repeat what the peer sent. */
  fail(text: string): never {
    throw new BadSyntax(text, this.offset)
  }

  /** Exactly one space. */
  space(): void {
    if (!this.trySpace()) this.fail('expected a space')
  }

  /** Whether a space stands here; consumed if so. */
  trySpace(): boolean {
    return this.tryToken(' ')
  }

  /** Nothing is left; spaces at the end are forgiven. */
  end(): void {
    const spaces = runEnd(this.#line, this.#at, (byte) => byte === 0x20)
    if (spaces < this.#line.length || this.#literal) this.fail('expected the end of the command')
    this.#at = spaces
  }

  /** Whether nothing is left. In a LiteralRequest's command: whether the literal stands here. */
  get isAtEnd(): boolean {
    return this.#at === this.#line.length && !this.#literal
  }

  /** The byte here as a character, `''` at the end of a line or in front of a literal. */
  peek(): string {
    return this.#line.toString('latin1', this.#at, this.#at + 1)
  }

  /** Consumes `text` (ASCII) if exactly that stands here. */
  tryToken(text: string): boolean {
    if (this.#line.toString('latin1', this.#at, this.#at + text.length) !== text) return false
    this.#at += text.length
    return true
  }

  /** As `tryToken`, in any case. `text` in capitals. */
  tryPhrase(text: string): boolean {
    if (this.#line.toString('latin1', this.#at, this.#at + text.length).toUpperCase() !== text) return false
    this.#at += text.length
    return true
  }

  token(text: string): void {
    if (!this.tryToken(text)) this.fail(`expected ${text}`)
  }

  /** Consumes one of `words` (in capitals) if the whole word here is it, in any case. */
  tryKeyword<const W extends string>(...words: readonly W[]): W | undefined {
    const end = runEnd(this.#line, this.#at, isWordChar)
    const here = this.#line.toString('latin1', this.#at, end).toUpperCase()
    const word = words.find((candidate) => candidate === here)
    if (word !== undefined) this.#at = end
    return word
  }

  keyword<const W extends string>(...words: readonly W[]): W {
    return (
      this.tryKeyword(...words) ??
      this.fail(`expected ${words.length <= 4 ? words.join(' or ') : 'a known word'}`)
    )
  }

  // atom = 1*ATOM-CHAR
  atom(): string {
    return this.run(isAtomChar, 'an atom').toString('latin1')
  }

  /** astring = 1*ASTRING-CHAR / string. A copy of the bytes: the caller wipes it when it is secret. */
  astring(): Buffer {
    return this.isString() ? this.string() : Buffer.from(this.run(isAstringChar, 'an atom or a string'))
  }

  /** astring that must be UTF-8. */
  astringText(): string {
    return decodeUtf8(this.astring()) ?? this.fail('expected text in UTF-8')
  }

  /** string = quoted / literal. A copy of the bytes, never with NUL. */
  string(): Buffer {
    const literal = this.#literal
    const bytes = literal ? this.#takeLiteral(literal) : this.quoted()
    // RFC 3501 §9: neither QUOTED-CHAR nor CHAR8 includes NUL.
    if (bytes.includes(0)) this.fail('unexpected NUL in a string')
    return bytes
  }

  /** Undefined for NIL. */
  nstring(): Buffer | undefined {
    return this.tryKeyword('NIL') === undefined ? this.string() : undefined
  }

  /**
   * Initial response of AUTHENTICATE, as sent: `base64 / "="`, to the command's end (RFC 4959 §3). A copy, for the caller to
   * wipe. Undefined when there is none. Never a string or literal.
   */
  initialResponse(): Buffer | undefined {
    const isPresent = this.trySpace()
    const response = isPresent ? Buffer.from(this.run(isAtomChar, 'base64')) : undefined
    this.end()
    return response
  }

  /** A run of bytes of a class, not empty. A view, not a copy. */
  protected run(isMember: (byte: number) => boolean, what: string): Buffer {
    const end = runEnd(this.#line, this.#at, isMember)
    if (end === this.#at) this.fail(`expected ${what}`)
    const bytes = this.#line.subarray(this.#at, end)
    this.#at = end
    return bytes
  }

  /** Whether a quoted string or a literal stands here. */
  protected isString(): boolean {
    return this.#line[this.#at] === quote || this.#literal !== undefined
  }

  // quoted = DQUOTE *QUOTED-CHAR DQUOTE. Bytes beyond ASCII are let through: clients send UTF-8 here.
  protected quoted(): Buffer {
    this.token('"')
    const start = this.#at
    let escapes = 0
    for (let byte = this.#line[this.#at]; byte !== quote; byte = this.#line[this.#at]) {
      if (byte === backslash) {
        escapes += 1
        this.#at += 1
        byte = this.#line[this.#at]
        if (byte !== quote && byte !== backslash) this.fail('only " and \\ are escaped')
      }
      if (byte === undefined || byte === 0x0d) return this.fail('unfinished quoted string')
      this.#at += 1
    }
    const raw = this.#line.subarray(start, this.#at)
    this.#at += 1
    return escapes === 0 ? Buffer.from(raw) : unescape(raw, escapes)
  }

  /** The literal that stands here. */
  get #literal(): (Piece & { readonly kind: 'literal' }) | undefined {
    const next = this.#at === this.#line.length ? this.command.pieces[this.#piece + 1] : undefined
    return next?.kind === 'literal' ? next : undefined
  }

  #takeLiteral(literal: Piece & { readonly kind: 'literal' }): Buffer {
    if (literal.isBinary) this.fail('unexpected literal8')
    this.#before += this.#line.length + literal.bytes.length
    this.#piece += 2
    this.#line = lineOf(this.command.pieces[this.#piece])
    this.#at = 0
    return Buffer.from(literal.bytes)
  }
}

function unescape(raw: Buffer, escapes: number): Buffer {
  const bytes = secretBuffer(raw.length - escapes)
  let from = 0
  for (let to = 0; to < bytes.length; to += 1) {
    if (raw[from] === backslash) from += 1
    bytes[to] = raw[from] ?? 0
    from += 1
  }
  return bytes
}

function lineOf(piece: Piece | undefined): Buffer {
  if (piece?.kind !== 'line') throw new Error('a command is made of lines with literals between them')
  return piece.bytes
}
