// What somebody uploads, until it is in the account: in a file without a name, sealed under a key that is only in memory.
import { constants } from 'node:fs'
import { mkdir, open, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { chunkBytes } from '../base/limits.ts'
import { secretBuffer } from '../base/secret.ts'
import { randomToken } from '../crypto/random.ts'
import { ThrowawayKey, throwawayTagBytes } from '../crypto/throwaway.ts'
import { TransferFailure } from './errors.ts'

const sealedBytes = chunkBytes + throwawayTagBytes
/** Left free on the disk: mail that arrives needs it more. */
const reserveBytes = 512 * 1024 * 1024
/** How often is looked, in chunks. */
const chunksPerLook = 256
const chunksKept = 8

/** What several spools of one upload may hold together. */
export interface Allowance {
  leftBytes: number
}

/** Grows at its end, is read anywhere. Nobody can open it again, not even after a crash: its name goes before its first octet comes. */
export class Spool implements AsyncDisposable {
  readonly #file: FileHandle
  readonly #directory: string
  readonly #allowance: Allowance
  readonly #key = new ThrowawayKey()
  readonly #last = secretBuffer(chunkBytes)
  readonly #opened = new Map<number, Buffer>()
  #chunks = 0
  #lastBytes = 0

  private constructor(file: FileHandle, directory: string, allowance: Allowance) {
    this.#file = file
    this.#directory = directory
    this.#allowance = allowance
  }

  /** `directory` is made where it is missing. Throws TransferFailure 'cannot-write'. */
  static async make(directory: string, allowance: Allowance): Promise<Spool> {
    const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const path = join(directory, randomToken())
      const file = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
      await unlink(path)
      return new Spool(file, directory, allowance)
    } catch (error) {
      throw cannotSpool(error)
    }
  }

  get length(): number {
    return this.#chunks * chunkBytes + this.#lastBytes
  }

  /** Throws TransferFailure: 'too-large' beyond the allowance, 'cannot-write' when the disk is nearly full. `bytes` stays the caller's. */
  async append(bytes: Buffer): Promise<void> {
    if (bytes.length > this.#allowance.leftBytes)
      throw new TransferFailure('too-large', 'it is larger than this server takes at once')
    this.#allowance.leftBytes -= bytes.length
    for (let at = 0; at < bytes.length;) {
      const taken = bytes.copy(this.#last, this.#lastBytes, at)
      at += taken
      this.#lastBytes += taken
      if (this.#lastBytes === chunkBytes) await this.#writeChunk()
    }
  }

  async #writeChunk(): Promise<void> {
    try {
      if (this.#chunks % chunksPerLook === 0) {
        const { bavail, bsize } = await statfs(this.#directory)
        if (bavail * bsize < reserveBytes)
          throw new TransferFailure('cannot-write', 'the disk of the server is nearly full')
      }
      const sealed = this.#key.seal(this.#last)
      for (let at = 0; at < sealed.length;) {
        const position = this.#chunks * sealedBytes + at
        at += (await this.#file.write(sealed, at, sealed.length - at, position)).bytesWritten
      }
    } catch (error) {
      throw error instanceof TransferFailure ? error : cannotSpool(error)
    }
    this.#chunks += 1
    this.#lastBytes = 0
  }

  /** As FileHandle's. */
  async read(
    into: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }> {
    let done = 0
    while (done < length && position + done < this.length) {
      const index = Math.floor((position + done) / chunkBytes)
      const from = (position + done) % chunkBytes
      const chunk =
        index === this.#chunks ? this.#last.subarray(0, this.#lastBytes) : await this.#chunk(index)
      done += chunk.copy(into, offset + done, from, Math.min(chunk.length, from + length - done))
    }
    return { bytesRead: done }
  }

  async #chunk(index: number): Promise<Buffer> {
    const known = this.#opened.get(index)
    if (known) return known
    const sealed = Buffer.allocUnsafe(sealedBytes)
    let filled = 0
    while (filled < sealedBytes) {
      const { bytesRead } = await this.#file.read(
        sealed,
        filled,
        sealedBytes - filled,
        index * sealedBytes + filled,
      )
      if (bytesRead === 0) break
      filled += bytesRead
    }
    const chunk = this.#key.open(index, sealed.subarray(0, filled))
    if (!chunk) throw new TransferFailure('cannot-read', 'what was uploaded cannot be read back')
    this.#opened.set(index, chunk)
    const [oldest] = this.#opened.keys()
    if (this.#opened.size > chunksKept && oldest !== undefined) this.#opened.delete(oldest)
    return chunk
  }

  /** The disk has its room again, and nothing of it can be read any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#last.fill(0)
    for (const chunk of this.#opened.values()) chunk.fill(0)
    this.#opened.clear()
    await this.#file.close()
  }
}

function cannotSpool(error: unknown): TransferFailure {
  return new TransferFailure('cannot-write', 'the server cannot keep what is uploaded', { cause: error })
}
