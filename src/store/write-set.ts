// A transaction while it runs: the writes it has collected, and reads that go through them to what lies below.
import { maxKeyBytes, type BlobId, type Entry, type Key, type Range, type StagedBlob } from './store.ts'
import type { Transaction } from './store.ts'
import { checkBlobId, checkCount, checkKey, checkTransactionBytes, checkValue } from './checks.ts'
import { keyText, OrderedMap, type TextRange } from './ordered-map.ts'
import { covers, layOver, type PageRange } from './pages.ts'

/** What a transaction reads when it has not written a key itself. Does not change while the transaction runs. */
export interface Base {
  readonly version: number
  get(key: string): Promise<Uint8Array | undefined>
  getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>
  range(range: PageRange): AsyncIterable<readonly Entry[]>
}

export type BlobChange =
  | { readonly kind: 'attach'; readonly staged: StagedBlob }
  | { readonly kind: 'link' | 'unlink'; readonly blobId: Uint8Array }

/** Range bounds may be one byte longer than keys, so that "everything behind this key" can be said. */
export function rangeText(range: Range): PageRange {
  if (range.gte.length > maxKeyBytes + 1 || range.lt.length > maxKeyBytes + 1) {
    throw new RangeError('the bounds of a range are longer than any key')
  }
  return { gte: keyText(range.gte), lt: keyText(range.lt), limit: range.limit, reverse: range.reverse }
}

export class WriteSet implements Transaction {
  readonly version: number
  readonly blobChanges: BlobChange[] = []
  readonly #base: Base
  readonly #writes = new OrderedMap<Uint8Array | undefined>()
  #erased: TextRange[] = []
  #usageDelta = 0
  #quota: { readonly bytes: number | undefined } | undefined
  #bytes = 0
  #hasWritten = false
  #isOver = false

  constructor(base: Base) {
    this.version = base.version
    this.#base = base
  }

  async get(key: Key): Promise<Uint8Array | undefined> {
    this.#check()
    const text = keyText(key)
    if (this.#writes.has(text)) return this.#writes.get(text)
    return covers(this.#erased, text) ? undefined : this.#base.get(text)
  }

  async getMany(keys: readonly Key[]): Promise<(Uint8Array | undefined)[]> {
    this.#check()
    const texts = keys.map(keyText)
    const below = texts.filter((text) => !this.#writes.has(text) && !covers(this.#erased, text))
    const values = below.length > 0 ? await this.#base.getMany(below) : []
    const found = new Map(below.map((text, index) => [text, values[index]]))
    return texts.map((text) => (this.#writes.has(text) ? this.#writes.get(text) : found.get(text)))
  }

  async *range(range: Range): AsyncGenerator<readonly Entry[]> {
    this.#check()
    const text = rangeText(range)
    const base = (below: PageRange) => this.#base.range(below)
    const changes = this.#writes.slice(text.gte, text.lt)
    for await (const page of layOver(base, text, changes, this.#erased)) {
      this.#check()
      yield page
    }
  }

  put(key: Key, value: Uint8Array): void {
    checkValue(value)
    this.#write(key, Buffer.from(value))
  }

  delete(key: Key): void {
    this.#write(key, undefined)
  }

  #write(key: Key, value: Uint8Array | undefined): void {
    this.#check()
    checkKey(key)
    const text = keyText(key)
    if (this.#writes.has(text)) this.#bytes -= text.length + (this.#writes.get(text)?.length ?? 0)
    this.#bytes += text.length + (value?.length ?? 0)
    this.#writes.set(text, value)
    this.#hasWritten = true
    checkTransactionBytes(this.#bytes)
  }

  deleteRange(gte: Key, lt: Key): void {
    this.#check()
    const range = rangeText({ gte, lt })
    this.#hasWritten = true
    if (range.gte >= range.lt) return
    for (const [text, value] of this.#writes.slice(range.gte, range.lt)) {
      this.#bytes -= text.length + (value?.length ?? 0)
      this.#writes.delete(text)
    }
    this.#erased = [...this.#erased, range]
  }

  addUsage(bytes: number): void {
    this.#check()
    checkCount(bytes)
    this.#usageDelta += bytes
    if (bytes !== 0) this.#hasWritten = true
  }

  attach(staged: StagedBlob): void {
    this.#check()
    this.blobChanges.push({ kind: 'attach', staged })
    this.#hasWritten = true
  }
  link(blobId: BlobId): void {
    this.#blobChange('link', blobId)
  }
  unlink(blobId: BlobId): void {
    this.#blobChange('unlink', blobId)
  }
  #blobChange(kind: 'link' | 'unlink', blobId: BlobId): void {
    this.#check()
    checkBlobId(blobId)
    this.blobChanges.push({ kind, blobId: Buffer.from(blobId) })
    this.#hasWritten = true
  }

  setQuota(bytes: number | undefined): void {
    this.#check()
    if (bytes !== undefined) {
      checkCount(bytes)
      if (bytes < 0) throw new RangeError('a quota is not negative')
    }
    this.#quota = { bytes }
  }

  #check(): void {
    if (this.#isOver)
      throw new Error('the transaction is over: what was given to run is used after it settled')
  }

  /** After this every call throws: `run` has settled. */
  finish(): void {
    this.#isOver = true
  }

  get hasWritten(): boolean {
    return this.#hasWritten || this.#quota !== undefined
  }
  /** A quota is the site's, not the account's content: setting it alone leaves the version as it is. */
  get raisesVersion(): boolean {
    return this.#hasWritten
  }
  get usageDelta(): number {
    return this.#usageDelta
  }
  get quota(): { readonly bytes: number | undefined } | undefined {
    return this.#quota
  }

  /** All record writes, each key once, ranges turned into the deletions they come to. */
  async recordChanges(): Promise<[string, Uint8Array | undefined][]> {
    const changes = [...this.#writes.entries()]
    let bytes = this.#bytes
    const seen = new Set<string>()
    for (const range of this.#erased) {
      for await (const page of this.#base.range(range)) {
        for (const [key] of page) {
          const text = keyText(key)
          if (this.#writes.has(text) || seen.has(text)) continue
          seen.add(text)
          changes.push([text, undefined])
          bytes += text.length
          checkTransactionBytes(bytes)
        }
      }
    }
    return changes
  }
}
