// APPEND's messages, piece by piece between their literals (RFC 3501 §9, RFC 3502 §6, RFC 4469 §5, RFC 6855 §4).
import type { ZonedDate } from '../../mail/date.ts'
import type { ArgumentReader } from './arguments.ts'

/** What to do, in order. */
export type AppendStep =
  | {
      readonly kind: 'message'
      readonly flags: readonly string[]
      readonly internalDate: ZonedDate | undefined
      /** It may hold any octets: a literal8 stands in it, or may yet. */
      readonly isBinary: boolean
    }
  | {
      readonly kind: 'literal'
      readonly sizeBytes: number
      readonly isBinary: boolean
      readonly isUtf8: boolean
    }
  | { readonly kind: 'url'; readonly url: string }
  /** The message is whole. */
  | { readonly kind: 'end' }

/** Where a literal stands that was streamed: what must follow it. */
type Place = 'message' | 'text' | 'utf8' | 'utf8 part'

/** What stands between two streamed literals, or between one and the command's end. */
export interface AppendSegment {
  readonly steps: readonly AppendStep[]
  /** Undefined: the command ends here. Otherwise the literal of the last step follows. */
  readonly place: Place | undefined
}

interface Literal {
  readonly sizeBytes: number
  readonly isBinary: boolean
}

// append = "APPEND" SP mailbox 1*append-message; append-message = append-opts SP append-data
/** Behind the mailbox. `literal` is the one on the wire; undefined for a whole command. Undefined: buffer it, it is a URL. */
export function readFirstMessage(
  reader: ArgumentReader,
  literal: Literal | undefined,
  options: { readonly isSingle: boolean },
): AppendSegment | undefined {
  reader.space()
  return new Segment(reader, literal, options.isSingle).messages()
}

/** Behind a literal that was streamed. With `isSingle`, one message is all there may be (REPLACE). */
export function readOn(
  reader: ArgumentReader,
  place: Place,
  literal: Literal | undefined,
  options: { readonly isSingle: boolean },
): AppendSegment | undefined {
  return new Segment(reader, literal, options.isSingle).behind(place)
}

class Segment {
  readonly #reader: ArgumentReader
  readonly #literal: Literal | undefined
  readonly #isSingle: boolean
  readonly #steps: AppendStep[] = []

  constructor(reader: ArgumentReader, literal: Literal | undefined, isSingle: boolean) {
    this.#reader = reader
    this.#literal = literal
    this.#isSingle = isSingle
  }

  behind(place: Place): AppendSegment | undefined {
    switch (place) {
      case 'utf8':
        this.#reader.token(')')
        return this.#next()
      case 'message':
        return this.#next()
      case 'utf8 part':
        this.#reader.token(')')
        return this.#behindPart()
      case 'text':
        return this.#behindPart()
    }
  }

  /** The message is whole: another one, or the end. Spaces at the end are forgiven. */
  #next(): AppendSegment | undefined {
    this.#steps.push({ kind: 'end' })
    const reader = this.#reader
    const hasSpace = reader.trySpace()
    if (!this.#literal && (!hasSpace || reader.isAtEnd || reader.peek() === ' ')) {
      reader.end()
      return { steps: this.#steps, place: undefined }
    }
    if (!hasSpace || this.#isSingle) reader.fail('expected the end of the command')
    return this.messages()
  }

  // append-opts = [SP flag-list] [SP date-time]
  messages(): AppendSegment | undefined {
    const reader = this.#reader
    reader.count()
    const flags = reader.peek() === '(' ? reader.flagList() : undefined
    if (flags) reader.space()
    const internalDate = reader.peek() === '"' ? reader.dateTime() : undefined
    if (internalDate) reader.space()
    const word = this.#isAtLiteral ? undefined : reader.tryKeyword('CATENATE', 'UTF8')
    const message = { kind: 'message', flags: flags ?? [], internalDate } as const
    if (word === 'CATENATE') {
      this.#steps.push({ ...message, isBinary: true })
      reader.space()
      reader.token('(')
      return this.#part()
    }
    // append-data =/ "UTF8" SP "(" literal8 ")" (RFC 6855 §4)
    if (word === 'UTF8') {
      reader.space()
      reader.token('(')
      this.#steps.push({ ...message, isBinary: true })
      return this.#takeLiteral('utf8', true)
    }
    this.#steps.push({ ...message, isBinary: this.#literal?.isBinary === true })
    return this.#takeLiteral('message', false)
  }

  // cat-part = "TEXT" SP literal / "URL" SP astring / "UTF8" SP "(" literal8 ")"
  #part(): AppendSegment | undefined {
    const reader = this.#reader
    reader.count()
    const word = reader.keyword('TEXT', 'URL', 'UTF8')
    reader.space()
    if (word === 'TEXT') return this.#takeLiteral('text', false)
    if (word === 'UTF8') {
      reader.token('(')
      return this.#takeLiteral('utf8 part', true)
    }
    if (this.#isAtLiteral) return undefined
    this.#steps.push({ kind: 'url', url: reader.astringText() })
    return this.#behindPart()
  }

  #behindPart(): AppendSegment | undefined {
    if (this.#reader.tryToken(')')) return this.#next()
    this.#reader.space()
    return this.#part()
  }

  #takeLiteral(place: Place, isUtf8: boolean): AppendSegment {
    const literal = this.#literal
    if (!literal || !this.#reader.isAtEnd) return this.#reader.fail('the message must be a literal')
    if (isUtf8 && !literal.isBinary) this.#reader.fail('expected a literal8')
    this.#steps.push({ kind: 'literal', ...literalFacts(literal), isUtf8 })
    return { steps: this.#steps, place }
  }

  get #isAtLiteral(): boolean {
    return this.#literal !== undefined && this.#reader.isAtEnd
  }
}

const literalFacts = ({ sizeBytes, isBinary }: Literal): Literal => ({ sizeBytes, isBinary })
