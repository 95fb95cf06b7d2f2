// Questions on a terminal that does not show UTF-8: plain ASCII, one line each, no drawing.
import type { Readable, Writable } from 'node:stream'
import { interrupted } from './failure.ts'

/** What is needed of a terminal. */
export interface Terminal {
  readonly input: Readable & { setRawMode?(isRaw: boolean): unknown }
  readonly output: Writable
  readonly signal: AbortSignal
}

const octetsAtMost = 8 * 1024
const enter = [0x0a, 0x0d]
const erase = [0x08, 0x7f]
/** ^C, ^D and ^U. */
const [interrupt, endOfInput, kill] = [0x03, 0x04, 0x15]

/** Whether what is written will be shown as it is meant, by the locale (POSIX.1-2017 §8.2) and the kind of terminal. */
export function showsUtf8(env: NodeJS.ProcessEnv): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(
    (value) => value !== undefined && value !== '',
  )
  const isDrawn = env['TERM'] !== 'linux' && env['TERM'] !== 'dumb'
  return isDrawn && /utf-?8/i.test(locale ?? '')
}

/** What was typed so far. Its bytes are wiped when they are not wanted any more. */
class Line {
  readonly #bytes = Buffer.alloc(octetsAtMost)
  #length = 0

  add(octet: number): boolean {
    if (this.#length === this.#bytes.length) return false
    this.#bytes[this.#length] = octet
    this.#length += 1
    return true
  }

  /** Takes the last character away, however many octets it has; false: there is none. */
  erase(): boolean {
    if (this.#length === 0) return false
    let octet: number
    do {
      this.#length -= 1
      octet = this.#bytes[this.#length] ?? 0
      this.#bytes[this.#length] = 0
    } while (this.#length > 0 && octet >= 0x80 && octet < 0xc0)
    return true
  }

  /** A copy, which is the caller's to wipe. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length))
    this.#bytes.fill(0)
    return taken
  }
}

/** A continuation octet of UTF-8 shows nothing of its own. */
const isShown = (octet: number): boolean => octet < 0x80 || octet >= 0xc0

/** Asks, and resolves to what was typed before the end of the line; unseen: a star for each character. Throws Failure 'interrupted'. */
export function askPlainly(
  { input, output, signal }: Terminal,
  question: string,
  isUnseen: boolean,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const line = new Line()
    const end = (): void => {
      input.off('data', read)
      input.off('end', giveUp)
      signal.removeEventListener('abort', giveUp)
      input.setRawMode?.(false)
      input.pause()
      output.write('\n')
    }
    const giveUp = (): void => {
      end()
      line.take().fill(0)
      reject(interrupted())
    }
    const take = (octet: number): void => {
      if (erase.includes(octet)) {
        if (line.erase()) output.write('\b \b')
      } else if (octet === kill) {
        while (line.erase()) output.write('\b \b')
      } else if (octet >= 0x20 && line.add(octet)) {
        if (!isUnseen) output.write(Buffer.of(octet))
        else if (isShown(octet)) output.write('*')
      }
    }
    const read = (chunk: Buffer): void => {
      for (const [index, octet] of chunk.entries()) {
        if (enter.includes(octet)) {
          const rest = Buffer.from(chunk.subarray(index + 1))
          chunk.fill(0)
          end()
          // What was typed ahead is for the next question.
          if (rest.length > 0) input.unshift(rest)
          resolve(line.take())
          return
        }
        if (octet === interrupt || octet === endOfInput) {
          chunk.fill(0)
          giveUp()
          return
        }
        take(octet)
      }
      chunk.fill(0)
    }
    if (signal.aborted) {
      reject(interrupted())
      return
    }
    output.write(`${question}: `)
    input.setRawMode?.(true)
    input.on('data', read)
    input.on('end', giveUp)
    signal.addEventListener('abort', giveUp, { once: true })
    input.resume()
  })
}
