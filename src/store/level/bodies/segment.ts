// One segment file as the engine knows it in memory: where it ends, what is durable, who may append.
import { Unavailable } from '../../errors.ts'
import { storeError } from '../faults.ts'
import type { AppendQueue } from './append-queue.ts'
import type { OpenFile } from './files.ts'

/** Writes all parts, however the system cuts them up. */
export async function writeAll(
  file: OpenFile,
  parts: readonly Uint8Array[],
  position: number,
): Promise<number> {
  let rest = parts.filter((part) => part.length > 0)
  let at = position
  while (rest.length > 0) {
    let written = await file.write(rest, at)
    if (written <= 0) throw new Unavailable('io', 'writing a body: the system wrote nothing')
    at += written
    while (rest[0] && written >= rest[0].length) {
      written -= rest[0].length
      rest = rest.slice(1)
    }
    if (rest[0] && written > 0) rest = [rest[0].subarray(written), ...rest.slice(1)]
  }
  return at - position
}

export class Segment {
  readonly number: number
  readonly path: string
  /** Where the next append begins. */
  sizeBytes: number
  /** Blobs written here that are neither committed nor given up. */
  staged = 0
  /** Small writes on their way. */
  writers = 0
  appends: AppendQueue | undefined
  /** One stream, or the cleaner, has the file to itself. */
  isExclusive = false
  /** Its end is about to move back: nobody may reserve behind it. */
  isTruncating = false
  /** Being rewritten: no appends, soon gone. */
  isRetired = false
  /** A write or a sync failed, or it is shorter than its record says: no appends. */
  isSuspect = false
  readonly #syncName: (() => Promise<void>) | undefined
  #isNamed: boolean
  #written = 0
  #synced = 0
  #syncing: Promise<void> | undefined

  /** `syncName` makes the name of a new file durable; it is called with the first sync. */
  constructor(number: number, path: string, sizeBytes: number, syncName?: () => Promise<void>) {
    this.number = number
    this.path = path
    this.sizeBytes = sizeBytes
    this.#syncName = syncName
    this.#isNamed = syncName === undefined
  }

  get canAppend(): boolean {
    return !this.isExclusive && !this.isTruncating && !this.isRetired && !this.isSuspect
  }
  get isBusy(): boolean {
    return this.isExclusive || this.isTruncating || this.staged > 0 || this.writers > 0
  }

  /** Notes a finished write. The mark stands for it in `sync`. */
  mark(): number {
    this.#written += 1
    return this.#written
  }

  /** Resolves when the write with this mark is durable; one fdatasync serves all that were marked before it began. */
  async sync(mark: number, file: OpenFile, onSync: () => void): Promise<void> {
    while (this.#synced < mark) {
      if (this.#syncing) {
        await this.#syncing.catch(() => undefined)
        continue
      }
      // After a failed fdatasync the kernel may call pages clean that it has lost: a second success means nothing.
      if (this.isSuspect)
        throw new Unavailable('io', `segment ${this.path} failed before: nothing more is written`)
      this.#syncing = this.#syncAll(file)
      try {
        await this.#syncing
        onSync()
      } finally {
        this.#syncing = undefined
      }
    }
  }

  async #syncAll(file: OpenFile): Promise<void> {
    const covered = this.#written
    try {
      await file.datasync()
      if (!this.#isNamed) await this.#syncName?.()
    } catch (error) {
      this.isSuspect = true
      throw storeError(error, 'making a body durable')
    }
    this.#isNamed = true
    this.#synced = covered
  }
}
