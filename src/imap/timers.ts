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

  /** `source`, with the deadline begun anew at every piece. */
  async *along(
    source: AsyncIterable<Buffer>,
    timeoutMs: number,
    expired: () => void,
  ): AsyncGenerator<Buffer> {
    this.start(timeoutMs, expired)
    try {
      for await (const part of source) {
        this.start(timeoutMs, expired)
        yield part
      }
    } finally {
      this.stop()
    }
  }

  /** `promise`, with the deadline over it. */
  async over<T>(promise: Promise<T>, timeoutMs: number, expired: () => void): Promise<T> {
    this.start(timeoutMs, expired)
    try {
      return await promise
    } finally {
      this.stop()
    }
  }
}
