// Blobs of the level engine: staged into segments, read from them, found again by scanning them.
import { hex } from '../../../base/bytes.ts'
import { checkBlobId, checkRecoveryHeader, checkSpan } from '../../checks.ts'
import { Damaged, Refused } from '../../errors.ts'
import type {
  AccountId,
  BlobId,
  BlobReader,
  BlobStore,
  FoundBlob,
  RenewHeader,
  StagedBlob,
} from '../../store.ts'
import type { Account } from '../account.ts'
import type { Accounts } from '../accounts.ts'
import type { Disk } from '../disk.ts'
import { storeError } from '../faults.ts'
import { hasCode } from './files.ts'
import type { Cleaner } from './cleaner.ts'
import { decodeFrame, frameBytes, frameHeaderBytes, segmentHeaderBytes } from './frame.ts'
import { blobSuffix, decodeBlob, type BlobRecord } from '../layout.ts'
import type { HeldFile } from './open-files.ts'
import type { Operations } from '../operations.ts'
import { Room } from './room.ts'
import { isWhole, nextFrame } from './scan.ts'
import { stageBody, Staged } from './staging.ts'

interface Located {
  readonly blob: BlobRecord
  readonly held: HeldFile
}

export class LevelBlobs implements BlobStore {
  readonly #disk: Disk
  readonly #accounts: Accounts
  readonly #operations: Operations
  readonly #room: Room
  readonly #cleaner: Cleaner

  constructor(disk: Disk, accounts: Accounts, operations: Operations, cleaner: Cleaner) {
    this.#disk = disk
    this.#accounts = accounts
    this.#operations = operations
    this.#cleaner = cleaner
    this.#room = new Room(disk.files, disk.segments, disk.limits.reserveBytes)
  }

  /** What staging takes beside a body, for an account that nobody else may use yet. */
  get staging(): { readonly room: Room; readonly smallBodyBytes: number } {
    return { room: this.#room, smallBodyBytes: this.#disk.limits.smallBodyBytes }
  }

  async stage(
    id: AccountId,
    blobId: BlobId,
    recoveryHeader: Uint8Array,
    source: AsyncIterable<Uint8Array> | Uint8Array,
  ): Promise<StagedBlob> {
    checkBlobId(blobId)
    checkRecoveryHeader(recoveryHeader)
    return this.#operations.runUntilClosed(async (closed) => {
      await this.#disk.records.ready()
      return this.#accounts.use(id, async (account, segments) => {
        this.#accounts.mustBeActive(account)
        await segments.load()
        return stageBody({
          account,
          segments,
          blobId: Buffer.from(blobId),
          recoveryHeader: Buffer.from(recoveryHeader),
          source,
          room: this.#room,
          smallBodyBytes: this.#disk.limits.smallBodyBytes,
          closed,
        })
      })
    })
  }

  async readStaged(staged: StagedBlob, start: number, end: number): Promise<Buffer> {
    if (!(staged instanceof Staged)) throw new TypeError('readStaged takes a blob staged here')
    checkSpan(start, end)
    return this.#operations.run(async () => {
      if (!staged.isWaiting) throw new Refused('no-blob', 'the staged blob was attached or discarded')
      const { placement, lengthBytes: bodyBytes, headerBytes } = staged
      return readBody(placement.held, { bodyBytes, headerBytes, offset: placement.offset }, start, end)
    })
  }

  async discard(staged: StagedBlob): Promise<void> {
    if (!(staged instanceof Staged)) throw new TypeError('discard takes a blob staged here')
    await this.#operations.run(() => staged.discard())
  }

  async read(id: AccountId, blobId: BlobId, start: number, end: number): Promise<Buffer> {
    checkSpan(start, end)
    return this.#operations.run(async () => {
      const { blob, held } = await this.#locate(this.#accounts.get(id), blobId)
      try {
        return await readBody(held, blob, start, end)
      } finally {
        held.release()
      }
    })
  }

  async open(id: AccountId, blobId: BlobId): Promise<BlobReader> {
    return this.#operations.run(async () => {
      const { blob, held } = await this.#locate(this.#accounts.get(id), blobId)
      const close = async () => held.release()
      return {
        lengthBytes: blob.bodyBytes,
        recoveryHeader: () => this.#operations.run(() => readHeader(held, blob)),
        read: async (start, end) => {
          checkSpan(start, end)
          return this.#operations.run(() => readBody(held, blob, start, end))
        },
        close,
        [Symbol.asyncDispose]: close,
      }
    })
  }

  async length(id: AccountId, blobId: BlobId): Promise<number | undefined> {
    return this.#operations.run(async () => {
      await this.#disk.records.ready()
      return this.#find(this.#accounts.get(id), blobId)?.bodyBytes
    })
  }

  async header(id: AccountId, blobId: BlobId): Promise<Buffer | undefined> {
    return this.#operations.run(async () => {
      const account = this.#accounts.get(id)
      const { blob, held } = await this.#locate(account, blobId)
      try {
        const head = Buffer.alloc(frameHeaderBytes + blob.headerBytes)
        const length = await held.file.read(head, blob.offset)
        return decodeFrame(account.id, head.subarray(0, length))?.recoveryHeader
      } catch (error) {
        throw storeError(error, 'reading a header')
      } finally {
        held.release()
      }
    })
  }

  async scrub(id: AccountId, renew: RenewHeader): Promise<boolean> {
    return this.#operations.run(async () => {
      await this.#disk.records.ready()
      return this.#cleaner.scrub(id, renew)
    })
  }

  #find(account: Account, blobId: BlobId): BlobRecord | undefined {
    checkBlobId(blobId)
    const bytes = this.#disk.records.get(account.key(blobSuffix(blobId)))
    return bytes && decodeBlob(bytes)
  }

  async #locate(account: Account, blobId: BlobId): Promise<Located> {
    await this.#disk.records.ready()
    let before: BlobRecord | undefined
    for (;;) {
      const blob = this.#find(account, blobId)
      if (!blob) throw new Refused('no-blob', `no blob ${hex(blobId)}`)
      try {
        return { blob, held: await this.#accounts.segments(account).hold(blob.segment) }
      } catch (error) {
        if (!hasCode(error, 'ENOENT')) throw storeError(error, 'opening a segment')
        // It may just have been moved to another segment; if it was not, its file is lost.
        if (before?.segment === blob.segment) {
          throw new Damaged(`the segment of blob ${hex(blobId)} is missing`, { cause: error })
        }
        before = blob
      }
    }
  }

  async *scan(id: AccountId): AsyncGenerator<FoundBlob> {
    const account = this.#accounts.get(id)
    const segments = this.#accounts.segments(account)
    await this.#operations.run(() => segments.load())
    for (const { number, path } of segments.all()) {
      const held = await this.#operations
        .run(() => segments.hold(number))
        .catch((error: unknown) => {
          this.#disk.log.write('warn', 'store.segment-not-scanned', { path, reason: String(error) })
        })
      if (!held) continue
      try {
        const size = await held.file.size()
        for (let from = segmentHeaderBytes; ;) {
          const at = from
          const frame = await this.#operations.run(() => nextFrame(held.file, account.id, size, at))
          if (!frame) break
          const { blobId, recoveryHeader, bodyBytes: lengthBytes, offset } = frame
          const isFound = await this.#operations.run(() => isWhole(held.file, frame))
          from = isFound ? offset + frame.bytes : offset + 1
          if (!isFound) continue
          const blob = this.#find(account, blobId)
          const isHere = blob?.segment === number && blob.offset === offset
          yield { blobId, recoveryHeader, lengthBytes, count: isHere ? blob.count : 0 }
        }
      } finally {
        held.release()
      }
    }
  }
}

async function readHeader(held: HeldFile, blob: BlobRecord): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(blob.headerBytes)
  try {
    const length = await held.file.read(bytes, blob.offset + frameHeaderBytes)
    if (length === bytes.length) return bytes
  } catch (error) {
    throw storeError(error, 'reading a recovery header')
  }
  throw new Damaged('the segment ends before the recovery header does')
}

async function readBody(
  held: HeldFile,
  blob: Pick<BlobRecord, 'bodyBytes' | 'headerBytes' | 'offset'>,
  start: number,
  end: number,
): Promise<Buffer> {
  if (end > blob.bodyBytes) throw new Damaged(`the blob ends at byte ${blob.bodyBytes}, before ${end}`)
  const bytes = Buffer.allocUnsafe(end - start)
  const position = blob.offset + frameBytes(blob.headerBytes, 0) + start
  try {
    const length = await held.file.read(bytes, position)
    if (length === bytes.length) return bytes
  } catch (error) {
    throw storeError(error, 'reading a body')
  }
  throw new Damaged('the segment ends before the blob does')
}
