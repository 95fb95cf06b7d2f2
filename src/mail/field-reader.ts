// Reads the lexical tokens of structured header fields: white space and comments, tokens, quoted strings.
import { type OctetString, asOctets } from './octets.ts'

// RFC 2045 §5.1: token := 1*<any CHAR except SPACE, CTLs, or tspecials>. Octets above 127 are let through.
const tokenRun = /[^\u0000-\u0020\u007f()<>@,;:\\"/[\]?=]+/y
const blankRun = /[ \t\r\n]+/y

/** A position in one field value. Every method moves forward only, so reading a field takes linear time. */
export class FieldReader {
  readonly text: string
  at = 0
  /** The text of the last comment skipped, for addresses that carry their display name in one. */
  lastComment: string | undefined

  constructor(value: OctetString) {
    this.text = value
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length
  }

  get next(): string {
    return this.text.charAt(this.at)
  }

  run(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.text)
    if (!match) return ''
    this.at = pattern.lastIndex
    return match[0]
  }

  /** Takes `char` when it is next. */
  accept(char: string): boolean {
    if (this.text.charAt(this.at) !== char) return false
    this.at += 1
    return true
  }

  /** CFWS of RFC 5322 §3.2.2: white space, line ends and nested comments. True when there was any. */
  skipSpace(): boolean {
    const from = this.at
    for (;;) {
      this.run(blankRun)
      if (this.next !== '(') return this.at > from
      this.lastComment = this.#comment()
    }
  }

  // An unclosed comment reaches to the end of the field.
  #comment(): string {
    let level = 0
    let text = ''
    let from = this.at + 1
    for (; this.at < this.text.length; this.at++) {
      const char = this.next
      if (char === '\\') {
        text += this.text.slice(from, this.at)
        from = this.at + 1
        this.at += 1
      } else if (char === '(') level += 1
      else if (char === ')') {
        level -= 1
        if (level === 0) {
          text += this.text.slice(from, this.at)
          this.at += 1
          return text
        }
      }
    }
    return text + this.text.slice(from)
  }

  /** A MIME token, possibly empty. */
  token(): OctetString {
    return asOctets(this.run(tokenRun))
  }

  /** The content of the quoted string that begins here, quoted pairs resolved. One without an end reaches to the end of the field. */
  quoted(): OctetString {
    let text = ''
    this.at += 1
    let from = this.at
    for (; this.at < this.text.length; this.at++) {
      const char = this.next
      if (char === '"') {
        text += this.text.slice(from, this.at)
        this.at += 1
        return asOctets(text)
      }
      if (char === '\\') {
        text += this.text.slice(from, this.at)
        from = this.at + 1
        this.at += 1
      }
    }
    return asOctets(text + this.text.slice(from))
  }
}
