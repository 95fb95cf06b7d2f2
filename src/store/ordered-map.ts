// A map with byte-string keys that can be walked in order. Keys are held as latin1 text: one character a byte, same order.
import { asBuffer } from '../base/bytes.ts'

/** The text form of a key: compares and hashes fast, and sorts as the bytes do. */
export function keyText(key: Uint8Array): string {
  return asBuffer(key).toString('latin1')
}

export function keyBytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

export interface TextRange {
  readonly gte: string
  readonly lt: string
}

/** Keys in text form. Walking is cheap after the first walk; until then nothing is sorted. */
export class OrderedMap<V> {
  readonly #entries: Map<string, V>
  #order: string[] | undefined

  constructor(from?: OrderedMap<V>) {
    this.#entries = new Map(from?.entries() ?? [])
    this.#order = from?.orderCopy()
  }

  get size(): number {
    return this.#entries.size
  }
  has(key: string): boolean {
    return this.#entries.has(key)
  }
  get(key: string): V | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: V): void {
    const isNew = !this.#entries.has(key)
    this.#entries.set(key, value)
    if (!isNew || !this.#order) return
    const last = this.#order.at(-1)
    if (last === undefined || last < key) this.#order.push(key)
    else this.#order.splice(firstAtLeast(this.#order, key), 0, key)
  }

  delete(key: string): void {
    if (!this.#entries.delete(key) || !this.#order) return
    this.#order.splice(firstAtLeast(this.#order, key), 1)
  }

  clear(): void {
    this.#entries.clear()
    this.#order = undefined
  }

  /** Entries in no particular order. */
  entries(): IterableIterator<[string, V]> {
    return this.#entries.entries()
  }

  orderCopy(): string[] | undefined {
    return this.#order?.slice()
  }

  /** A copy of the entries with `gte <= key < lt`, ascending. */
  slice(gte: string, lt: string): [string, V][] {
    if (this.#entries.size === 0) return []
    this.#order ??= [...this.#entries.keys()].sort(compareText)
    const from = firstAtLeast(this.#order, gte)
    const to = firstAtLeast(this.#order, lt)
    const found: [string, V][] = []
    for (let at = from; at < to; at += 1) {
      const key = this.#order[at] as string
      found.push([key, this.#entries.get(key) as V])
    }
    return found
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Index of the first element not below `key`; the length when there is none. */
function firstAtLeast(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
