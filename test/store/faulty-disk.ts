// A disk that fails when it is told to, and remembers what was not yet durable: for the level engine's ports.
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { nodeFiles, type FileOperations, type OpenFile } from '../../src/store/level/bodies/files.ts'
import { openLevelRecords, type OpenRecords, type RecordHandle } from '../../src/store/level/record-handle.ts'

export type Operation = keyof FileOperations | keyof OpenFile | 'openRecords' | 'batch'

/**
 * ENOSPC, EIO: the operation does nothing and fails. short: a write takes half of what it is given. applied: a batch is
 * written and synchronised, and fails nevertheless.
 */
export type Fault = 'ENOSPC' | 'EIO' | 'short' | 'applied'

export function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: made up, '${path}'`), { code })
}

interface Durability {
  /** Size when last synchronised; undefined: never. */
  syncedSize: number | undefined
  unsynced: { position: number; length: number }[]
  isNamed: boolean
}

export class FaultyDisk {
  /** Asked before each operation. */
  decide: (operation: Operation, path: string) => Fault | undefined = () => undefined
  readonly files: FileOperations
  readonly openRecords: OpenRecords
  /** Every operation so far, with the last two parts of its path. */
  readonly history: string[] = []
  readonly #durability = new Map<string, Durability>()

  constructor() {
    const plain =
      <A extends readonly unknown[], T>(name: Operation, run: (path: string, ...rest: A) => Promise<T>) =>
      async (path: string, ...rest: A): Promise<T> => {
        this.#before(name, path)
        return run(path, ...rest)
      }
    this.files = {
      open: plain('open', async (path) => this.#file(path, await nodeFiles.open(path))),
      create: plain('create', async (path) => {
        const file = await nodeFiles.create(path)
        this.#durability.set(path, { syncedSize: undefined, unsynced: [], isNamed: false })
        return this.#file(path, file)
      }),
      makeDirectory: plain('makeDirectory', (path) => nodeFiles.makeDirectory(path)),
      syncDirectory: plain('syncDirectory', async (path) => {
        await nodeFiles.syncDirectory(path)
        for (const [file, state] of this.#durability) if (file.startsWith(path)) state.isNamed = true
      }),
      list: plain('list', (path) => nodeFiles.list(path)),
      size: plain('size', (path) => nodeFiles.size(path)),
      remove: plain('remove', async (path) => {
        await nodeFiles.remove(path)
        this.#durability.delete(path)
      }),
      removeDirectory: plain('removeDirectory', (path) => nodeFiles.removeDirectory(path)),
      rename: plain('rename', (path, to: string) => nodeFiles.rename(path, to)),
      freeBytes: plain('freeBytes', (path) => nodeFiles.freeBytes(path)),
    }
    this.openRecords = async (path, create) => {
      this.#before('openRecords', path)
      return this.#handle(path, await openLevelRecords(path, create))
    }
  }

  #before(operation: Operation, path: string): Fault | undefined {
    this.history.push(`${operation} ${path.split('/').slice(-2).join('/')}`)
    const fault = this.decide(operation, path)
    if (fault === 'ENOSPC' || fault === 'EIO') throw systemError(fault, path)
    return fault
  }

  #file(path: string, file: OpenFile): OpenFile {
    const state = () => this.#durability.get(path)
    return {
      read: async (into, position) => {
        this.#before('read', path)
        return file.read(into, position)
      },
      write: async (parts, position) => {
        const fault = this.#before('write', path)
        const all = Buffer.concat(parts)
        const length = fault === 'short' ? Math.ceil(all.length / 2) : all.length
        state()?.unsynced.push({ position, length })
        return file.write([all.subarray(0, length)], position)
      },
      datasync: async () => {
        this.#before('datasync', path)
        const covered = state()?.unsynced.length ?? 0
        const size = await file.size()
        await file.datasync()
        const after = state()
        if (!after) return
        after.unsynced.splice(0, covered)
        after.syncedSize = Math.max(size, after.syncedSize ?? 0)
      },
      truncate: async (length) => {
        this.#before('truncate', path)
        await file.truncate(length)
      },
      size: () => file.size(),
      close: () => file.close(),
    }
  }

  #handle(path: string, handle: RecordHandle): RecordHandle {
    let hasFailed = false
    return {
      get: (key, snapshot) => handle.get(key, snapshot),
      getMany: (keys, snapshot) => handle.getMany(keys, snapshot),
      range: (range, snapshot) => handle.range(range, snapshot),
      snapshot: () => handle.snapshot(),
      compact: (gte, lt) => handle.compact(gte, lt),
      close: () => handle.close(),
      write: async (ops) => {
        assert.ok(!hasFailed, 'LevelDB was written to after a failed write')
        try {
          const fault = this.#before('batch', path)
          await handle.write(ops)
          if (fault === 'applied') throw systemError('EIO', path)
        } catch (error) {
          hasFailed = true
          throw error
        }
      },
    }
  }

  /** From now on nothing works, until `decide` is set again. */
  die(): void {
    this.decide = () => 'EIO'
  }

  /**
   * Takes from the segment files what a power cut may take: whatever was not synchronised, and files whose names were
   * not. For after the store was closed.
   */
  async cutPower(): Promise<void> {
    for (const [path, { syncedSize, unsynced, isNamed }] of this.#durability) {
      if (!isNamed || syncedSize === undefined) {
        await fs.rm(path, { force: true })
        continue
      }
      const file = await fs.open(path, 'r+')
      for (const { position, length } of unsynced) await file.write(Buffer.alloc(length), 0, length, position)
      if ((await file.stat()).size > syncedSize) await file.truncate(syncedSize)
      await file.close()
    }
  }
}
