// Where commands write: data to standard output, talk to standard error.
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { paintFor, type Paint } from './paint.ts'
import { showsUtf8 } from './plain-ask.ts'
import { harmless, inAscii } from './words.ts'

/** The streams of the process, or what tests put in their place. */
export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
}

export interface View {
  /** One line of data on standard output. */
  out(line: string): void
  /**
   * Bytes of data on standard output, as they are; on a terminal without what could drive it. Resolves when more can be taken.
   */
  data(bytes: Uint8Array): Promise<void>
  /** One line for people on standard error; nothing with `--quiet`. */
  talk(line: string): void
  /** One line on standard error that even `--quiet` does not hide. */
  alarm(line: string): void
  /** Replaces the last line on standard error when that is a terminal; '' removes it. */
  status(line: string): void
  readonly outPaint: Paint
  readonly talkPaint: Paint
  /** Somebody can be asked: standard input and standard error are terminals. */
  readonly isInteractive: boolean
  readonly isTerminal: boolean
  /** Columns to write in: at most 80. */
  readonly columns: number
  readonly isQuiet: boolean
}

export function makeView(
  streams: Streams,
  env: NodeJS.ProcessEnv,
  options: { readonly isQuiet?: boolean; readonly isColoured?: boolean } = {},
): View {
  const { stdout, stderr, stdin } = streams
  const isQuiet = options.isQuiet ?? false
  const isTerminal = stderr.isTTY === true
  let isStatusShown = false
  const decoder = new TextDecoder()
  const isAscii = !showsUtf8(env)
  const inWords = (line: string, stream: { readonly isTTY?: boolean }): string =>
    isAscii && stream.isTTY === true ? inAscii(line) : line
  const clear = () => {
    if (isStatusShown) stderr.write('\r\x1b[2K')
    isStatusShown = false
  }
  const alarm = (line: string) => {
    clear()
    stderr.write(`${inWords(line, stderr)}\n`)
  }
  return {
    isQuiet,
    isTerminal,
    isInteractive: stdin.isTTY === true && isTerminal,
    columns: Math.min(80, (isTerminal ? stderr.columns : undefined) || 80),
    outPaint: paintFor(stdout, env, options.isColoured),
    talkPaint: paintFor(stderr, env, options.isColoured),
    out(line) {
      clear()
      stdout.write(`${inWords(line, stdout)}\n`)
    },
    async data(bytes) {
      clear()
      const isShown = stdout.isTTY === true
      const written = isShown ? stdout.write(harmless(decoder.decode(bytes, { stream: true }))) : undefined
      // A copy: whoever gave them wipes them.
      if (written ?? stdout.write(Buffer.from(bytes))) return
      await once(stdout, 'drain')
    },
    talk(line) {
      if (!isQuiet) alarm(line)
    },
    alarm,
    status(line) {
      clear()
      if (isQuiet || !isTerminal || line === '') return
      stderr.write(inWords(line, stderr))
      isStatusShown = true
    },
  }
}
