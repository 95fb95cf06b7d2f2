// Input that has been pushed and not looked at, and waiting for more or for less of it.
import { deferred } from '../../base/async.ts'

/** Chunks in order of arrival. Bytes that were copied or must not stay can be overwritten as they are dropped. */
export class InputQueue {
  #chunks: Buffer[] = []
  #length = 0
  #isEnded = false
  #arrival = deferred<undefined>()
  #hunger = deferred<undefined>()

  /** Bytes held. */
  get length(): number {
    return this.#length
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0 || this.#isEnded) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
    this.#arrived()
  }

  /** Nothing more will come; what is held stays. */
  end(): void {
    this.#isEnded = true
    this.#arrived()
    this.#emptied()
  }

  /** Resolves at the next `push` or `end`. */
  arrival(): Promise<undefined> {
    return this.#arrival.promise
  }

  /** Resolves when nothing is held, or after `end`. */
  hunger(): Promise<undefined> {
    return this.#length === 0 || this.#isEnded ? Promise.resolve(undefined) : this.#hunger.promise
  }

  /** The bytes at the front, as many as lie together; undefined when there are none. */
  head(): Buffer | undefined {
    return this.#chunks[0]
  }

  /** Removes `count` bytes, at most those of `head`. */
  drop(count: number, isWiped: boolean): void {
    const head = this.#chunks[0]
    if (!head) return
    if (isWiped) head.fill(0, 0, count)
    if (count < head.length) this.#chunks[0] = head.subarray(count)
    else this.#chunks.shift()
    this.#length -= Math.min(count, head.length)
    if (this.#length === 0) this.#emptied()
  }

  /** Moves bytes into `target` from `at` on, until it is full or nothing is held. Returns how many. */
  copyTo(target: Buffer, at: number): number {
    let end = at
    for (let head = this.head(); head && end < target.length; head = this.head()) {
      const count = head.copy(target, end)
      end += count
      this.drop(count, true)
    }
    return end - at
  }

  /** Removes up to `most` bytes. Returns how many. */
  skip(most: number): number {
    let left = most
    for (let head = this.head(); head && left > 0; head = this.head()) {
      const count = Math.min(head.length, left)
      left -= count
      this.drop(count, false)
    }
    return most - left
  }

  /** Overwrites and forgets everything held. */
  clear(): void {
    for (const chunk of this.#chunks) chunk.fill(0)
    this.#chunks = []
    this.#length = 0
    this.#emptied()
  }

  /** Hands over everything held. */
  takeAll(): Buffer[] {
    const chunks = this.#chunks
    this.#chunks = []
    this.#length = 0
    this.#emptied()
    return chunks
  }

  #arrived(): void {
    const { resolve } = this.#arrival
    this.#arrival = deferred()
    resolve(undefined)
  }

  #emptied(): void {
    const { resolve } = this.#hunger
    this.#hunger = deferred()
    resolve(undefined)
  }
}
