// Readers of a command's arguments, named after the productions of RFC 3501 §9.
import type { ZonedDate } from '../../mail/date.ts'
import { BadSyntax } from './bad-syntax.ts'
import type { WireLimits } from './limits.ts'
import type { SequenceSet } from './sequence-set.ts'
import type { WireCommand } from './wire-command.ts'

/** How arguments are to be read in this session. */
export interface ArgumentOptions {
  readonly limits: WireLimits
  /** ENABLE UTF8=ACCEPT is in force (RFC 6855): mailbox names are UTF-8, not modified UTF-7. */
  readonly isUtf8: boolean
}

/** A cursor over one command. Every reader throws BadSyntax when its production does not stand here. */
export class ArgumentReader {
  readonly command: WireCommand

  constructor(command: WireCommand, options: ArgumentOptions) {
    this.command = command
    throw new Error(String(options.isUtf8))
  }

  /** Bytes from the beginning of the command, for errors. */
  get offset(): number {
    throw new Error()
  }
  /** Throws BadSyntax at the present place. */
  fail(text: string): never {
    throw new BadSyntax(text, this.offset)
  }
  /** Exactly one space. */
  space(): void {
    throw new Error()
  }
  /** Whether a space stands here; consumed if so. For optional arguments. */
  trySpace(): boolean {
    throw new Error()
  }
  /** Nothing is left but spaces. */
  end(): void {
    throw new Error()
  }
  /** Whether nothing is left. */
  get isAtEnd(): boolean {
    throw new Error()
  }
  /** The byte here as a character, `''` at the end of a line or in front of a literal. */
  peek(): string {
    throw new Error()
  }
  /** Consumes `text` if it stands here exactly. */
  tryToken(text: string): boolean {
    throw new Error(text)
  }
  token(text: string): void {
    throw new Error(text)
  }
  /** Consumes one of `words` if a whole atom here is it, any case. Returns it as spelled in `words`. */
  tryKeyword<const W extends string>(...words: readonly W[]): W | undefined {
    throw new Error(words[0])
  }
  keyword<const W extends string>(...words: readonly W[]): W {
    throw new Error(words[0])
  }
  atom(): string {
    throw new Error()
  }
  /** A copy of the bytes: the caller wipes it when it is secret. */
  astring(): Buffer {
    throw new Error()
  }
  /** astring that must be UTF-8. */
  astringText(): string {
    throw new Error()
  }
  string(): Buffer {
    throw new Error()
  }
  /** Undefined for NIL. */
  nstring(): Buffer | undefined {
    throw new Error()
  }
  /** 0 to 4294967295. */
  number(): number {
    throw new Error()
  }
  nzNumber(): number {
    throw new Error()
  }
  /** mod-sequence-valzer, RFC 7162 §7: 63 bits; values beyond 2^53 - 1 are read as that number. */
  modSequenceValzer(): number {
    throw new Error()
  }
  /** mod-sequence-value: not zero. */
  modSequenceValue(): number {
    throw new Error()
  }
  /** A mailbox name as Unicode; `INBOX` in capitals when it is that, whatever the case. */
  mailbox(): string {
    throw new Error()
  }
  /** list-mailbox: a pattern with `*` and `%`, as Unicode. */
  listMailbox(): string {
    throw new Error()
  }
  sequenceSet(): SequenceSet {
    throw new Error()
  }
  /** A flag that a client may store: system flags in their RFC spelling, keywords as given. */
  flag(): string {
    throw new Error()
  }
  /** `(` flags `)`, possibly empty, duplicates dropped. */
  flagList(): string[] {
    throw new Error()
  }
  /** date-time of APPEND, quoted. */
  dateTime(): ZonedDate {
    throw new Error()
  }
  /** date of SEARCH, quoted or not, as days since 1970. */
  date(): number {
    throw new Error()
  }
  /** `(` one or more elements separated by spaces `)`; with `mayBeEmpty` also none. Counts depth and elements. */
  list<T>(element: () => T, options?: { readonly mayBeEmpty?: boolean }): T[] {
    throw new Error(String(element) + String(options))
  }
  /** Runs `read` one level deeper; refuses beyond the depth limit. */
  nested<T>(read: () => T): T {
    throw new Error(String(read))
  }
  /** Counts `amount` towards the limit on elements. */
  count(amount?: number): void {
    throw new Error(String(amount))
  }
}
