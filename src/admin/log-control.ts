// What admin commands see of the running server's log: its levels, its last lines, how often what happened.
import type { LogLevel } from '../base/ports.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[]

/** A line as it was written: `level`, `time` (ISO 8601), `event`, and its fields. */
export type LogLine = Readonly<Record<string, string | number | boolean>>

export interface LogControl {
  /** Least level that is written, of everything and of parts, by the first word of their events. */
  readonly level: LogLevel
  readonly parts: ReadonlyMap<string, LogLevel>
  /** Until the server ends. `part` undefined: everything that has no level of its own; `level` undefined: a part has none any more. */
  setLevel(part: string | undefined, level: LogLevel | undefined): void
  /** The last lines, oldest first, as far as they are kept in memory. */
  lines(): readonly LogLine[]
  /** The same of warnings and errors alone, which last longer. */
  troubles(): readonly LogLine[]
  /** Calls `listener` with each line, which must only take note, until the returned function is called. */
  follow(listener: (line: LogLine) => void): () => void
  /** Aborted when the server stops: who follows must end. */
  readonly closing: AbortSignal
  /** Lines by level, and how often each event happened, since the start; what was not written counts too. */
  counts(): {
    readonly levels: Readonly<Record<LogLevel, number>>
    readonly events: ReadonlyMap<string, number>
  }
}
