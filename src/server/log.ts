// The program's log: pino behind the Log port. JSON lines for machines, one plain line each for a terminal.
import { pino, type Logger } from 'pino'
import type { Log, LogFields, LogLevel } from '../base/ports.ts'

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

/** `19:00:00 warn  auth.failed user=a@b rip=203.0.113.9` */
function asText(json: string, isColoured: boolean): string {
  const { time, level, event, ...rest } = JSON.parse(json) as Record<string, string | number | boolean>
  const word = String(level).padEnd(5)
  const shade = isColoured ? `\u001b[${shades[String(level)] ?? '0'}m${word}\u001b[0m` : word
  const fields = Object.entries(rest).map(([name, value]) => {
    const shown = String(value)
    return `${name}=${/^[\w.:@+/[\]-]+$/.test(shown) ? shown : JSON.stringify(shown)}`
  })
  return `${[String(time).slice(11, 19), shade, String(event), ...fields].join(' ')}\n`
}

class PinoLog implements Log {
  readonly #pino: Logger

  constructor(given: Logger) {
    this.#pino = given
  }

  write(level: LogLevel, event: string, fields: LogFields = {}): void {
    if (this.#pino.isLevelEnabled(level)) this.#pino[level]({ event, ...clean(fields) })
  }

  with(fields: LogFields): Log {
    return new PinoLog(this.#pino.child(clean(fields)))
  }
}

/**
 * A log on `sink`. Each line is written before `write` returns, so that none is missing after a crash. JSON lines begin with
 * `level` and `time`; `event` comes before its fields.
 */
export function makeLog({ level, format }: LogOptions, sink: LogSink = process.stdout): Log {
  const isText = format === 'text' || (format === 'auto' && sink.isTTY === true)
  const destination = isText
    ? { write: (json: string) => sink.write(asText(json, sink.isTTY === true)) }
    : { write: (json: string) => sink.write(json) }
  return new PinoLog(
    pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        redact: { paths: [...forbidden], censor: '[redacted]' },
      },
      destination,
    ),
  )
}
