// Timers as a port, so that tests decide when time has passed.

/** Calls `run` once after `delayMs`, unless the returned function is called before. */
export interface Timers {
  after(delayMs: number, run: () => void): () => void
}

export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    // A connection that only waits must not keep a process alive that wants to end.
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** One deadline that can be put off: `start` again begins anew. */
export class Deadline {
  readonly #timers: Timers
  #cancel: (() => void) | undefined

  constructor(timers: Timers) {
    this.#timers = timers
  }

  start(delayMs: number, run: () => void): void {
    this.stop()
    this.#cancel = this.#timers.after(delayMs, () => {
      this.#cancel = undefined
      run()
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
