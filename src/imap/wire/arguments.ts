// Readers of a command's arguments, named after the productions of RFC 3501 §9.
import { parseInternalDate, parseSearchDay, type ZonedDate } from '../../mail/date.ts'
import { decodeUtf7 } from '../../mail/utf7.ts'
import { decodeUtf8, isDigit, isListChar, isWordChar } from './characters.ts'
import { Cursor } from './cursor.ts'
import type { WireLimits } from './limits.ts'
import { maxNumber, type MessageSet, savedResult, SequenceSet } from './sequence-set.ts'
import type { WireCommand } from './wire-command.ts'

/** How arguments are to be read in this session. */
export interface ArgumentOptions {
  readonly limits: WireLimits
  /** ENABLE UTF8=ACCEPT or IMAP4rev2 is in force: mailbox names are UTF-8, not modified UTF-7 (RFC 6855 §3, RFC 9051 §5.1). */
  readonly isUtf8: boolean
  /** SEARCH may name a charset: not after ENABLE UTF8=ACCEPT (RFC 6855 §3). */
  readonly allowsCharset?: boolean
}

const systemFlags = new Map(
  ['\\Answered', '\\Deleted', '\\Draft', '\\Flagged', '\\Seen'].map((flag) => [flag.toLowerCase(), flag]),
)

/** Reads the arguments of one command; see also Cursor. Every reader throws BadSyntax when its production does not stand here. */
export class ArgumentReader extends Cursor {
  readonly #options: ArgumentOptions
  #depth = 0
  #elements = 0

  constructor(command: WireCommand, options: ArgumentOptions) {
    super(command)
    this.#options = options
  }

  get allowsCharset(): boolean {
    return this.#options.allowsCharset !== false
  }

  /** 0 to 4294967295. */
  number(): number {
    const value = Number(this.run(isDigit, 'a number').toString('latin1'))
    return value <= maxNumber ? value : this.fail('number too large')
  }

  nzNumber(): number {
    return this.number() || this.fail('expected a number that is not zero')
  }

  /** number64 (RFC 9051 §9), 63 bits. Beyond 2^53 - 1, which nothing that is counted here reaches, that number is returned. */
  number64(): number {
    const digits = this.run(isDigit, 'a number').toString('latin1')
    if (digits.length > 19 || BigInt(digits) > 0x7fff_ffff_ffff_ffffn) this.fail('number too large')
    return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
  }

  nzNumber64(): number {
    return this.number64() || this.fail('expected a number that is not zero')
  }

  /** A mailbox name as Unicode; `INBOX` in capitals when it is that in any case. */
  mailbox(): string {
    const name = this.#mailboxText(this.astring())
    return name.toUpperCase() === 'INBOX' ? 'INBOX' : name
  }

  // list-mailbox = 1*list-char / string
  listMailbox(): string {
    return this.#mailboxText(this.isString() ? this.string() : this.run(isListChar, 'a mailbox pattern'))
  }

  sequenceSet(): SequenceSet {
    const bytes = this.run(
      (byte) => isDigit(byte) || byte === 0x2a || byte === 0x2c || byte === 0x3a,
      'a sequence set',
    )
    let ranges = 1
    for (const byte of bytes) if (byte === 0x2c) ranges += 1
    if (ranges > this.#options.limits.ranges) this.fail('sequence set too long')
    return SequenceSet.parse(bytes.toString('latin1')) ?? this.fail('malformed sequence set')
  }

  // objectid = 1*255(ALPHA / DIGIT / "_" / "-")
  objectId(): string {
    const id = this.atom()
    return /^[A-Za-z0-9_-]{1,255}$/.test(id) ? id : this.fail('expected an object identifier')
  }

  // sequence-set =/ seq-last-command
  messageSet(): MessageSet {
    return this.tryToken(savedResult) ? savedResult : this.sequenceSet()
  }

  /** A flag that a client may store: a system flag in its RFC spelling, or a keyword as given. */
  flag(): string {
    if (!this.tryToken('\\')) return this.atom()
    // RFC 3501 §9: \Recent is no `flag`, and other flag-extensions are for future standards.
    return systemFlags.get(`\\${this.atom()}`.toLowerCase()) ?? this.fail('not a flag that can be set')
  }

  /** `(` flags `)`, possibly none; duplicates are dropped. */
  flagList(): string[] {
    return [...new Set(this.list(() => this.flag(), { mayBeEmpty: true }))]
  }

  // date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
  dateTime(): ZonedDate {
    return parseInternalDate(this.quoted().toString('latin1')) ?? this.fail('expected a date and time')
  }

  /** date = date-text / DQUOTE date-text DQUOTE, as days since 1970-01-01. */
  date(): number {
    const bytes = this.peek() === '"' ? this.quoted() : this.run(isWordChar, 'a date')
    return parseSearchDay(bytes.toString('latin1')) ?? this.fail('expected a date')
  }

  /** `(` elements with a space between `)`; at least one unless `mayBeEmpty`. */
  list<T>(element: () => T, options: { readonly mayBeEmpty?: boolean } = {}): T[] {
    return this.nested(() => {
      this.token('(')
      const elements: T[] = []
      if (options.mayBeEmpty && this.tryToken(')')) return elements
      do {
        this.count()
        elements.push(element())
      } while (this.trySpace())
      this.token(')')
      return elements
    })
  }

  /** Runs `read` one level deeper; refuses beyond the limit. */
  nested<T>(read: () => T): T {
    if (this.#depth >= this.#options.limits.depth) this.fail('nested too deep')
    this.#depth += 1
    const value = read()
    this.#depth -= 1
    return value
  }

  /** Counts one element towards the limit for the whole command. */
  count(): void {
    this.#elements += 1
    if (this.#elements > this.#options.limits.elements) this.fail('too many elements')
  }

  #mailboxText(bytes: Buffer): string {
    const name = this.#options.isUtf8 ? decodeUtf8(bytes) : decodeUtf7(bytes.toString('latin1'))
    if (name === undefined)
      return this.fail(this.#options.isUtf8 ? 'expected UTF-8' : 'expected modified UTF-7')
    // No mailbox has such a name, and none could be printed.
    return /\p{Cc}/u.test(name) ? this.fail('unexpected control character in a mailbox name') : name
  }
}
