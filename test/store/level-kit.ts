// Level stores in temporary directories.
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { initLevelStore, openLevelStore, type LevelOptions } from '../../src/store/level/open.ts'
import type { Store } from '../../src/store/store.ts'
import type { Harness } from './kit.ts'

/** In memory where the system offers it: what is tested here does not depend on a disk, only on what it answers. */
export async function temporaryDirectory(): Promise<string> {
  const memory = '/dev/shm'
  const isThere = await fs.access(memory, fs.constants.W_OK).then(
    () => true,
    () => false,
  )
  return fs.mkdtemp(path.join(isThere ? memory : os.tmpdir(), 'letterlock-store-'))
}

/** No reserve: the machine's disk may be nearly full. Retries at once: tests do not wait. */
export const testLimits: LevelOptions['limits'] & object = { reserveBytes: 0, retryMs: 0 }

export class LevelHarness implements Harness {
  readonly directory: string
  readonly #options: LevelOptions
  #store: Store

  constructor(directory: string, store: Store, options: LevelOptions) {
    this.directory = directory
    this.#store = store
    this.#options = options
  }

  static async start(options: LevelOptions = {}): Promise<LevelHarness> {
    const directory = await temporaryDirectory()
    const all = { ...options, limits: { ...testLimits, ...options.limits } }
    await initLevelStore(directory, all)
    return new LevelHarness(directory, await openLevelStore(directory, all), all)
  }

  get store(): Store {
    return this.#store
  }

  async reopen(options: LevelOptions = this.#options): Promise<Store> {
    await this.#store.close()
    this.#store = await openLevelStore(this.directory, { limits: testLimits, ...options })
    return this.#store
  }

  async end(): Promise<void> {
    await this.#store.close()
    await fs.rm(this.directory, { recursive: true })
  }
}
