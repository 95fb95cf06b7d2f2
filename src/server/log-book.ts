// What the server remembers of its own log: levels that commands change, the last lines, and counts. In memory, within bounds.
import type { LogControl, LogLine } from '../admin/log-control.ts'
import type { LogLevel } from '../base/ports.ts'

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** Of each: as many lines, and as many characters of JSON. */
const bounds = {
  lines: { count: 2000, length: 1_000_000 },
  troubles: { count: 300, length: 200_000 },
} as const
/** Events are a fixed vocabulary; that they stay few is a bound for what goes wrong. */
const eventsAtMost = 500
const partsAtMost = 50

/** The last texts, oldest first. */
class Ring {
  readonly #bound: { readonly count: number; readonly length: number }
  readonly #texts: string[] = []
  #first = 0
  #length = 0

  constructor(bound: { readonly count: number; readonly length: number }) {
    this.#bound = bound
  }

  add(text: string): void {
    this.#texts.push(text)
    this.#length += text.length
    while (this.#texts.length - this.#first > this.#bound.count || this.#length > this.#bound.length) {
      this.#length -= this.#texts[this.#first]?.length ?? 0
      this.#texts[this.#first] = ''
      this.#first += 1
    }
    // Moved together now and then, not with every line.
    if (this.#first > this.#bound.count) {
      this.#texts.splice(0, this.#first)
      this.#first = 0
    }
  }

  lines(): LogLine[] {
    return this.#texts.slice(this.#first).map((text) => JSON.parse(text) as LogLine)
  }
}

const partOf = (event: string): string => event.split('.', 1)[0] ?? event

export class LogBook implements LogControl {
  #level: LogLevel
  readonly #parts = new Map<string, LogLevel>()
  readonly #lines = new Ring(bounds.lines)
  readonly #troubles = new Ring(bounds.troubles)
  readonly #listeners = new Set<(line: LogLine) => void>()
  readonly #levels: Record<LogLevel, number> = { debug: 0, info: 0, warn: 0, error: 0 }
  readonly #events = new Map<string, number>()
  readonly #closing = new AbortController()

  constructor(level: LogLevel) {
    this.#level = level
  }

  get level(): LogLevel {
    return this.#level
  }

  get parts(): ReadonlyMap<string, LogLevel> {
    return this.#parts
  }

  get closing(): AbortSignal {
    return this.#closing.signal
  }

  setLevel(part: string | undefined, level: LogLevel | undefined): void {
    if (part === undefined) this.#level = level ?? this.#level
    else if (level === undefined) this.#parts.delete(part)
    else if (this.#parts.has(part) || this.#parts.size < partsAtMost) this.#parts.set(part, level)
  }

  /** Counts it. Whether it is to be written. */
  takes(level: LogLevel, event: string): boolean {
    this.#levels[level] += 1
    const count = this.#events.get(event)
    if (count !== undefined || this.#events.size < eventsAtMost) this.#events.set(event, (count ?? 0) + 1)
    const least = this.#parts.size > 0 ? (this.#parts.get(partOf(event)) ?? this.#level) : this.#level
    return order.indexOf(level) >= order.indexOf(least)
  }

  /** Keeps a line that was written: JSON, with what must not be in it already taken out. */
  keep(json: string): void {
    const text = json.trimEnd()
    this.#lines.add(text)
    if (/^\{"level":"(?:warn|error)"/.test(text)) this.#troubles.add(text)
    if (this.#listeners.size === 0) return
    const line = JSON.parse(text) as LogLine
    for (const listener of this.#listeners) listener(line)
  }

  lines(): readonly LogLine[] {
    return this.#lines.lines()
  }

  troubles(): readonly LogLine[] {
    return this.#troubles.lines()
  }

  follow(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  counts(): {
    readonly levels: Readonly<Record<LogLevel, number>>
    readonly events: ReadonlyMap<string, number>
  } {
    return { levels: { ...this.#levels }, events: new Map(this.#events) }
  }

  /** The server stops: whoever follows the log is let go. */
  close(): void {
    this.#closing.abort()
  }
}
