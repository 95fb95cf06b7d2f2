// Keeps a reserve of free disk space from bodies, so that records (and with them deletions) can still be written.
import { Unavailable } from '../../errors.ts'
import { storeError } from '../faults.ts'
import type { FileOperations } from './files.ts'

const freshMs = 1000

export class Room {
  readonly #files: FileOperations
  readonly #path: string
  readonly #reserveBytes: number
  #freeBytes = 0
  #takenBytes = 0
  #readAtMs = -Infinity

  constructor(files: FileOperations, path: string, reserveBytes: number) {
    this.#files = files
    this.#path = path
    this.#reserveBytes = reserveBytes
  }

  /** Call before writing `bytes` of a body. Throws Unavailable 'disk-full'. */
  async take(bytes: number): Promise<void> {
    if (this.#reserveBytes === 0) return
    this.#freeBytes -= bytes
    this.#takenBytes += bytes
    const isOld = performance.now() - this.#readAtMs > freshMs
    const isWorn = this.#takenBytes > this.#reserveBytes / 4
    if (isOld || isWorn || this.#freeBytes < this.#reserveBytes) {
      try {
        this.#freeBytes = (await this.#files.freeBytes(this.#path)) - bytes
      } catch (error) {
        throw storeError(error, 'asking for free space')
      }
      this.#takenBytes = 0
      this.#readAtMs = performance.now()
    }
    if (this.#freeBytes >= this.#reserveBytes) return
    throw new Unavailable('disk-full', `disk full: less than ${this.#reserveBytes} bytes would be free`)
  }
}
