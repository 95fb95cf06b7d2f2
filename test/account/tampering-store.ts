// A store whose records and bodies a test changes behind the account's back, and puts back again.
import { compareBytes } from '../../src/base/bytes.ts'
import { viewOf } from './account-view.ts'
import type { BlobReader, Entry, Key, Range, Snapshot, Store, Transaction } from '../../src/store/store.ts'

export interface StoredRecord {
  readonly key: Buffer
  readonly value: Buffer
}

interface Virtual {
  version: number
  readonly records: Map<string, Buffer>
}

type BlobTamper = 'flip' | 'cut' | 'swap'

/** Until `capture` it passes everything on; from then on records live in a copy that `restore` resets. */
export class TamperingStore {
  readonly #inner: Store
  readonly #known = new Set<string>()
  readonly #virtual = new Map<string, Virtual>()
  readonly #base = new Map<string, Virtual>()
  #blobTamper: { kind: BlobTamper; blobs: readonly Buffer[] } | undefined
  readonly store: Store

  constructor(inner: Store) {
    this.#inner = inner
    this.store = this.#wrap()
  }

  #wrap(): Store {
    const inner = this.#inner
    const overrides: Partial<Store> = {
      create: async (account) => {
        this.#known.add(Buffer.from(account).toString('hex'))
        await inner.create(account)
      },
      read: async (account, run) => {
        const virtual = this.#virtual.get(Buffer.from(account).toString('hex'))
        return virtual ? run(viewOf(snapshotOf(virtual))) : inner.read(account, run)
      },
      transact: async (account, run) => {
        const virtual = this.#virtual.get(Buffer.from(account).toString('hex'))
        if (!virtual) return inner.transact(account, run)
        const draft: Virtual = { version: virtual.version, records: new Map(virtual.records) }
        const value = await run(transactionOf(draft))
        virtual.records.clear()
        for (const [key, bytes] of draft.records) virtual.records.set(key, bytes)
        virtual.version += 1
        return { value, version: virtual.version }
      },
      blobs: new Proxy(inner.blobs, {
        get: (target, name, receiver: unknown) => {
          if (name !== 'open') {
            const member: unknown = Reflect.get(target, name, receiver)
            return typeof member === 'function' ? (member.bind(target) as unknown) : member
          }
          return async (account: Uint8Array, blob: Uint8Array) => this.#openBlob(account, blob)
        },
      }),
    }
    return new Proxy(inner, {
      get: (target, name) => {
        const own: unknown = Reflect.get(overrides, name)
        if (own !== undefined) return own
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    })
  }

  async #openBlob(account: Uint8Array, blob: Uint8Array): Promise<BlobReader> {
    const tamper = this.#blobTamper
    const swapped =
      tamper?.kind === 'swap' ? (tamper.blobs.find((other) => compareBytes(other, blob) !== 0) ?? blob) : blob
    const reader = await this.#inner.blobs.open(account, swapped)
    if (!tamper || tamper.kind === 'swap') return reader
    return {
      lengthBytes: tamper.kind === 'cut' ? reader.lengthBytes - 1 : reader.lengthBytes,
      recoveryHeader: () => reader.recoveryHeader(),
      close: () => reader.close(),
      [Symbol.asyncDispose]: () => reader.close(),
      async read(start, end) {
        const bytes = Buffer.from(await reader.read(start, Math.min(end, reader.lengthBytes)))
        if (tamper.kind === 'flip') bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
        return tamper.kind === 'cut' ? bytes.subarray(0, bytes.length - 1) : bytes
      },
    }
  }

  /** Takes what is stored now as what `restore` goes back to. */
  async capture(): Promise<void> {
    for (const id of this.#known) {
      const present = this.#virtual.get(id) ?? (await this.#copy(Buffer.from(id, 'hex')))
      this.#base.set(id, { version: present.version, records: new Map(present.records) })
    }
    this.restore()
  }

  async #copy(account: Buffer): Promise<Virtual> {
    return this.#inner.read(account, async (snapshot) => {
      const records = new Map<string, Buffer>()
      for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) {
        for (const [key, value] of page) records.set(Buffer.from(key).toString('hex'), Buffer.from(value))
      }
      return { version: snapshot.version, records }
    })
  }

  restore(): void {
    this.#blobTamper = undefined
    for (const [id, { version, records }] of this.#base)
      this.#virtual.set(id, { version, records: new Map(records) })
  }

  records(account: string): StoredRecord[] {
    return sorted(this.#virtual.get(account) ?? { version: 0, records: new Map() })
  }

  /** Puts other bytes under a key; undefined removes it. */
  replace(account: string, key: Buffer, value: Buffer | undefined): void {
    const records = this.#virtual.get(account)?.records
    if (value) records?.set(key.toString('hex'), value)
    else records?.delete(key.toString('hex'))
  }

  async blobs(account: string): Promise<Buffer[]> {
    const found: Buffer[] = []
    for await (const { blobId } of this.#inner.blobs.scan(Buffer.from(account, 'hex')))
      found.push(Buffer.from(blobId))
    return found
  }

  tamperBlobs(kind: BlobTamper, blobs: readonly Buffer[]): void {
    this.#blobTamper = { kind, blobs }
  }
}

function sorted(virtual: Virtual): StoredRecord[] {
  return [...virtual.records]
    .map(([key, value]) => ({ key: Buffer.from(key, 'hex'), value }))
    .sort((a, b) => compareBytes(a.key, b.key))
}

function inRange(virtual: Virtual, { gte, lt, limit, reverse }: Range): Entry[] {
  const found = sorted(virtual).filter(({ key }) => compareBytes(key, gte) >= 0 && compareBytes(key, lt) < 0)
  if (reverse) found.reverse()
  return found.slice(0, limit ?? found.length).map(({ key, value }) => [key, value] as const)
}

function snapshotOf(virtual: Virtual): Snapshot {
  return {
    version: virtual.version,
    get: async (key) => virtual.records.get(Buffer.from(key).toString('hex')),
    getMany: async (keys) => keys.map((key) => virtual.records.get(Buffer.from(key).toString('hex'))),
    async *range(range) {
      const found = inRange(virtual, range)
      if (found.length > 0) yield found
    },
  }
}

function transactionOf(draft: Virtual): Transaction {
  const nothing = (): void => undefined
  return {
    ...snapshotOf(draft),
    put: (key: Key, value: Uint8Array) =>
      void draft.records.set(Buffer.from(key).toString('hex'), Buffer.from(value)),
    delete: (key: Key) => void draft.records.delete(Buffer.from(key).toString('hex')),
    deleteRange: (gte, lt) => {
      for (const [key] of inRange(draft, { gte, lt })) draft.records.delete(Buffer.from(key).toString('hex'))
    },
    addUsage: nothing,
    attach: nothing,
    link: nothing,
    unlink: nothing,
    setQuota: nothing,
  }
}
