// Reads secrets from standard input line by line, into memory that can be wiped.
import type { Readable } from 'node:stream'

/** Lines of a pipe or file, without their line ends. */
export class StdinLines {
  readonly #chunks: AsyncIterator<unknown>
  #rest = Buffer.alloc(0)
  #isEnded = false

  constructor(stdin: Readable) {
    this.#chunks = stdin[Symbol.asyncIterator]()
  }

  /** The next line, in memory of its own; undefined at the end. Throws RangeError when it is longer than `limitBytes`. */
  async next(limitBytes: number): Promise<Buffer | undefined> {
    for (;;) {
      const end = this.#rest.indexOf(0x0a)
      if (end > limitBytes + 1 || (end < 0 && this.#rest.length > limitBytes + 1)) {
        this.wipe()
        throw new RangeError('line is too long')
      }
      if (end >= 0) return this.#take(end, end + 1)
      if (this.#isEnded)
        return this.#rest.length === 0 ? undefined : this.#take(this.#rest.length, this.#rest.length)
      await this.#more()
    }
  }

  #take(end: number, next: number): Buffer {
    const length = end > 0 && this.#rest[end - 1] === 0x0d ? end - 1 : end
    const line = Buffer.alloc(length)
    this.#rest.copy(line, 0, 0, length)
    const rest = Buffer.alloc(this.#rest.length - next)
    this.#rest.copy(rest, 0, next)
    this.wipe()
    this.#rest = rest
    return line
  }

  async #more(): Promise<void> {
    const read = await this.#chunks.next()
    if (read.done) {
      this.#isEnded = true
      return
    }
    const chunk = Buffer.isBuffer(read.value) ? read.value : Buffer.from(String(read.value))
    const joined = Buffer.alloc(this.#rest.length + chunk.length)
    this.#rest.copy(joined)
    chunk.copy(joined, this.#rest.length)
    chunk.fill(0)
    this.wipe()
    this.#rest = joined
  }

  wipe(): void {
    this.#rest.fill(0)
    this.#rest = Buffer.alloc(0)
  }
}
