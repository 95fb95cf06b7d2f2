// Everything under way in a store, so that closing can wait for it and can end what waits for somebody else.
import { deferred } from '../../base/async.ts'
import { Unavailable } from '../errors.ts'

export class Operations {
  #underWay = 0
  #isClosing = false
  readonly #waiters = new Set<(error: Error) => void>()
  readonly #ended = deferred<undefined>()

  #check(): void {
    if (this.#isClosing) throw this.#closed()
  }
  #closed(): Unavailable {
    return new Unavailable('closed', 'the store is closed')
  }

  async run<T>(operation: () => Promise<T>): Promise<T> {
    this.#check()
    this.#underWay += 1
    try {
      return await operation()
    } finally {
      this.#underWay -= 1
      if (this.#isClosing && this.#underWay === 0) this.#ended.resolve(undefined)
    }
  }

  /** `closed` rejects when the store begins to close. */
  async runUntilClosed<T>(operation: (closed: Promise<never>) => Promise<T>): Promise<T> {
    return this.run(async () => {
      // One promise an operation: races against one that lives as long as the store would pile up on it.
      const { promise, reject } = deferred<never>()
      promise.catch(() => undefined)
      this.#waiters.add(reject)
      try {
        return await operation(promise)
      } finally {
        this.#waiters.delete(reject)
      }
    })
  }

  /** Refuses everything new and resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const reject of this.#waiters) reject(this.#closed())
    if (this.#underWay > 0) await this.#ended.promise
  }
}
