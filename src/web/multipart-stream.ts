// A form with large files in it (multipart/form-data, RFC 7578), read part by part as it comes, no faster than somebody takes it.
import type { IncomingMessage } from 'node:http'
import { secretBuffer, secretCopy } from '../base/secret.ts'
import { BodyRefused } from './body.ts'
import { headBytes, nameOf } from './multipart.ts'

export interface Part {
  readonly name: string
  /** As the browser gave it; undefined: it is no file. */
  readonly fileName: string | undefined
  /** To be read before the next part is asked for; what is left of it is skipped. Pieces are the reader's. */
  readonly content: AsyncIterable<Buffer>
}

/** Nothing at all for so long, or less than so much in a minute of waiting, is too slow. What the server itself takes does not count. */
const silenceMs = 30_000
const windowMs = 60_000
const bytesPerSecond = 2048
const blankLine = Buffer.from('\r\n\r\n')

function fileNameOf(head: string): string | undefined {
  const line = head.split('\r\n').find((one) => /^content-disposition:/i.test(one)) ?? ''
  const name = /;\s*filename="((?:[^"\\]|\\.)*)"/i.exec(line)?.[1]
  // Names come as UTF-8, read here as octets.
  return name === undefined ? undefined : Buffer.from(name, 'latin1').toString('utf8')
}

export interface Pace {
  readonly silenceMs?: number
  readonly windowMs?: number
  /** Octets of the whole body, head lines and all; no limit when absent. */
  readonly atMostBytes?: number
}

/** Throws BodyRefused: 400 for what is no such form or breaks off, 408 for one that is too slow, 413 for one that is too long. */
export class MultipartStream {
  readonly #pieces: AsyncIterator<Buffer>
  readonly #delimiter: Buffer
  readonly #pace: Required<Pace>
  #received = 0
  /** Since the window began: milliseconds of waiting, and octets that came. */
  #waitedMs = 0
  #cameBytes = 0
  /** What came and was not given out; it begins with a line end so that the first delimiter looks like the others. */
  #held: Buffer = Buffer.from('\r\n')
  #state: 'between' | 'inside' | 'over' = 'inside'

  constructor(incoming: Pick<IncomingMessage, 'iterator'>, boundary: string, pace: Pace = {}) {
    // The answer goes over the same connection: what is left unread must not close it.
    this.#pieces = incoming.iterator({ destroyOnReturn: false })
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
    this.#pace = { silenceMs, windowMs, atMostBytes: Infinity, ...pace }
  }

  /** A burst at the beginning buys nobody hours of trickling: each window counts for itself. */
  #keepPace(waitedMs: number, cameBytes: number): void {
    this.#received += cameBytes
    if (this.#received > this.#pace.atMostBytes) throw new BodyRefused(413)
    this.#waitedMs += waitedMs
    this.#cameBytes += cameBytes
    if (this.#waitedMs < this.#pace.windowMs) return
    if (this.#cameBytes < (this.#waitedMs / 1000) * bytesPerSecond) throw new BodyRefused(408)
    this.#waitedMs = 0
    this.#cameBytes = 0
  }

  /** Whether there was more. */
  async #pull(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new BodyRefused(408)), this.#pace.silenceMs)
    })
    const askedAt = performance.now()
    try {
      const next = await Promise.race([this.#pieces.next(), late])
      if (next.done === true) return false
      const { value } = next
      this.#keepPace(performance.now() - askedAt, value.length)
      const held = this.#held
      this.#held = Buffer.concat([held, value])
      held.fill(0)
      value.fill(0)
      return true
    } catch (error) {
      throw error instanceof BodyRefused ? error : new BodyRefused(400)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Octets up to the next delimiter, which is taken along. */
  async *#untilDelimiter(): AsyncGenerator<Buffer> {
    for (;;) {
      const found = this.#held.indexOf(this.#delimiter)
      // A delimiter may be half here.
      const sure = found >= 0 ? found : Math.max(0, this.#held.length - this.#delimiter.length)
      if (sure > 0) {
        const piece = this.#held.subarray(0, sure)
        this.#held = this.#held.subarray(sure)
        yield piece
      }
      if (found >= 0) {
        this.#held = this.#held.subarray(this.#delimiter.length)
        this.#state = 'between'
        return
      }
      if (!(await this.#pull())) throw new BodyRefused(400)
    }
  }

  async #skip(): Promise<void> {
    const rest = this.#untilDelimiter()
    for await (const piece of rest) piece.fill(0)
  }

  /** The next part; undefined behind the last one. */
  async next(): Promise<Part | undefined> {
    if (this.#state === 'over') return undefined
    if (this.#state === 'inside') await this.#skip()
    while (this.#held.length < 2 && (await this.#pull())) continue
    const after = this.#held.toString('latin1', 0, 2)
    if (after === '--') {
      this.#state = 'over'
      while (await this.#pull()) this.#held = Buffer.alloc(0)
      return undefined
    }
    let end = this.#held.indexOf(blankLine)
    while (end < 0 && this.#held.length <= headBytes && (await this.#pull()))
      end = this.#held.indexOf(blankLine)
    const head = end < 0 ? '' : this.#held.toString('latin1', 2, end)
    const name = nameOf(head)
    if (after !== '\r\n' || end < 0 || end > headBytes || name === undefined) throw new BodyRefused(400)
    // The line end before the delimiter may be the one that ends the head: a part may be empty.
    this.#held = this.#held.subarray(end + blankLine.length - 2)
    this.#state = 'inside'
    const content = this.#content()
    return { name, fileName: fileNameOf(head), content }
  }

  async *#content(): AsyncGenerator<Buffer> {
    // Without the line end of the head, which may come in two pieces.
    let skipped = 0
    for await (const piece of this.#untilDelimiter()) {
      const own = piece.subarray(2 - skipped)
      skipped = Math.min(2, skipped + piece.length)
      if (own.length > 0) yield own
    }
  }

  /** A small part as a whole. The caller wipes it. Throws BodyRefused 413. */
  static async whole({ content }: Part, limitBytes: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    let length = 0
    for await (const piece of content) {
      length += piece.length
      if (length > limitBytes) throw new BodyRefused(413)
      pieces.push(secretCopy(piece))
      piece.fill(0)
    }
    const whole = secretBuffer(length)
    let at = 0
    for (const piece of pieces) {
      at += piece.copy(whole, at)
      piece.fill(0)
    }
    return whole
  }

  /** Reads what is left, so that the browser listens to the answer. Never throws. */
  async drain(): Promise<void> {
    try {
      while (await this.next()) continue
    } catch {
      // It broke off: nobody listens.
    }
  }
}
