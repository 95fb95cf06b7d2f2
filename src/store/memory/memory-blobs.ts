// Blobs of the memory engine: bodies in maps, counted by the account that holds them.
import { collect } from '../../base/async.ts'
import { hex } from '../../base/bytes.ts'
import { checkAccountId, checkBlobId, checkRecoveryHeader, checkSpan } from '../checks.ts'
import { Damaged, Refused } from '../errors.ts'
import type {
  AccountId,
  BlobId,
  BlobReader,
  BlobStore,
  FoundBlob,
  RenewHeader,
  StagedBlob,
} from '../store.ts'
import type { BlobChange } from '../write-set.ts'

export interface MemoryBlob {
  readonly blobId: Uint8Array
  /** Replaced by `scrub`. */
  recoveryHeader: Uint8Array
  readonly body: Buffer
  readonly count: number
}

class Staged implements StagedBlob {
  readonly account: AccountId
  readonly blobId: BlobId
  readonly recoveryHeader: Uint8Array
  readonly body: Buffer
  isWaiting = true

  constructor(account: AccountId, blobId: BlobId, recoveryHeader: Uint8Array, body: Buffer) {
    this.account = account
    this.blobId = blobId
    this.recoveryHeader = recoveryHeader
    this.body = body
  }
  get lengthBytes(): number {
    return this.body.length
  }
}

/** The blobs after `changes`, and the staged ones that were used up; throws Refused and changes nothing. */
export function changeBlobs(
  blobs: ReadonlyMap<string, MemoryBlob>,
  account: AccountId,
  changes: readonly BlobChange[],
): { blobs: ReadonlyMap<string, MemoryBlob>; used: readonly StagedBlob[] } {
  if (changes.length === 0) return { blobs, used: [] }
  const after = new Map(blobs)
  const used: Staged[] = []
  for (const change of changes) {
    if (change.kind === 'attach') {
      const { staged } = change
      if (!(staged instanceof Staged) || hex(staged.account) !== hex(account)) {
        throw new TypeError('attach takes a blob staged here for the same account')
      }
      if (!staged.isWaiting) throw new Refused('no-blob', 'the staged blob was attached or discarded')
      const id = hex(staged.blobId)
      if (after.has(id)) throw new Refused('blob-exists', `blob ${id} exists`)
      after.set(id, { ...pick(staged), count: 1 })
      used.push(staged)
      continue
    }
    const id = hex(change.blobId)
    const blob = after.get(id)
    if (!blob) throw new Refused('no-blob', `no blob ${id}`)
    const count = blob.count + (change.kind === 'link' ? 1 : -1)
    if (count === 0) after.delete(id)
    else after.set(id, { ...blob, count })
  }
  return { blobs: after, used }
}

/** A source may use its buffer again for the next chunk. */
export async function* copies(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield Buffer.from(chunk)
}

function pick(staged: Staged): Omit<MemoryBlob, 'count'> {
  return { blobId: staged.blobId, recoveryHeader: staged.recoveryHeader, body: staged.body }
}

export function markUsed(used: readonly StagedBlob[]): void {
  for (const staged of used) if (staged instanceof Staged) staged.isWaiting = false
}

/** `blobsOf` answers undefined for an account that does not exist and throws when the store is closed. */
export class MemoryBlobs implements BlobStore {
  readonly #blobsOf: (account: AccountId) => ReadonlyMap<string, MemoryBlob> | undefined

  constructor(blobsOf: (account: AccountId) => ReadonlyMap<string, MemoryBlob> | undefined) {
    this.#blobsOf = blobsOf
  }

  async stage(
    account: AccountId,
    blobId: BlobId,
    recoveryHeader: Uint8Array,
    source: AsyncIterable<Uint8Array> | Uint8Array,
  ): Promise<StagedBlob> {
    checkAccountId(account)
    checkBlobId(blobId)
    checkRecoveryHeader(recoveryHeader)
    this.#mustExist(account)
    const body = source instanceof Uint8Array ? Buffer.from(source) : await collect(copies(source))
    this.#mustExist(account)
    return new Staged(Buffer.from(account), Buffer.from(blobId), Buffer.from(recoveryHeader), body)
  }

  #mustExist(account: AccountId): void {
    if (!this.#blobsOf(account)) throw new Refused('no-account', 'no such account')
  }

  async readStaged(staged: StagedBlob, start: number, end: number): Promise<Buffer> {
    if (!(staged instanceof Staged)) throw new TypeError('readStaged takes a blob staged here')
    this.#mustExist(staged.account)
    if (!staged.isWaiting) throw new Refused('no-blob', 'the staged blob was attached or discarded')
    return slice(staged, start, end)
  }

  async discard(staged: StagedBlob): Promise<void> {
    markUsed([staged])
  }

  async read(account: AccountId, blobId: BlobId, start: number, end: number): Promise<Buffer> {
    return slice(this.#find(account, blobId), start, end)
  }

  async open(account: AccountId, blobId: BlobId): Promise<BlobReader> {
    const blob = this.#find(account, blobId)
    return {
      lengthBytes: blob.body.length,
      recoveryHeader: async () => Buffer.from(blob.recoveryHeader),
      read: async (start, end) => slice(blob, start, end),
      close: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  async length(account: AccountId, blobId: BlobId): Promise<number | undefined> {
    return this.#blobsOf(account)?.get(hex(blobId))?.body.length
  }

  async header(account: AccountId, blobId: BlobId): Promise<Buffer | undefined> {
    return Buffer.from(this.#find(account, blobId).recoveryHeader)
  }

  async scrub(account: AccountId, renew: RenewHeader): Promise<boolean> {
    this.#mustExist(account)
    for (const blob of this.#blobsOf(account)?.values() ?? []) {
      const fresh = renew(blob.blobId, blob.recoveryHeader)
      if (!fresh) continue
      if (fresh.length !== blob.recoveryHeader.length)
        throw new TypeError('a header is replaced by one of its own length')
      blob.recoveryHeader = Buffer.from(fresh)
    }
    return true
  }

  async *scan(account: AccountId): AsyncGenerator<FoundBlob> {
    for (const { blobId, recoveryHeader, body, count } of this.#blobsOf(account)?.values() ?? []) {
      yield { blobId, recoveryHeader, lengthBytes: body.length, count }
    }
  }

  #find(account: AccountId, blobId: BlobId): MemoryBlob {
    checkAccountId(account)
    checkBlobId(blobId)
    const blob = this.#blobsOf(account)?.get(hex(blobId))
    if (!blob) throw new Refused('no-blob', `no blob ${hex(blobId)}`)
    return blob
  }
}

function slice(blob: Pick<MemoryBlob, 'body'>, start: number, end: number): Buffer {
  checkSpan(start, end)
  if (end > blob.body.length) throw new Damaged(`the blob ends at byte ${blob.body.length}, before ${end}`)
  return Buffer.from(blob.body.subarray(start, end))
}
