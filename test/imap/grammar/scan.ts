// Reads one response of the server octet by octet, by the rules that RFC 3501 §9 and RFC 9051 §9 give for strings, atoms and numbers.

/** The server's answer breaks the grammar. */
export class GrammarError extends Error {
  override readonly name = 'GrammarError'
}

const maxNumber32 = 4_294_967_295n
const maxNumber63 = 9_223_372_036_854_775_807n
const atomChar = /[^\x00-\x20\x7f-\xff(){%*"\\\]]/
const astringChar = /[^\x00-\x20\x7f-\xff(){%*"\\]/

/** A cursor over one whole response, its last CRLF left out. Methods throw GrammarError and go on behind what they read. */
export class Scan {
  readonly text: string
  /** UTF8=ACCEPT or IMAP4rev2 is on: strings may hold UTF-8 (RFC 6855 §3). */
  readonly isUtf8: boolean
  #at = 0

  constructor(bytes: Buffer, isUtf8: boolean) {
    this.text = bytes.toString('latin1')
    this.isUtf8 = isUtf8
  }

  /** Octets read so far. */
  get offset(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    return this.#at === this.text.length
  }

  fail(what: string): never {
    const around = JSON.stringify(this.text.slice(Math.max(0, this.#at - 40), this.#at + 40))
    throw new GrammarError(
      `${what}, at octet ${this.#at} of ${JSON.stringify(this.text.slice(0, 80))}, near ${around}`,
    )
  }

  end(): void {
    if (!this.isAtEnd) this.fail('expected the end')
  }

  /** Whether `token` stands here, whatever its case. */
  isNext(token: string): boolean {
    return this.text.slice(this.#at, this.#at + token.length).toUpperCase() === token.toUpperCase()
  }

  try(token: string): boolean {
    if (!this.isNext(token)) return false
    this.#at += token.length
    return true
  }

  token(token: string): void {
    if (!this.try(token)) this.fail(`expected ${JSON.stringify(token)}`)
  }

  space(): void {
    this.token(' ')
  }

  /** All that is left. */
  rest(): string {
    const rest = this.text.slice(this.#at)
    this.#at = this.text.length
    return rest
  }

  /** The run of characters that `pattern` (for one character) lets through; not empty. */
  run(pattern: RegExp, what: string): string {
    const start = this.#at
    while (this.#at < this.text.length && pattern.test(this.text.charAt(this.#at))) this.#at += 1
    if (start === this.#at) this.fail(`expected ${what}`)
    return this.text.slice(start, this.#at)
  }

  atom(): string {
    return this.run(atomChar, 'an atom')
  }

  /** number: 32 bits without a sign. */
  number(): number {
    return Number(this.#digits(maxNumber32))
  }

  /** nz-number. */
  nzNumber(): number {
    return Number(this.#nonZero(maxNumber32))
  }

  /** number64 (RFC 9051) and mod-sequence-valzer (RFC 7162): 63 bits. */
  number63(): bigint {
    return this.#digits(maxNumber63)
  }

  /** mod-sequence-value. */
  nzNumber63(): bigint {
    return this.#nonZero(maxNumber63)
  }

  /** DQUOTE characters DQUOTE. */
  quoted(): string {
    this.token('"')
    let value = ''
    for (;;) {
      const character = this.text.charAt(this.#at)
      this.#at += 1
      if (character === '"') break
      if (character === '' || character === '\r' || character === '\n' || character === '\0')
        this.fail('unfinished quoted string')
      if (character > '\x7f' && !this.isUtf8) this.fail('8-bit octet in a quoted string')
      if (character === '\\') {
        const escaped = this.text.charAt(this.#at)
        if (escaped !== '"' && escaped !== '\\') this.fail('only " and \\ are escaped')
        value += escaped
        this.#at += 1
      } else value += character
    }
    if (this.isUtf8) mustBeUtf8(this, value)
    return value
  }

  isLiteral(): boolean {
    return this.isNext('{') || this.isNext('~{')
  }

  /** `{n}` CRLF and n octets of CHAR8, so without NUL; `mayBeBinary` also allows literal8 (RFC 3516). */
  literal(mayBeBinary = false): string {
    const isBinary = mayBeBinary && this.try('~')
    this.token('{')
    const length = this.number()
    this.token('}\r\n')
    const value = this.text.slice(this.#at, this.#at + length)
    if (value.length < length) this.fail('the literal is shorter than announced')
    if (!isBinary && value.includes('\0')) this.fail('NUL in a literal')
    this.#at += length
    return value
  }

  string(): string {
    return this.isLiteral() ? this.literal() : this.quoted()
  }

  nstring(): string | undefined {
    return this.try('NIL') ? undefined : this.string()
  }

  astring(): string {
    return this.isNext('"') || this.isLiteral() ? this.string() : this.run(astringChar, 'an astring')
  }

  /** A mailbox name as it is on the wire: modified UTF-7 (RFC 3501 §5.1.3), or UTF-8 where that is on. */
  mailbox(): string {
    const name = this.astring()
    if (!this.isUtf8) {
      if (!/^[\x20-\x7e]*$/.test(name)) this.fail('a mailbox name must be printable ASCII')
      if (!/^([^&]|&-|&[A-Za-z0-9+,]+-)*$/.test(name)) this.fail('a mailbox name must be modified UTF-7')
    }
    return name.toUpperCase() === 'INBOX' ? 'INBOX' : name
  }

  /** `(` members with one space between `)`. */
  list<T>(member: () => T, atLeast = 0): T[] {
    this.token('(')
    const members: T[] = []
    if (!this.try(')')) {
      do members.push(member())
      while (this.try(' '))
      this.token(')')
    }
    if (members.length < atLeast) this.fail('the list is too short')
    return members
  }

  nilOr<T>(read: () => T): T | undefined {
    return this.try('NIL') ? undefined : read()
  }

  /** flag-fetch and flag-perm: a keyword or `\` atom; `\*` where `mayBeStar`. */
  flag(mayBeStar = false): string {
    if (mayBeStar && this.try('\\*')) return '\\*'
    return this.try('\\') ? `\\${this.atom()}` : this.atom()
  }

  /** Numbers and ranges; `*` never comes from a server. Ranges are returned as they stand, low end first. */
  sequenceSet(): [from: number, to: number][] {
    const ranges: [number, number][] = []
    do {
      const from = this.nzNumber()
      const to = this.try(':') ? this.nzNumber() : from
      ranges.push([Math.min(from, to), Math.max(from, to)])
    } while (this.try(','))
    return ranges
  }

  /** DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE. */
  dateTime(): void {
    const text = this.quoted()
    const month = '(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'
    if (!new RegExp(`^( \\d|\\d\\d)-${month}-\\d{4} \\d\\d:\\d\\d:\\d\\d [+-]\\d{4}$`).test(text))
      this.fail('not a date-time')
  }

  #digits(limit: bigint): bigint {
    const digits = this.run(/[0-9]/, 'a number')
    if (digits.length > 1 && digits.startsWith('0')) this.fail('a number with a zero in front')
    const value = BigInt(digits)
    if (value > limit) this.fail('the number is too large')
    return value
  }

  #nonZero(limit: bigint): bigint {
    const value = this.#digits(limit)
    if (value === 0n) this.fail('the number must not be zero')
    return value
  }
}

function mustBeUtf8(scan: Scan, latin1: string): void {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(latin1, 'latin1'))
  } catch {
    scan.fail('not UTF-8')
  }
}

/** How many numbers are in ranges. */
export function countOf(ranges: readonly (readonly [from: number, to: number])[]): number {
  return ranges.reduce((count, [from, to]) => count + to - from + 1, 0)
}
