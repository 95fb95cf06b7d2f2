// Secrets on a page: spliced into the rendered bytes, so that they are in no string of the page and can be wiped once it is sent.
import { secretBuffer } from '../base/secret.ts'
import { randomToken } from '../crypto/random.ts'

/** What needs no escaping in an attribute, in text and in a data: URL. */
const safeOctets = /^[\w.~!*()/:;,=%+-]*$/

export class Reveal {
  readonly #secrets: Buffer[] = []
  /** Stored text that looks like a mark cannot know this page's. */
  readonly #nonce = randomToken()

  /** A mark that stands for the bytes until the page is rendered. Takes the bytes over. */
  mark(bytes: Buffer): string {
    if (!bytes.every((octet) => safeOctets.test(String.fromCharCode(octet))))
      throw new RangeError('such bytes would have to be escaped')
    this.#secrets.push(bytes)
    return `\uE000${this.#nonce}.${this.#secrets.length - 1}\uE001`
  }

  /** The page's bytes, in memory that can be wiped. Marks that somebody else wrote stand for nothing. */
  splice(html: string): Buffer {
    const parts = html.split(new RegExp(`\uE000${this.#nonce}\\.(\\d+)\uE001`))
    const pieces = parts.map((part, index) =>
      index % 2 === 0 ? Buffer.from(part, 'utf8') : (this.#secrets[Number(part)] ?? Buffer.alloc(0)),
    )
    const page = secretBuffer(pieces.reduce((sum, piece) => sum + piece.length, 0))
    let at = 0
    for (const piece of pieces) at += piece.copy(page, at)
    return page
  }

  wipe(): void {
    for (const bytes of this.#secrets) bytes.fill(0)
  }
}
