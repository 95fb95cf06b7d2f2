// The program's log: pino behind the Log port. JSON lines for machines, one plain line each for a terminal.
import { pino, type Logger } from 'pino'
import { logLineInWords } from '../admin/log-lines.ts'
import type { Log, LogFields, LogLevel } from '../base/ports.ts'
import { LogBook } from './log-book.ts'

export interface LogOptions {
  readonly level: LogLevel
  readonly format: 'auto' | 'json' | 'text'
}

/** Where lines go. */
export interface LogSink {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
}

/** Fields that nobody may log, whatever they hold. A list of what must not be there cannot be whole: it is the last net. */
const forbidden = [
  'password',
  'secret',
  'passphrase',
  'recoveryCode',
  'token',
  'key',
  'subject',
  'sender',
  'from',
  'to',
  'message',
  'body',
  'mailbox',
  'keyword',
] as const

const longestText = 200

function clean(fields: LogFields): LogFields {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      typeof value === 'string' && value.length > longestText ? `${value.slice(0, longestText)}...` : value,
    ]),
  )
}

const shades: Readonly<Record<string, string>> = { debug: '90', info: '32', warn: '33', error: '31' }

function asText(json: string, isColoured: boolean): string {
  const line = JSON.parse(json) as Record<string, string | number | boolean>
  const shade = (level: string, word: string): string =>
    isColoured ? `\u001b[${shades[level] ?? '0'}m${word}\u001b[0m` : word
  return `${logLineInWords(line, shade)}\n`
}

class PinoLog implements Log {
  readonly #pino: Logger
  readonly #book: LogBook

  constructor(given: Logger, book: LogBook) {
    this.#pino = given
    this.#book = book
  }

  write(level: LogLevel, event: string, fields: LogFields = {}): void {
    if (this.#book.takes(level, event)) this.#pino[level]({ event, ...clean(fields) })
  }

  with(fields: LogFields): Log {
    return new PinoLog(this.#pino.child(clean(fields)), this.#book)
  }
}

/**
 * A log on `sink`. Each line is written before `write` returns, so that none is missing after a crash. JSON lines begin with
 * `level` and `time`; `event` comes before its fields. `book` decides what is written, and remembers it.
 */
export function makeLog(
  { level, format }: LogOptions,
  sink: LogSink = process.stdout,
  book: LogBook = new LogBook(level),
): Log {
  const isText = format === 'text' || (format === 'auto' && sink.isTTY === true)
  const destination = {
    write(json: string) {
      sink.write(isText ? asText(json, sink.isTTY === true) : json)
      book.keep(json)
    },
  }
  return new PinoLog(
    pino(
      {
        level: 'debug', // the book has the levels, which commands change
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        redact: { paths: [...forbidden], censor: '[redacted]' },
      },
      destination,
    ),
    book,
  )
}
