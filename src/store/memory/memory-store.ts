// The memory engine: the whole contract with nothing on disk. For tests.
import { collect } from '../../base/async.ts'
import { hex, fromHex } from '../../base/bytes.ts'
import { Serial } from '../../base/serial.ts'
import { nextNumbers, type Numbers } from '../account-changes.ts'
import { checkAccountId, checkKey, checkValue } from '../checks.ts'
import { Refused, Unavailable } from '../errors.ts'
import { keyBytes, keyText, OrderedMap } from '../ordered-map.ts'
import { pageEntries, type PageRange } from '../pages.ts'
import { WriteSet, type Base } from '../write-set.ts'
import type { AccountId, AccountInfo, AccountSpace, AccountView, Entry, HeldBlob } from '../store.ts'
import type { Restoration, Store, StoreStats, Transaction, Watch } from '../store.ts'
import { changeBlobs, copies, markUsed, MemoryBlobs, type MemoryBlob } from './memory-blobs.ts'
import { MemoryDirectory, MemorySite } from './memory-names.ts'

/** What an account is at one version. Replaced, not changed, while a snapshot looks at it. */
class State implements Base {
  numbers: Numbers = { version: 0, usageBytes: 0, quotaBytes: undefined }
  records = new OrderedMap<Uint8Array>()
  blobs: ReadonlyMap<string, MemoryBlob> = new Map<string, MemoryBlob>()
  readers = 0

  get version(): number {
    return this.numbers.version
  }
  async get(key: string): Promise<Uint8Array | undefined> {
    return this.records.get(key)
  }
  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return keys.map((key) => this.records.get(key))
  }
  async *range({ gte, lt, limit, reverse }: PageRange): AsyncGenerator<readonly Entry[]> {
    const found = this.records.slice(gte, lt)
    if (reverse) found.reverse()
    const end = Math.min(found.length, limit ?? Infinity)
    for (let at = 0; at < end; at += pageEntries) {
      const page = found.slice(at, Math.min(at + pageEntries, end))
      yield page.map(([key, value]) => [keyBytes(key), value] as const)
    }
  }
}

interface Account {
  /** undefined: destroyed, its id used up. */
  state: State | undefined
  /** Being put back from a copy: `state` is not to be used. */
  isRestoring?: boolean
  readonly queue: Serial
  readonly watchers: Set<(version: number) => void>
}

class MemoryStore implements Store {
  readonly #accounts = new Map<string, Account>()
  readonly directory: MemoryDirectory
  readonly site: MemorySite
  readonly blobs: MemoryBlobs
  #transactions = 0
  #isClosed = false

  constructor() {
    const check = () => this.#check()
    this.directory = new MemoryDirectory(check)
    this.site = new MemorySite(check)
    this.blobs = new MemoryBlobs((id) => {
      const account = this.#account(id)
      return account?.isRestoring ? undefined : account?.state?.blobs
    })
  }

  #check(): void {
    if (this.#isClosed) throw new Unavailable('closed', 'the store is closed')
  }

  #account(id: AccountId): Account | undefined {
    checkAccountId(id)
    this.#check()
    return this.#accounts.get(hex(id))
  }

  #existing(id: AccountId): Account & { state: State } {
    const account = this.#account(id)
    if (account?.isRestoring) throw beingRestored()
    if (!account?.state) throw new Refused('no-account', 'no such account')
    return account as Account & { state: State }
  }

  async read<T>(id: AccountId, run: (snapshot: AccountView) => Promise<T>): Promise<T> {
    const { state } = this.#existing(id)
    const view = new WriteSet(state)
    state.readers += 1
    const { numbers, blobs } = state
    try {
      return await run({
        ...numbers,
        get: (key) => view.get(key),
        getMany: (keys) => view.getMany(keys),
        range: (range) => view.range(range),
        blobs: () => heldPages(blobs),
      })
    } finally {
      view.finish()
      state.readers -= 1
    }
  }

  async transact<T>(
    id: AccountId,
    run: (tx: Transaction) => Promise<T>,
  ): Promise<{ value: T; version: number }> {
    return this.#existing(id).queue.run(async () => {
      const account = this.#existing(id)
      const before = account.state
      const writes = new WriteSet(before)
      const value = await run(writes).finally(() => writes.finish())
      this.#transactions += 1
      if (!writes.hasWritten) return { value, version: before.version }
      const changes = await writes.recordChanges()
      const numbers = nextNumbers(before.numbers, writes)
      const { blobs, used } = changeBlobs(before.blobs, id, writes.blobChanges)

      const state = before.readers > 0 ? new State() : before
      if (state !== before) state.records = new OrderedMap(before.records)
      for (const [key, change] of changes) {
        if (change) state.records.set(key, change)
        else state.records.delete(key)
      }
      state.numbers = numbers
      state.blobs = blobs
      markUsed(used)
      account.state = state
      if (writes.raisesVersion) {
        for (const changed of [...account.watchers]) changed(numbers.version)
      }
      return { value, version: numbers.version }
    })
  }

  async create(id: AccountId): Promise<void> {
    if (this.#account(id)) throw new Refused('account-exists', 'the account id is in use or was used')
    this.#accounts.set(hex(id), { state: new State(), queue: new Serial(), watchers: new Set() })
  }

  async destroy(id: AccountId): Promise<void> {
    const restoring = this.#account(id)
    const account: Account = restoring?.isRestoring ? restoring : this.#existing(id)
    await account.queue.run(async () => {
      if (!account.isRestoring) this.#existing(id)
      account.state = undefined
      account.isRestoring = false
    })
  }

  async restore(id: AccountId): Promise<Restoration> {
    const found = this.#account(id)
    const account: Account = found ?? { state: undefined, queue: new Serial(), watchers: new Set() }
    this.#accounts.set(hex(id), account)
    await account.queue.idle()
    account.isRestoring = true
    const state = new State()
    const blobs = new Map<string, MemoryBlob>()
    const mustBeRestoring = (): void => {
      this.#check()
      if (!account.isRestoring) throw new Refused('no-account', 'the account is not being restored')
    }
    return {
      async put(entries) {
        mustBeRestoring()
        for (const [key, value] of entries) {
          checkKey(key)
          checkValue(value)
          state.records.set(keyText(key), Buffer.from(value))
        }
      },
      async addBlob(blobId, recoveryHeader, count, source) {
        const body = source instanceof Uint8Array ? Buffer.from(source) : await collect(copies(source))
        mustBeRestoring()
        if (blobs.has(hex(blobId))) throw new Refused('blob-exists', `blob ${hex(blobId)} exists`)
        const bytes = { blobId: Buffer.from(blobId), recoveryHeader: Buffer.from(recoveryHeader), body }
        blobs.set(hex(blobId), { ...bytes, count })
      },
      async finish({ version, usageBytes, quotaBytes }) {
        mustBeRestoring()
        state.numbers = { version, usageBytes, quotaBytes }
        state.blobs = blobs
        account.state = state
        account.isRestoring = false
      },
    }
  }

  async info(id: AccountId): Promise<AccountInfo | undefined> {
    const account = this.#account(id)
    if (account?.isRestoring) throw beingRestored()
    const numbers = account?.state?.numbers
    if (!numbers) return undefined
    const { version, usageBytes, quotaBytes } = numbers
    return quotaBytes === undefined ? { version, usageBytes } : { version, usageBytes, quotaBytes }
  }

  async *accounts(): AsyncGenerator<AccountId> {
    this.#check()
    const ids = [...this.#accounts]
      .filter(([, account]) => account.state && !account.isRestoring)
      .map(([id]) => id)
    for (const id of ids.sort()) yield fromHex(id)
  }

  async watch(id: AccountId, changed: (version: number) => void): Promise<Watch> {
    const account = this.#existing(id)
    const watcher = (version: number) => changed(version)
    account.watchers.add(watcher)
    return { version: account.state.version, close: () => void account.watchers.delete(watcher) }
  }

  async stats(): Promise<StoreStats> {
    return {
      transactions: this.#transactions,
      batches: this.#transactions,
      failedBatches: 0,
      bodySyncs: 0,
      accountsInMemory: this.#accounts.size,
      openFiles: 0,
      reclaimedBytes: 0,
      freeBytes: undefined,
    }
  }

  async space(id: AccountId): Promise<AccountSpace> {
    const bodies = [...this.#existing(id).state.blobs.values()].map(({ body }) => body.length)
    const bytes = bodies.reduce((sum, length) => sum + length, 0)
    return { files: 0, fileBytes: bytes, liveBytes: bytes }
  }

  async compact(): Promise<void> {
    this.#check()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#accounts.values()].map(({ queue }) => queue.idle()))
    this.#isClosed = true
  }
}

const beingRestored = (): Unavailable =>
  new Unavailable('restoring', 'the account is being put back from a copy: restore it again, or destroy it')

async function* heldPages(blobs: ReadonlyMap<string, MemoryBlob>): AsyncGenerator<readonly HeldBlob[]> {
  const held = [...blobs].sort(([a], [b]) => (a < b ? -1 : 1))
  for (let at = 0; at < held.length; at += pageEntries) {
    yield held
      .slice(at, at + pageEntries)
      .map(([, { blobId, body, count }]) => ({ blobId, lengthBytes: body.length, count }))
  }
}

/** An empty store that lives as long as the process. */
export function openMemoryStore(): Store {
  return new MemoryStore()
}
