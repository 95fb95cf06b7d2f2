// Open segment files, shared by everybody who reads or writes them: few descriptors, and no file removed under a reader.
import type { Log } from '../../../base/ports.ts'
import type { FileOperations, OpenFile } from './files.ts'

/** A file that stays open, and on disk, until `release`. */
export interface HeldFile {
  readonly file: OpenFile
  /** At most once. */
  release(): void
}

interface Slot {
  readonly path: string
  readonly file: Promise<OpenFile>
  holders: number
  /** To be removed when the last holder lets go. */
  isDoomed: boolean
}

/** What the system says of a file that is not there. */
function missing(path: string): Error {
  return Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' })
}

export class OpenFiles {
  readonly #files: FileOperations
  readonly #log: Log
  readonly #maxIdle: number
  readonly #slots = new Map<string, Slot>()
  /** Slots without holders, the longest idle first. */
  readonly #idle = new Set<Slot>()
  /** Removed from disk while somebody holds them. */
  readonly #detached = new Set<Slot>()
  readonly #ending = new Set<Promise<void>>()

  constructor(files: FileOperations, log: Log, maxIdle: number) {
    this.#files = files
    this.#log = log
    this.#maxIdle = maxIdle
  }

  get count(): number {
    return this.#slots.size
  }

  /** Whether more than one hold the file. */
  isShared(path: string): boolean {
    return (this.#slots.get(path)?.holders ?? 0) > 1
  }

  /** Opens a file, or shares an open one. `check` runs once for each opening; when it throws, so does this. */
  async acquire(path: string, check: (file: OpenFile) => Promise<void>): Promise<HeldFile> {
    let slot = this.#slots.get(path)
    if (slot?.isDoomed) throw missing(path)
    slot ??= this.#add(path, this.#open(path, check))
    return this.#hold(slot)
  }

  async #open(path: string, check: (file: OpenFile) => Promise<void>): Promise<OpenFile> {
    const file = await this.#files.open(path)
    try {
      await check(file)
      return file
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
  }

  /** Takes over a file just created. */
  async adopt(path: string, file: OpenFile): Promise<HeldFile> {
    return this.#hold(this.#add(path, Promise.resolve(file)))
  }

  #add(path: string, file: Promise<OpenFile>): Slot {
    const slot: Slot = { path, file, holders: 0, isDoomed: false }
    this.#slots.set(path, slot)
    file.catch(() => {
      if (this.#slots.get(path) === slot) this.#slots.delete(path)
    })
    return slot
  }

  async #hold(slot: Slot): Promise<HeldFile> {
    slot.holders += 1
    this.#idle.delete(slot)
    const file = await slot.file
    let isHeld = true
    const release = () => {
      if (isHeld) this.#release(slot)
      isHeld = false
    }
    return { file, release }
  }

  #release(slot: Slot): void {
    slot.holders -= 1
    if (slot.holders > 0) return
    if (slot.isDoomed || this.#detached.has(slot)) {
      this.#end(slot)
      return
    }
    this.#idle.add(slot)
    if (this.#idle.size <= this.#maxIdle) return
    const [oldest] = this.#idle
    if (oldest) this.#end(oldest)
  }

  /** Closes, and removes what is doomed, behind the caller's back. */
  #end(slot: Slot): void {
    this.#forget(slot)
    const ended = (async () => {
      await (await slot.file).close()
      if (slot.isDoomed) await this.#files.remove(slot.path)
    })()
      .catch((error: unknown) => {
        this.#log.write('warn', 'store.file-not-closed', { reason: String(error) })
      })
      .finally(() => {
        this.#ending.delete(ended)
      })
    this.#ending.add(ended)
  }

  #forget(slot: Slot): void {
    this.#idle.delete(slot)
    this.#detached.delete(slot)
    if (this.#slots.get(slot.path) === slot) this.#slots.delete(slot.path)
  }

  /** Removes a file: at once when nobody holds it, else when the last holder lets go. Nobody new gets hold of it. */
  async remove(path: string): Promise<void> {
    const slot = this.#slots.get(path)
    if (slot) {
      slot.isDoomed = true
      if (slot.holders > 0) return
      this.#forget(slot)
      await (await slot.file).close()
    }
    await this.#files.remove(path)
  }

  /** Removes a file whose account is gone. Who holds it can read on: the system keeps what is open. */
  async removeNow(path: string): Promise<void> {
    const slot = this.#slots.get(path)
    if (slot && slot.holders > 0) {
      this.#forget(slot)
      this.#detached.add(slot)
      slot.isDoomed = false
    } else if (slot) {
      this.#forget(slot)
      await (await slot.file).close()
    }
    await this.#files.remove(path)
  }

  /** Closes everything. No operation may be under way. */
  async closeAll(): Promise<void> {
    for (const slot of [...this.#slots.values(), ...this.#detached]) this.#end(slot)
    await Promise.all([...this.#ending])
  }
}
