// Files of a backup: written beside their name and renamed when they are durable, read with their hash.
import { open, mkdir, rename, unlink, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { equalBytes } from '../base/bytes.ts'
import { syncDirectory } from '../base/sync-directory.ts'
import { hasher } from '../crypto/digest.ts'
import { BackupDamaged, codeOf } from './errors.ts'

const bufferBytes = 1024 * 1024
export const hashBytes: number = 32
/** Names of files that are not finished end so. */
export const partSuffix: string = '.part'

/** A file as another one names it. */
export interface FileRef {
  readonly sizeBytes: number
  /** SHA-256 of all its bytes before its own hash at the end. */
  readonly hash: Buffer
}

/** Makes a directory of mode 0700, with its name durable; does nothing when it is there. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    throw error
  }
  await syncDirectory(dirname(path))
}

/** A file on its way. Nobody sees it under its name before `finish` has made it durable. */
export class NewFile {
  readonly #path: string
  readonly #file: FileHandle
  readonly #hash = hasher()
  #buffer = Buffer.allocUnsafe(bufferBytes)
  #held = 0
  #written = 0

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  static async create(path: string): Promise<NewFile> {
    return new NewFile(path, await open(path + partSuffix, 'w', 0o600))
  }

  get sizeBytes(): number {
    return this.#written + this.#held
  }

  async write(...parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      if (this.#held + part.length > bufferBytes) await this.#flush()
      if (part.length > bufferBytes) {
        await this.#put(part)
        continue
      }
      this.#buffer.set(part, this.#held)
      this.#held += part.length
    }
  }

  async #flush(): Promise<void> {
    const held = this.#buffer.subarray(0, this.#held)
    this.#held = 0
    await this.#put(held)
  }

  async #put(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes)
    await this.#file.writeFile(bytes)
    this.#written += bytes.length
  }

  /** Writes the hash behind everything, and gives the file its name. */
  async finish(): Promise<FileRef> {
    await this.#flush()
    const hash = this.#hash.digest()
    await this.#file.writeFile(hash)
    await this.#file.sync()
    await this.#file.close()
    await rename(this.#path + partSuffix, this.#path)
    await syncDirectory(dirname(this.#path))
    return { sizeBytes: this.#written + hashBytes, hash }
  }

  /** Gives it up. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined)
    await unlink(this.#path + partSuffix).catch(() => undefined)
  }
}

/** A finished file, read from its beginning on. What it gives is not trusted before `end` has resolved. */
export class OldFile implements AsyncDisposable {
  readonly #name: string
  readonly #file: FileHandle
  readonly #hash = hasher()
  #buffer: Buffer = Buffer.alloc(0)
  /** Where in the file the buffer ends. */
  #position = 0
  readonly sizeBytes: number

  private constructor(name: string, file: FileHandle, sizeBytes: number) {
    this.#name = name
    this.#file = file
    this.sizeBytes = sizeBytes
  }

  /** Throws BackupDamaged when it is missing. */
  static async open(path: string, name: string): Promise<OldFile> {
    const file = await open(path, 'r').catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') throw new BackupDamaged(`${name} is missing`, { cause: error })
      throw error
    })
    try {
      return new OldFile(name, file, (await file.stat()).size)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Where the next byte stands. */
  get at(): number {
    return this.#position - this.#buffer.length
  }

  damaged(why: string): BackupDamaged {
    return new BackupDamaged(`${this.#name} ${why}`)
  }

  /** The next bytes, as a view that holds until the next call. */
  async take(length: number): Promise<Buffer> {
    while (this.#buffer.length < length) await this.#fill(length)
    const bytes = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    return bytes
  }

  async #fill(length: number): Promise<void> {
    const piece = Buffer.allocUnsafe(Math.max(bufferBytes, length - this.#buffer.length))
    // The hash at the end is not part of what is hashed, nor of what is taken.
    const room = Math.min(piece.length, this.sizeBytes - hashBytes - this.#position)
    const bytesRead = room > 0 ? await this.#read(piece, room, this.#position) : 0
    if (bytesRead === 0) throw this.damaged('is cut short')
    const bytes = piece.subarray(0, bytesRead)
    this.#hash.update(bytes)
    this.#position += bytesRead
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes])
  }

  /** A place that the disk cannot read is damage of this file, and no reason to give up everything else. */
  async #read(into: Buffer, length: number, position: number): Promise<number> {
    try {
      return (await this.#file.read(into, 0, length, position)).bytesRead
    } catch (error) {
      if (codeOf(error) !== 'EIO') throw error
      throw new BackupDamaged(`${this.#name} cannot be read (EIO)`, { cause: error })
    }
  }

  /** The next `length` bytes in pieces. */
  async *pieces(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      const piece = await this.take(Math.min(left, bufferBytes))
      left -= piece.length
      yield piece
    }
  }

  /** Passes bytes over without reading them: the hash is void from here on. */
  skip(length: number): void {
    const held = Math.min(length, this.#buffer.length)
    this.#buffer = this.#buffer.subarray(held)
    this.#position += length - held
    if (this.#position > this.sizeBytes - hashBytes) throw this.damaged('is cut short')
  }

  /** Bytes anywhere in it. */
  async readAt(position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length)
    if ((await this.#read(bytes, length, position)) !== length) throw this.damaged('is cut short')
    return bytes
  }

  /** That nothing follows, that the hash is right, and, where one is given, that it is the file meant. */
  async end(expected?: FileRef): Promise<FileRef> {
    if (this.at !== this.sizeBytes - hashBytes) throw this.damaged('has bytes behind its end')
    const hash = this.#hash.digest()
    const stored = await this.readAt(this.sizeBytes - hashBytes, hashBytes)
    if (!equalBytes(stored, hash)) throw this.damaged('was altered: its hash is another')
    const isMeant = !expected || (expected.sizeBytes === this.sizeBytes && equalBytes(expected.hash, hash))
    if (!isMeant) throw this.damaged('is not the file that the manifest names')
    return { sizeBytes: this.sizeBytes, hash }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
