// One account in memory: its write queue, and the writes that are prepared but not yet durable, which later ones build on.
import { hex } from '../../base/bytes.ts'
import { deferred } from '../../base/async.ts'
import { Serial } from '../../base/serial.ts'
import { Unavailable } from '../errors.ts'
import { OrderedMap } from '../ordered-map.ts'
import { layOver, type PageRange } from '../pages.ts'
import type { Entry } from '../store.ts'
import type { Commit, Committer } from './committer.ts'
import { accountKeyPrefix, accountSuffix, decodeAccount, segmentKind, type AccountRecord } from './layout.ts'
import type { RecordOp } from './record-handle.ts'
import type { RecordReader } from './records.ts'

/** A record of the account, named by its key without the account's prefix, as text. */
export interface AccountOp {
  readonly suffix: string
  /** undefined: delete. */
  readonly value: Uint8Array | undefined
}

/** What a task wants written. */
export interface Draft<T> {
  readonly value: T
  readonly ops: readonly AccountOp[]
  /** Records outside the account, written in the same batch. */
  readonly siteOps?: readonly RecordOp[]
  /** Must resolve before the ops may be written: bodies made durable. Called at most once. */
  readonly sync?: () => Promise<void>
  /** Called once when the ops, if there are any, are durable, or with the reason why they are not. */
  readonly settled?: (failure: Error | undefined) => void
}

class PendingCommit implements Commit {
  readonly ops: readonly RecordOp[]
  readonly suffixes: readonly AccountOp[]
  readonly bytes: number
  readonly #owner: Account
  readonly #settled: ((failure: Error | undefined) => void) | undefined
  readonly #done = deferred<undefined>()
  isReady = false
  isSubmitted = false
  isDropped = false

  constructor(owner: Account, draft: Draft<unknown>, toOp: (op: AccountOp) => RecordOp) {
    this.#owner = owner
    this.#settled = draft.settled
    this.suffixes = draft.ops
    this.ops = [...draft.ops.map(toOp), ...(draft.siteOps ?? [])]
    this.bytes = this.ops.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0)
    this.#done.promise.catch(() => undefined) // whoever waits hears of it
  }
  get done(): Promise<undefined> {
    return this.#done.promise
  }
  settle(failure: Error | undefined): void {
    if (!this.isDropped) this.#owner.settle(this, failure)
  }
  finish(failure: Error | undefined): void {
    this.#settled?.(failure)
    if (failure) this.#done.reject(failure)
    else this.#done.resolve(undefined)
  }
}

/** Reads of one account by one task: through writes that are not yet durable, to the records. */
export interface AccountView {
  get(suffix: string): Uint8Array | undefined
  getMany(suffixes: readonly string[]): Promise<(Uint8Array | undefined)[]>
  range(kind: string, range: PageRange): AsyncIterable<readonly Entry[]>
  account(): AccountRecord | undefined
}

export class Account {
  readonly id: Buffer
  readonly hex: string
  readonly watchers: Set<(version: number) => void> = new Set()
  readonly #prefix: Buffer
  readonly #records: RecordReader
  readonly #committer: Committer
  readonly #queue = new Serial()
  readonly #overlay = new OrderedMap<{ value: Uint8Array | undefined; commit: PendingCommit }>()
  readonly #oftenUsed = new Map<string, Buffer>()
  #pending: PendingCommit[] = []
  /** Raised whenever prepared writes are thrown away: what ran on top of them is void. */
  #epoch = 0
  #lastFailure: Error | undefined

  constructor(id: Uint8Array, records: RecordReader, committer: Committer) {
    this.id = Buffer.from(id)
    this.hex = hex(id)
    this.#prefix = accountKeyPrefix(id)
    this.#records = records
    this.#committer = committer
  }

  /** True when nothing is under way: the object can be forgotten and made anew. */
  get isIdle(): boolean {
    return this.#queue.waiting === 0 && this.#pending.length === 0 && this.watchers.size === 0
  }

  /** The full key. The one buffer for each of the keys that nearly every commit writes: see Committer. */
  key(suffix: string): Buffer {
    const known = this.#oftenUsed.get(suffix)
    if (known) return known
    const key = Buffer.allocUnsafe(this.#prefix.length + suffix.length)
    key.set(this.#prefix)
    key.write(suffix, this.#prefix.length, 'latin1')
    if (suffix === accountSuffix || suffix.startsWith(segmentKind)) this.#oftenUsed.set(suffix, key)
    return key
  }

  /** The account's record as it is durably, in `reader`. */
  durable(reader: RecordReader = this.#records): AccountRecord | undefined {
    const bytes = reader.get(this.key(accountSuffix))
    return bytes && decodeAccount(bytes)
  }

  /** Entries of one kind of record in `reader`, keys without prefix and kind. */
  async *entries(reader: RecordReader, kind: string, range: PageRange): AsyncGenerator<readonly Entry[]> {
    const skip = this.#prefix.length + kind.length
    const { limit, reverse } = range
    const bounds = { gte: this.key(kind + range.gte), lt: this.key(kind + range.lt), limit, reverse }
    for await (const page of reader.range(bounds)) {
      yield page.map(([key, value]) => [key.subarray(skip), value] as const)
    }
  }

  /**
   * Runs `prepare` when all earlier tasks of the account have been prepared, and resolves with its value when its ops,
   * and all it ran on top of, are durable.
   */
  async change<T>(prepare: (view: AccountView) => Promise<Draft<T>>): Promise<T> {
    const prepared = await this.#queue.run(async () => {
      const epoch = this.#epoch
      let draft: Draft<T>
      try {
        draft = await prepare(this.#view(epoch))
      } catch (error) {
        this.#checkEpoch(epoch) // what it saw may never have been: then this is the better reason
        throw error
      }
      try {
        this.#checkEpoch(epoch)
      } catch (error) {
        draft.settled?.(error as Error)
        throw error
      }
      if (draft.ops.length > 0) return { value: draft.value, commit: this.#enqueue(draft) }
      return { value: draft.value, commit: this.#pending.at(-1) }
    })
    await prepared.commit?.done
    return prepared.value
  }

  #view(epoch: number): AccountView {
    const view: AccountView = {
      get: (suffix) => {
        this.#checkEpoch(epoch)
        const pending = this.#overlay.get(suffix)
        return pending ? pending.value : this.#records.get(this.key(suffix))
      },
      getMany: async (suffixes) => {
        this.#checkEpoch(epoch)
        const values = suffixes.map((suffix) => this.#overlay.get(suffix))
        const missing = suffixes.filter((_, index) => !values[index])
        const found = await this.#records.getMany(missing.map((suffix) => this.key(suffix)))
        this.#checkEpoch(epoch)
        let next = 0
        return values.map((pending) => (pending ? pending.value : found[next++]))
      },
      range: (kind, range) => this.#range(epoch, kind, range),
      account: () => {
        const bytes = view.get(accountSuffix)
        return bytes && decodeAccount(bytes)
      },
    }
    return view
  }

  async *#range(epoch: number, kind: string, range: PageRange): AsyncGenerator<readonly Entry[]> {
    this.#checkEpoch(epoch)
    const changes = this.#overlay
      .slice(kind + range.gte, kind + range.lt)
      .map(([suffix, { value }]) => [suffix.slice(kind.length), value] as const)
    const base = (below: PageRange) => this.entries(this.#records, kind, below)
    for await (const page of layOver(base, range, changes)) {
      this.#checkEpoch(epoch)
      yield page
    }
  }

  #checkEpoch(epoch: number): void {
    if (epoch !== this.#epoch) throw this.#lastFailure ?? new Error('no failure is known')
  }

  #enqueue(draft: Draft<unknown>): PendingCommit {
    const commit = new PendingCommit(this, draft, ({ suffix, value }) => ({ key: this.key(suffix), value }))
    this.#pending.push(commit)
    this.#lay(commit)
    if (draft.sync) {
      draft.sync().then(
        () => this.#ready(commit),
        (error: unknown) => commit.settle(error as Error),
      )
    } else this.#ready(commit)
    return commit
  }

  #lay(commit: PendingCommit): void {
    for (const { suffix, value } of commit.suffixes) this.#overlay.set(suffix, { value, commit })
  }

  #ready(commit: PendingCommit): void {
    commit.isReady = true
    // In order: what is ready behind one that is not has to wait.
    for (const next of this.#pending) {
      if (!next.isReady) return
      if (next.isSubmitted) continue
      next.isSubmitted = true
      this.#committer.submit(next)
    }
  }

  /** Called by a commit that has become durable or has failed. */
  settle(commit: PendingCommit, failure: Error | undefined): void {
    const at = this.#pending.indexOf(commit)
    if (at < 0) return
    if (failure) {
      this.#drop(at, failure)
      return
    }
    this.#pending.splice(at, 1)
    for (const { suffix } of commit.suffixes) {
      if (this.#overlay.get(suffix)?.commit === commit) this.#overlay.delete(suffix)
    }
    commit.finish(undefined)
  }

  /** Throws away everything not durable: the records have changed under it. */
  dropAll(failure: Error): void {
    this.#drop(0, failure)
  }

  #drop(from: number, failure: Error): void {
    const dropped = this.#pending.splice(from)
    this.#epoch += 1
    this.#lastFailure = new Unavailable(
      failure instanceof Unavailable ? failure.reason : 'io',
      `an earlier change of the account failed: ${failure.message}`,
      { cause: failure },
    )
    this.#overlay.clear()
    for (const commit of this.#pending) this.#lay(commit)
    dropped.forEach((commit, index) => {
      commit.isDropped = true
      commit.finish(index === 0 ? failure : this.#lastFailure)
    })
  }

  /** Resolves when all that was asked for so far is durable or has failed. */
  async idle(): Promise<void> {
    await this.#queue.idle()
    await Promise.all(this.#pending.map((commit) => commit.done.catch(() => undefined)))
  }
}
