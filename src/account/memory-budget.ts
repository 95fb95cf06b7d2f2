// How much opened mail may be in memory at once, over all sessions.

/** Grants memory in the order asked for. A holder must not wait for a peer before it gives back. */
export class MemoryBudget {
  readonly #totalBytes: number
  #usedBytes = 0
  readonly #queue: { readonly bytes: number; readonly grant: () => void }[] = []

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes
  }

  /** Resolves, with the function that gives it back, when `bytes` are free; more than the total counts as the total. */
  async reserve(bytes: number): Promise<() => void> {
    const wanted = Math.min(bytes, this.#totalBytes)
    if (this.#queue.length > 0 || this.#usedBytes + wanted > this.#totalBytes) {
      await new Promise<void>((grant) => this.#queue.push({ bytes: wanted, grant }))
    } else {
      this.#usedBytes += wanted
    }
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#usedBytes -= wanted
      this.#serve()
    }
  }

  #serve(): void {
    for (
      let next = this.#queue[0];
      next && this.#usedBytes + next.bytes <= this.#totalBytes;
      next = this.#queue[0]
    ) {
      this.#queue.shift()
      this.#usedBytes += next.bytes
      next.grant()
    }
  }
}
