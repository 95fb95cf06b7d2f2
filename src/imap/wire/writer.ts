// Responses: the only place that decides between atom, quoted string and literal.
import { asBuffer, utf8 } from '../../base/bytes.ts'
import { formatInternalDate } from '../../mail/date.ts'
import { encodeUtf7 } from '../../mail/utf7.ts'
import { formatResponseCode, type ResponseCode } from './response-code.ts'
import { isAstringAtom, quotedForm } from './string-form.ts'

/** OK, NO and BAD end commands; BYE and PREAUTH are only ever untagged (RFC 3501 §7.1). */
export type StatusKind = 'OK' | 'NO' | 'BAD'

/** Sizes of the buffers that short writes are gathered in: from small, because an idle session needs none, to large. */
const firstPageBytes = 512
/** What is sent at once, and the answer that goes beyond it, mostly stand in one. */
const lastPageBytes = 72 * 1024
/** So much text is gathered before it is written: each write costs as much as putting together many short pieces. */
const gatheredChars = 1024
/** Longer byte strings are kept by reference instead of copied. */
const copiedBytes = 4 * 1024

/** Gathers responses into few buffers. Calls chain. Long byte strings are kept by reference: do not change them afterwards. */
export class ResponseWriter {
  /** UTF8=ACCEPT is enabled: mailbox names go out as UTF-8. */
  isUtf8: boolean = false
  #done: Buffer[] = []
  #page: Buffer = Buffer.alloc(0)
  /** Text behind what is written. */
  #text = ''
  /** What of the page is in `#done`, and what is written. */
  #from = 0
  #to = 0
  #sizeBytes = 0
  #isInside = false
  /** Of the next page: a long answer goes on as long as it was, and after a short one it is small again. */
  #nextPageBytes = firstPageBytes

  /** A response was begun by `untagged` and is not at its end. */
  get isInside(): boolean {
    return this.#isInside
  }

  /** Bytes written and not yet taken. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Hands over what was written, in order, and begins anew. */
  take(): Buffer[] {
    this.#writeText()
    this.#cutPage()
    this.#nextPageBytes = Math.min(Math.max(this.#sizeBytes, firstPageBytes), lastPageBytes)
    const taken = this.#done
    this.#done = []
    this.#sizeBytes = 0
    this.#page = Buffer.alloc(0)
    this.#from = 0
    this.#to = 0
    return taken
  }

  /** `* `: begins an untagged response; close it with `end()`. */
  untagged(): this {
    this.#isInside = true
    return this.text('* ')
  }

  /** CR LF. */
  end(): this {
    this.#isInside = false
    return this.text('\r\n')
  }

  /** `* ` + text + CR LF; ASCII that the caller vouches for. */
  untaggedLine(text: string): this {
    return this.text(`* ${text}\r\n`)
  }

  /** Tagged status response. `text` is made fit to print. */
  tagged(tag: string, kind: StatusKind, text: string, code?: ResponseCode): this {
    return this.#status(tag, kind, text, code)
  }

  /** Untagged status response. `text` is made fit to print. */
  untaggedStatus(kind: StatusKind | 'BYE' | 'PREAUTH', text: string, code?: ResponseCode): this {
    return this.#status('*', kind, text, code)
  }

  /** `+ ` text CR LF. The space is there even when the text is empty: some clients insist on it. */
  continuation(text: string): this {
    return this.text(`+ ${text}\r\n`)
  }

  /** ASCII as it is: atoms, spaces, parentheses. */
  text(ascii: string): this {
    this.#text += ascii
    this.#sizeBytes += ascii.length
    if (this.#text.length >= gatheredChars) this.#writeText()
    return this
  }

  /** Ready-made wire bytes as they are. */
  bytes(bytes: Uint8Array): this {
    this.#writeText()
    this.#put(bytes)
    this.#sizeBytes += bytes.length
    return this
  }

  #put(bytes: Uint8Array): void {
    if (bytes.length > copiedBytes) {
      this.#cutPage()
      this.#done.push(asBuffer(bytes))
      return
    }
    if (this.#to + bytes.length > this.#page.length) this.#turnPage(bytes.length)
    this.#page.set(bytes, this.#to)
    this.#to += bytes.length
  }

  #writeText(): void {
    const text = this.#text
    if (text === '') return
    this.#text = ''
    if (this.#to + text.length > this.#page.length) {
      if (text.length > copiedBytes) {
        this.#put(Buffer.from(text, 'latin1'))
        return
      }
      this.#turnPage(text.length)
    }
    this.#to += this.#page.write(text, this.#to, 'latin1')
  }

  number(value: number): this {
    return this.text(String(value))
  }

  /** An atom if it can be one, else as `string`. */
  astring(value: string | Uint8Array): this {
    const bytes = toBytes(value)
    return isAstringAtom(bytes) ? this.bytes(bytes) : this.string(bytes)
  }

  /** Quoted if it can be, else a literal. */
  string(value: string | Uint8Array): this {
    const bytes = toBytes(value)
    const quoted = quotedForm(bytes)
    return quoted ? this.bytes(quoted) : this.literal(bytes)
  }

  /** NIL for undefined. */
  nstring(value: string | Uint8Array | undefined): this {
    return value === undefined ? this.text('NIL') : this.string(value)
  }

  /** `{n}` CR LF and the bytes, whatever they are. */
  literal(bytes: Uint8Array): this {
    return this.literalHead(bytes.length).bytes(bytes)
  }

  /** Only `{n}` CR LF: exactly `sizeBytes` must follow by `bytes`. */
  literalHead(sizeBytes: number): this {
    return this.text(`{${sizeBytes}}\r\n`)
  }

  /** A mailbox name: modified UTF-7, or quoted UTF-8 when that is enabled (RFC 6855 §3). */
  mailbox(name: string): this {
    const bytes = this.isUtf8 ? utf8(name) : Buffer.from(encodeUtf7(name), 'latin1')
    if (isAstringAtom(bytes)) return this.bytes(bytes)
    const quoted = quotedForm(bytes, this.isUtf8)
    return quoted ? this.bytes(quoted) : this.literal(bytes)
  }

  /** `(` flags `)`. */
  flags(flags: readonly string[]): this {
    return this.text(`(${flags.join(' ')})`)
  }

  /** Quoted date-time. */
  dateTime(epochMs: number, zoneMinutes: number): this {
    return this.text(`"${formatInternalDate(epochMs, zoneMinutes)}"`)
  }

  #status(tag: string, kind: string, text: string, code: ResponseCode | undefined): this {
    const bracket = code === undefined ? '' : `[${formatResponseCode(code)}] `
    return this.text(`${tag} ${kind} ${bracket}${printable(text, code === undefined)}\r\n`)
  }

  /** Moves what the page holds to `#done`; the rest of the page stays in use. */
  #cutPage(): void {
    if (this.#to === this.#from) return
    this.#done.push(this.#page.subarray(this.#from, this.#to))
    this.#from = this.#to
  }

  #turnPage(neededBytes: number): void {
    this.#cutPage()
    this.#page = Buffer.allocUnsafe(Math.max(this.#nextPageBytes, neededBytes))
    this.#nextPageBytes = Math.min(4 * this.#page.length, lastPageBytes)
    this.#from = 0
    this.#to = 0
  }
}

function toBytes(value: string | Uint8Array): Buffer {
  return typeof value === 'string' ? utf8(value) : asBuffer(value)
}

/** RFC 3501 §9: `text` is one or more TEXT-CHARs, ASCII without CR and LF. Without a code it must not look like one. */
function printable(text: string, isBare: boolean): string {
  const ascii = text.replace(/[^\x20-\x7e]/g, '?')
  return (isBare ? ascii.replace(/^\[/, '(') : ascii) || 'Done'
}
