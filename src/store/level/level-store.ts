// The level engine: the contract of store.ts over one LevelDB database and segment files.
import { checkAccountId } from '../checks.ts'
import { Refused, Unavailable } from '../errors.ts'
import { keyText } from '../ordered-map.ts'
import { rangeText } from '../write-set.ts'
import type { AccountId, AccountInfo, AccountSpace, AccountView, Restoration, Snapshot } from '../store.ts'
import type { Store, StoreStats, Transaction, Watch } from '../store.ts'
import type { Account } from './account.ts'
import { Accounts, active, beingRestored } from './accounts.ts'
import { LevelBlobs } from './bodies/blobs.ts'
import { Cleaner } from './bodies/cleaner.ts'
import { Committer } from './committer.ts'
import { beginDestroying, finishDestroying, removeContents, resumeDestroying } from './destroy.ts'
import type { Disk } from './disk.ts'
import {
  accountKeyPrefix,
  accountSuffix,
  blobKind,
  decodeAccount,
  decodeBlob,
  decodeSegment,
} from './layout.ts'
import { encodeAccount, segmentSuffix, valueKind, type AccountRecord } from './layout.ts'
import { LevelDirectory, LevelSite } from './names.ts'
import { Operations } from './operations.ts'
import type { RecordReader } from './records.ts'
import { beginRestoring, LevelRestoration } from './restoration.ts'
import { transact } from './transact.ts'

export class LevelStore implements Store {
  readonly blobs: LevelBlobs
  readonly directory: LevelDirectory
  readonly site: LevelSite
  readonly #disk: Disk
  readonly #operations = new Operations()
  readonly #committer: Committer
  readonly #accounts: Accounts
  readonly #cleaner: Cleaner

  constructor(disk: Disk) {
    this.#disk = disk
    this.#committer = new Committer(disk.records)
    this.#accounts = new Accounts(disk, this.#committer)
    this.#cleaner = new Cleaner(disk, this.#accounts)
    this.blobs = new LevelBlobs(disk, this.#accounts, this.#operations, this.#cleaner)
    this.directory = new LevelDirectory(disk.records, this.#committer, this.#operations)
    this.site = new LevelSite(disk.records, this.#committer, this.#operations)
    disk.records.onReappeared = () => {
      this.#accounts.dropAll(new Unavailable('io', 'the store has just recovered: try again'))
    }
  }

  /** Finishes what a crash interrupted. Once, before anything else. */
  async resume(): Promise<void> {
    await resumeDestroying(this.#disk.records, this.#committer, this.#accounts)
  }

  /** Runs an operation once the records can be read. */
  async #run<T>(operation: () => Promise<T>): Promise<T> {
    return this.#operations.run(async () => {
      await this.#disk.records.ready()
      return operation()
    })
  }

  async read<T>(id: AccountId, run: (snapshot: AccountView) => Promise<T>): Promise<T> {
    return this.#run(async () => {
      const account = this.#accounts.get(id)
      const view = this.#disk.records.view()
      const end = { isOver: false }
      try {
        return await run(snapshotOf(account, view, active(account.durable(view)), end))
      } finally {
        end.isOver = true
        await view.close()
      }
    })
  }

  async transact<T>(
    id: AccountId,
    run: (tx: Transaction) => Promise<T>,
  ): Promise<{ value: T; version: number }> {
    return this.#run(() =>
      this.#accounts.use(id, async (account) => {
        return transact(account, run, (version, shrunk) => {
          this.#disk.counters.transactions += 1
          this.#cleaner.offer(account, shrunk)
          if (version !== undefined) this.#tell(account, version)
        })
      }),
    )
  }

  #tell(account: Account, version: number): void {
    for (const changed of [...account.watchers]) {
      try {
        changed(version)
      } catch (error) {
        // It must not: a commit that is durable cannot fail because somebody who hears of it does.
        this.#disk.log.write('error', 'store.watcher-failed', { account: account.hex, reason: String(error) })
      }
    }
  }

  async create(id: AccountId): Promise<void> {
    const value = encodeAccount({ state: 'active', version: 0, usageBytes: 0, quotaBytes: undefined })
    await this.#run(() =>
      this.#accounts.use(id, (account) =>
        account.change(async (view) => {
          if (view.account()) throw new Refused('account-exists', 'the account id is in use or was used')
          return { value: undefined, ops: [{ suffix: accountSuffix, value }] }
        }),
      ),
    )
  }

  async restore(id: AccountId): Promise<Restoration> {
    const { records } = this.#disk
    return this.#run(() =>
      this.#accounts.use(id, async (account, segments) => {
        await beginRestoring(account)
        await removeContents(records, this.#committer, account, segments)
        segments.renew()
        return new LevelRestoration(this.blobs.staging, (task) =>
          this.#run(() => this.#accounts.use(id, task)),
        )
      }),
    )
  }

  async destroy(id: AccountId): Promise<void> {
    await this.#run(() =>
      this.#accounts.use(id, async (account, segments) => {
        await beginDestroying(account)
        await finishDestroying(this.#disk.records, this.#committer, account, segments)
      }),
    )
  }

  async info(id: AccountId): Promise<AccountInfo | undefined> {
    return this.#run(async () => {
      const record = this.#accounts.get(id).durable()
      if (record?.state === 'restoring') throw beingRestored()
      if (record?.state !== 'active') return undefined
      const { version, usageBytes, quotaBytes } = record
      return quotaBytes === undefined ? { version, usageBytes } : { version, usageBytes, quotaBytes }
    })
  }

  async *accounts(): AsyncGenerator<AccountId> {
    // Accounts lie scattered between their own records: from each one's head the next is a seek away.
    let from = Buffer.from('a')
    for (;;) {
      const head = await this.#run(() => this.#firstHead(from))
      if (!head) return
      if (head.isActive) yield head.id
      from = Buffer.concat([accountKeyPrefix(head.id), Buffer.from([0xff])])
    }
  }

  async #firstHead(from: Buffer): Promise<{ id: Buffer; isActive: boolean } | undefined> {
    for await (const page of this.#disk.records.range({ gte: from, lt: Buffer.from('b'), limit: 1 })) {
      for (const [key, value] of page) {
        const id = Buffer.from(key.subarray(1, 17))
        const isHead = key.length === 18 && key[17] === 0
        return { id, isActive: isHead && decodeAccount(value).state === 'active' }
      }
    }
    return undefined
  }

  async watch(id: AccountId, changed: (version: number) => void): Promise<Watch> {
    return this.#run(() =>
      this.#accounts.use(id, async (account) => {
        const watcher = (version: number) => changed(version)
        account.watchers.add(watcher)
        try {
          this.#accounts.mustBeActive(account)
          const version = account.durable()?.version ?? 0
          return { version, close: () => void account.watchers.delete(watcher) }
        } catch (error) {
          account.watchers.delete(watcher)
          throw error
        }
      }),
    )
  }

  async stats(): Promise<StoreStats> {
    const { counters, records, open, files, segments } = this.#disk
    return this.#operations.run(async () => ({
      transactions: counters.transactions,
      batches: this.#committer.batches,
      failedBatches: records.failedWrites,
      bodySyncs: counters.bodySyncs,
      accountsInMemory: this.#accounts.count,
      openFiles: open.count,
      reclaimedBytes: counters.reclaimedBytes,
      freeBytes: await files.freeBytes(segments),
    }))
  }

  async space(id: AccountId): Promise<AccountSpace> {
    return this.#run(() =>
      this.#accounts.use(id, async (account, segments) => {
        this.#accounts.mustBeActive(account)
        await segments.load()
        const all = segments.all()
        let liveBytes = 0
        for (const { number } of all) {
          const bytes = this.#disk.records.get(account.key(segmentSuffix(number)))
          if (bytes) liveBytes += decodeSegment(bytes).liveBytes
        }
        const fileBytes = all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
        return { files: all.length, fileBytes, liveBytes }
      }),
    )
  }

  async compact(id?: AccountId): Promise<void> {
    if (id) checkAccountId(id)
    const ids = id ? [id] : this.accounts()
    for await (const each of ids) {
      await this.#run(async () => {
        await this.#cleaner.compact(each)
        const prefix = accountKeyPrefix(each)
        await this.#disk.records.compact(prefix, Buffer.concat([prefix, Buffer.from([0xff])]))
      })
    }
  }

  async close(): Promise<void> {
    const cleaned = this.#cleaner.stop() // first: a compaction under way need not come to its end
    await this.#operations.close()
    await cleaned
    await this.#accounts.idle()
    await this.#committer.idle()
    await this.#disk.records.close()
    await this.#disk.open.closeAll()
  }
}

function snapshotOf(
  account: Account,
  view: RecordReader,
  { version, usageBytes, quotaBytes }: AccountRecord,
  end: { readonly isOver: boolean },
): AccountView {
  const check = () => {
    if (end.isOver) throw new Error('the snapshot is over: what was given to run is used after it settled')
  }
  const getMany: Snapshot['getMany'] = async (keys) => {
    check()
    return view.getMany(keys.map((key) => account.key(valueKind + keyText(key))))
  }
  return {
    ...{ version, usageBytes, quotaBytes },
    async *blobs() {
      check()
      for await (const page of account.entries(view, blobKind, { gte: '', lt: '\xff'.repeat(17) })) {
        check()
        yield page.map(([key, value]) => {
          const { bodyBytes, count } = decodeBlob(Buffer.from(value))
          return { blobId: Buffer.from(key), lengthBytes: bodyBytes, count }
        })
      }
    },
    get: async (key) => {
      check()
      return view.get(account.key(valueKind + keyText(key)))
    },
    getMany,
    async *range(range) {
      check()
      if ((range.limit ?? 1) <= 0) return
      for await (const page of account.entries(view, valueKind, rangeText(range))) {
        check()
        yield page
      }
    },
  }
}
