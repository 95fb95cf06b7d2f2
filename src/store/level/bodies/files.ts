// The file operations the engine uses on segments: the seam at which tests let the disk fail.
import fs from 'node:fs'
import { promisify } from 'node:util'
import { syncDirectory } from '../../../base/sync-directory.ts'

/** An open segment file, readable and writable. Errors carry the system's `code`. */
export interface OpenFile {
  /** Bytes read at `position`; fewer than asked for only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Bytes written at `position`; may be fewer than given. */
  write(parts: readonly Uint8Array[], position: number): Promise<number>
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

export interface FileOperations {
  open(path: string): Promise<OpenFile>
  /** A new file of mode 0600. Throws EEXIST when there is one. */
  create(path: string): Promise<OpenFile>
  /** A new directory of mode 0700, whatever the umask. Throws EEXIST when there is one. */
  makeDirectory(path: string): Promise<void>
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>
  list(path: string): Promise<string[]>
  size(path: string): Promise<number>
  remove(path: string): Promise<void>
  removeDirectory(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Free for this process on the disk that holds `path`. */
  freeBytes(path: string): Promise<number>
}

const read = promisify(fs.read)
const writev = promisify(fs.writev)
const fdatasync = promisify(fs.fdatasync)
const ftruncate = promisify(fs.ftruncate)
const fstat = promisify(fs.fstat)
const open = promisify(fs.open)
const close = promisify(fs.close)

// Plain descriptors: fs.FileHandle costs more for each call and closes itself when it is collected.
class NodeFile implements OpenFile {
  readonly #fd: number

  constructor(fd: number) {
    this.#fd = fd
  }
  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0
    while (done < into.length) {
      const { bytesRead } = await read(this.#fd, into, done, into.length - done, position + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return done
  }
  async write(parts: readonly Uint8Array[], position: number): Promise<number> {
    return (await writev(this.#fd, parts, position)).bytesWritten
  }
  datasync(): Promise<void> {
    return fdatasync(this.#fd)
  }
  truncate(length: number): Promise<void> {
    return ftruncate(this.#fd, length)
  }
  async size(): Promise<number> {
    return (await fstat(this.#fd)).size
  }
  close(): Promise<void> {
    return close(this.#fd)
  }
}

export const nodeFiles: FileOperations = {
  async open(path) {
    return new NodeFile(await open(path, 'r+'))
  },
  async create(path) {
    return new NodeFile(await open(path, 'wx+', 0o600))
  },
  async makeDirectory(path) {
    await fs.promises.mkdir(path, { mode: 0o700 })
    await fs.promises.chmod(path, 0o700)
  },
  syncDirectory,
  list: (path) => fs.promises.readdir(path),
  size: async (path) => (await fs.promises.stat(path)).size,
  remove: (path) => fs.promises.unlink(path),
  removeDirectory: (path) => fs.promises.rmdir(path),
  rename: (from, to) => fs.promises.rename(from, to),
  async freeBytes(path) {
    const disk = await fs.promises.statfs(path)
    return disk.bavail * disk.bsize
  },
}

/** True when `error` carries this system code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
