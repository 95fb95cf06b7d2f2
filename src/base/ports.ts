// The only things that tests replace: the clock and the log. Randomness is not among them.

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Values that may be logged. Never a password, code, key, subject, mailbox name or message text. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** A log with a fixed vocabulary of events (`auth.failed`, `delivery.stored`, ...), one line an event. */
export interface Log {
  write(level: LogLevel, event: string, fields?: LogFields): void
  /** A log whose lines all carry these fields as well. */
  with(fields: LogFields): Log
}

export const silentLog: Log = {
  write() {
    /* drops the line */
  },
  with: () => silentLog,
}
