// A store that fails when told to: at a chosen transaction, in each way a disk can fail, or for good, like a killed process.
import { compareBytes } from '../../src/base/bytes.ts'
import { Unavailable } from '../../src/store/errors.ts'
import type { Entry, Snapshot, Store } from '../../src/store/store.ts'
import { viewOf } from './account-view.ts'

/**
 * refused: it did not happen, and the store says so. The others leave it open: undone did not happen, done did, late is
 * not to be seen until the store has recovered at a later transaction, and is there from then on.
 */
export type Failure = 'refused' | 'undone' | 'done' | 'late'
export const failures: readonly Failure[] = ['refused', 'undone', 'done', 'late']

/** An account as it was before a transaction that is done, but not to be seen yet. */
interface Veil {
  readonly version: number
  readonly entries: readonly Entry[]
  readonly blobs: ReadonlySet<string>
}

const idOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const failed = (isOutcomeUnknown: boolean): Unavailable =>
  new Unavailable('io', 'injected failure', { isOutcomeUnknown })

export class FailingStore {
  readonly store: Store
  /** Transactions begun so far. */
  transactions = 0
  /** Reads begun so far. */
  reads = 0
  #plan: { readonly at: number; readonly failure: Failure } | undefined
  #failsReads = false
  #failsStaging = false
  #killAt = Infinity
  readonly #veils = new Map<string, Veil>()

  /** `countsNames`: changes of the directory are transactions as well. */
  constructor(inner: Store, { countsNames = false }: { readonly countsNames?: boolean } = {}) {
    const transact: Store['transact'] = (account, run) =>
      this.#transact(inner, account, () => inner.transact(account, run))
    const read: Store['read'] = async (account, run) => {
      this.#mustLive()
      this.reads += 1
      if (this.#failsReads) throw failed(false)
      const veil = this.#veils.get(idOf(account))
      return veil ? run(viewOf(snapshotOf(veil))) : inner.read(account, run)
    }
    const length: Store['blobs']['length'] = async (account, blob) => {
      const veil = this.#veils.get(idOf(account))
      return veil && !veil.blobs.has(idOf(blob)) ? undefined : inner.blobs.length(account, blob)
    }
    const guarded = <T extends object>(target: T, own: Partial<Record<keyof T, unknown>>): T =>
      new Proxy(target, {
        get: (_, name) => {
          const mine: unknown = Reflect.get(own, name)
          if (mine !== undefined) return mine
          const member: unknown = Reflect.get(target, name, target)
          if (typeof member !== 'function') return member
          return (...args: unknown[]): unknown => {
            this.#mustLive()
            return Reflect.apply(member, target, args)
          }
        },
      })
    const stage: Store['blobs']['stage'] = async (...args) => {
      this.#mustLive()
      if (this.#failsStaging) throw failed(false)
      return inner.blobs.stage(...args)
    }
    const blobs = guarded(inner.blobs, { stage, length })
    const change: Store['directory']['change'] = (changes) => this.#change(inner, changes)
    const names: Partial<Store['directory']> = {
      change,
      put: (name, value, expected) => change([{ name, value, expected }]),
      delete: (name, expected) => change([{ name, value: undefined, expected }]),
    }
    const directory = guarded(inner.directory, countsNames ? names : {})
    this.store = guarded(inner, { transact, read, blobs, directory })
  }

  #mustLive(): void {
    if (this.transactions >= this.#killAt) throw new Unavailable('closed', 'the process was killed')
  }

  async #transact<T>(inner: Store, account: Uint8Array, run: () => Promise<T>): Promise<T> {
    this.#mustLive()
    if (this.#veils.delete(idOf(account))) throw failed(false) // what ran on top of the older state is void
    const number = this.transactions
    this.transactions += 1
    const plan = this.#plan
    if (plan?.at !== number) {
      const result = await run()
      if (number + 1 >= this.#killAt) throw new Unavailable('closed', 'the process was killed')
      return result
    }
    this.#plan = undefined
    const veil = plan.failure === 'late' ? await veilOf(inner, account) : undefined
    if (plan.failure === 'done' || plan.failure === 'late') await run()
    if (veil) this.#veils.set(idOf(account), veil)
    throw failed(plan.failure !== 'refused')
  }

  /** Names have no state that is hidden for a while: what comes late is there at once. */
  async #change(inner: Store, changes: Parameters<Store['directory']['change']>[0]): Promise<void> {
    this.#mustLive()
    const number = this.transactions
    this.transactions += 1
    const plan = this.#plan
    if (plan?.at === number) {
      this.#plan = undefined
      if (plan.failure === 'done' || plan.failure === 'late') await inner.directory.change(changes)
      throw failed(plan.failure !== 'refused')
    }
    await inner.directory.change(changes)
    if (number + 1 >= this.#killAt) throw new Unavailable('closed', 'the process was killed')
  }

  /** The transaction after the next `after` fails. */
  failNext(failure: Failure, after = 0): void {
    this.#plan = { at: this.transactions + after, failure }
  }

  disarm(): void {
    this.#plan = undefined
    this.#failsReads = false
    this.#failsStaging = false
  }

  failReads(): void {
    this.#failsReads = true
  }

  failStaging(): void {
    this.#failsStaging = true
  }

  /** After so many more transactions were made durable, nobody hears of it, and nothing is done any more. */
  killAfter(transactions: number): void {
    this.#killAt = this.transactions + transactions
  }

  get isKilled(): boolean {
    return this.transactions >= this.#killAt
  }
}

async function veilOf(inner: Store, account: Uint8Array): Promise<Veil> {
  const entries: Entry[] = []
  const version = await inner.read(account, async (snapshot) => {
    for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) entries.push(...page)
    return snapshot.version
  })
  const blobs = new Set<string>()
  for await (const { blobId } of inner.blobs.scan(account)) blobs.add(idOf(blobId))
  return { version, entries, blobs }
}

function snapshotOf({ version, entries }: Veil): Snapshot {
  const get = (key: Uint8Array): Uint8Array | undefined =>
    entries.find((entry) => compareBytes(entry[0], key) === 0)?.[1]
  return {
    version,
    get: async (key) => get(key),
    getMany: async (keys) => keys.map(get),
    async *range({ gte, lt, limit, reverse }) {
      const found = entries.filter(([key]) => compareBytes(key, gte) >= 0 && compareBytes(key, lt) < 0)
      if (reverse) found.reverse()
      if (found.length > 0) yield found.slice(0, limit ?? found.length)
    },
  }
}
