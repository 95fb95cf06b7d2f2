// Timers that run when a test says that time has passed.
import type { Timers } from '../../src/imap/timers.ts'

export class ManualTimers implements Timers {
  #now = 0
  #pending: { readonly delayMs: number; readonly dueAt: number; readonly run: () => void }[] = []

  after(delayMs: number, run: () => void): () => void {
    const timer = { delayMs, dueAt: this.#now + delayMs, run }
    this.#pending.push(timer)
    return () => {
      this.#pending = this.#pending.filter((other) => other !== timer)
    }
  }

  get pending(): number {
    return this.#pending.length
  }

  /** What the pending timers were set to. */
  get delays(): number[] {
    return this.#pending.map(({ delayMs }) => delayMs)
  }

  /** Runs, in order, what falls due within `durationMs`, also what is set meanwhile. */
  advance(durationMs: number): void {
    const end = this.#now + durationMs
    for (;;) {
      const next = this.#pending.filter(({ dueAt }) => dueAt <= end).sort((a, b) => a.dueAt - b.dueAt)[0]
      if (!next) break
      this.#now = next.dueAt
      this.#pending = this.#pending.filter((other) => other !== next)
      next.run()
    }
    this.#now = end
  }
}
