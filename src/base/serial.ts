// A one-at-a-time queue: the per-account write lock.

/** Runs tasks one after another, in the order given. A task that fails does not stop the next. */
export class Serial {
  #tail: Promise<unknown> = Promise.resolve()
  #waiting = 0

  /** Resolves or rejects as `task` does, once its turn has come and it has ended. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#waiting += 1
    const result = this.#tail.then(task).finally(() => {
      this.#waiting -= 1
    })
    this.#tail = result.catch(() => undefined)
    return result
  }

  /** Tasks that have not ended. */
  get waiting(): number {
    return this.#waiting
  }

  /** Resolves when everything queued so far has ended. */
  async idle(): Promise<void> {
    await this.#tail
  }
}
