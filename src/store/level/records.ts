// All records: one LevelDB database that is never written to again after a failed write, but reopened.
import type { Log } from '../../base/ports.ts'
import { Damaged, Unavailable } from '../errors.ts'
import { storeError } from './faults.ts'
import type { FileOperations } from './bodies/files.ts'
import { commitNumberKey, decodeCommitNumber, encodeCommitNumber } from './layout.ts'
import type { OpenRecords, RecordHandle, RecordOp, RecordRange, RecordSnapshot } from './record-handle.ts'

/** Reads of durable records. Errors are store errors. */
export interface RecordReader {
  get(key: Buffer): Buffer | undefined
  getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]>
  range(range: RecordRange): AsyncIterable<[Buffer, Buffer][]>
}

/** One moment of the records. Bound to one opening of the database: after a reopening it is Unavailable. */
class View implements RecordReader {
  readonly #handle: RecordHandle
  readonly #snapshot: RecordSnapshot | undefined

  constructor(handle: RecordHandle, snapshot?: RecordSnapshot) {
    this.#handle = handle
    this.#snapshot = snapshot
  }
  get(key: Buffer): Buffer | undefined {
    try {
      return this.#handle.get(key, this.#snapshot)
    } catch (error) {
      throw storeError(error, 'reading a record')
    }
  }
  async getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]> {
    try {
      return await this.#handle.getMany(keys, this.#snapshot)
    } catch (error) {
      throw storeError(error, 'reading records')
    }
  }
  async *range(range: RecordRange): AsyncGenerator<[Buffer, Buffer][]> {
    try {
      yield* this.#handle.range(range, this.#snapshot)
    } catch (error) {
      throw storeError(error, 'reading records')
    }
  }
  async close(): Promise<void> {
    await this.#snapshot?.close()
  }
}

export interface RecordsOptions {
  readonly path: string
  readonly open: OpenRecords
  readonly files: FileOperations
  readonly log: Log
  /** Reopening after a failure is tried at most this often. */
  readonly retryMs: number
}

export class Records implements RecordReader {
  readonly #options: RecordsOptions
  #handle: RecordHandle | undefined
  #commitNumber = 0
  /** Why nothing is written; undefined: all is well. */
  #stopped: Unavailable | Damaged | undefined
  #reopening: Promise<void> | undefined
  #lastAttemptMs = -Infinity
  #failedWrites = 0
  /** Called when a batch that was reported as of unknown outcome turns out to be there: cached state is stale. */
  onReappeared: () => void = () => undefined

  constructor(options: RecordsOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    await this.#openHandle()
    this.#commitNumber = this.#readCommitNumber()
  }

  async #openHandle(): Promise<void> {
    try {
      this.#handle = await this.#options.open(this.#options.path, false)
    } catch (error) {
      throw storeError(error, 'opening the records')
    }
  }

  #readCommitNumber(): number {
    const bytes = this.get(commitNumberKey)
    return bytes ? decodeCommitNumber(bytes) : 0
  }

  get failedWrites(): number {
    return this.#failedWrites
  }

  #live(): View {
    if (this.#stopped instanceof Damaged) throw this.#stopped
    if (!this.#handle) throw this.#stopped ?? new Unavailable('closed', 'the store is closed')
    return new View(this.#handle)
  }

  get(key: Buffer): Buffer | undefined {
    return this.#live().get(key)
  }
  getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]> {
    return this.#live().getMany(keys)
  }
  range(range: RecordRange): AsyncIterable<[Buffer, Buffer][]> {
    return this.#live().range(range)
  }
  view(): View {
    this.#live()
    const handle = this.#handle as RecordHandle
    return new View(handle, handle.snapshot())
  }

  /** Resolves when the records can be read, after an attempt to reopen them if that is what it takes. */
  async ready(): Promise<void> {
    if (this.#reopening) await this.#reopening.catch(() => undefined)
    if (!this.#handle && this.#stopped) await this.#reopen()
  }

  /**
   * Writes one batch, durably; one call at a time. After a failure the database is reopened to learn whether the batch
   * is there; when that cannot be learned, the rejection says `isOutcomeUnknown`.
   */
  async write(ops: readonly RecordOp[]): Promise<void> {
    if (this.#stopped) await this.#recover()
    this.#live()
    const number = this.#commitNumber + 1
    const counted = [...ops, { key: commitNumberKey, value: encodeCommitNumber(number) }]
    try {
      await (this.#handle as RecordHandle).write(counted)
      this.#commitNumber = number
      return
    } catch (error) {
      this.#failedWrites += 1
      const failure = storeError(error, 'writing records')
      const reason = failure instanceof Unavailable ? failure.reason : 'io'
      this.#stopped = new Unavailable(reason, failure.message, { cause: error })
      this.#options.log.write('error', 'store.write-failed', { reason })
      try {
        await this.#reopen(number)
      } catch {
        const unknown = { cause: error, isOutcomeUnknown: true }
        throw new Unavailable(reason, failure.message, unknown)
      }
      if (this.#commitNumber === number) return // it is there, and was made durable by the reopening
      throw new Unavailable(reason, failure.message, { cause: error })
    }
  }

  async #recover(): Promise<void> {
    const before = this.#commitNumber
    await this.#reopen()
    if (this.#commitNumber === before) return
    throw new Unavailable('io', 'the store has just recovered: try again')
  }

  /** `own`: the batch whose fate the caller is waiting for. */
  async #reopen(own?: number): Promise<void> {
    this.#reopening ??= this.#tryReopen(own).finally(() => {
      this.#reopening = undefined
    })
    await this.#reopening
  }

  async #tryReopen(own: number | undefined): Promise<void> {
    const stopped = this.#stopped
    if (!stopped) return
    if (stopped instanceof Damaged || stopped.reason === 'closed') throw stopped
    if (own === undefined && performance.now() - this.#lastAttemptMs < this.#options.retryMs) throw stopped
    this.#lastAttemptMs = performance.now()
    // Without room, opening would fail and reading would go with it: the handle we have still reads.
    if (this.#handle && stopped.reason === 'disk-full' && !(await this.#hasRoom())) throw stopped
    const old = this.#handle
    this.#handle = undefined
    await old?.close().catch(() => undefined)
    await this.#openHandle()
    this.#stopped = undefined
    const number = this.#readCommitNumber()
    if (number !== this.#commitNumber && number !== this.#commitNumber + 1) {
      this.#stopped = new Damaged(
        `after reopening the records end at batch ${number}, but batch ${this.#commitNumber} was durable`,
      )
      this.#options.log.write('error', 'store.records-lost', { found: number, expected: this.#commitNumber })
      throw this.#stopped
    }
    const hasReappeared = number !== this.#commitNumber && number !== own
    this.#commitNumber = number
    this.#options.log.write('warn', 'store.reopened', { hasReappeared })
    if (hasReappeared) this.onReappeared()
  }

  /** Opening rewrites LevelDB's log into tables before it removes the log. */
  async #hasRoom(): Promise<boolean> {
    const { files, path } = this.#options
    const logs = (await files.list(path)).filter((name) => name.endsWith('.log'))
    const sizes = await Promise.all(logs.map((name) => files.size(`${path}/${name}`)))
    const needed = sizes.reduce((sum, size) => sum + size, 1024 * 1024)
    return (await files.freeBytes(path)) >= needed
  }

  async compact(gte: Buffer, lt: Buffer): Promise<void> {
    try {
      await this.#handle?.compact(gte, lt)
    } catch (error) {
      throw storeError(error, 'compacting records')
    }
  }

  async close(): Promise<void> {
    await this.#reopening?.catch(() => undefined)
    this.#stopped = new Unavailable('closed', 'the store is closed')
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }
}
