// Directory and site records of the memory engine.
import { compareBytes, equalBytes, utf8 } from '../../base/bytes.ts'
import { checkName, checkValue } from '../checks.ts'
import { Conflict } from '../errors.ts'
import type { Directory, NameChange, SiteRecords } from '../store.ts'

/** `check` throws when the store is closed. */
export class MemoryDirectory implements Directory {
  readonly #values = new Map<string, Buffer>()
  readonly #check: () => void

  constructor(check: () => void) {
    this.#check = check
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    this.#check()
    return this.#values.get(name)
  }

  async put(name: string, value: Uint8Array, expected: Uint8Array | undefined): Promise<void> {
    await this.change([{ name, value, expected }])
  }

  async delete(name: string, expected: Uint8Array): Promise<void> {
    await this.change([{ name, value: undefined, expected }])
  }

  async change(changes: readonly NameChange[]): Promise<void> {
    for (const { name, value, expected } of changes) {
      if (value) {
        checkName(name)
        checkValue(value)
      }
      this.#expect(name, expected)
    }
    for (const { name, value } of changes) {
      if (value) this.#values.set(name, Buffer.from(value))
      else this.#values.delete(name)
    }
  }

  #expect(name: string, expected: Uint8Array | undefined): void {
    this.#check()
    const present = this.#values.get(name)
    const isSame = present && expected ? equalBytes(present, expected) : present === expected
    if (!isSame) throw new Conflict('the name has another value')
  }

  async list(prefix: string, after?: string, limit: number = 1000): Promise<readonly [string, Uint8Array][]> {
    this.#check()
    return [...this.#values]
      .filter(([name]) => name.startsWith(prefix))
      .filter(([name]) => after === undefined || compareBytes(utf8(name), utf8(after)) > 0)
      .sort(([a], [b]) => compareBytes(utf8(a), utf8(b)))
      .slice(0, limit)
  }
}

export class MemorySite implements SiteRecords {
  readonly #values = new Map<string, Buffer>()
  readonly #check: () => void

  constructor(check: () => void) {
    this.#check = check
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    this.#check()
    return this.#values.get(name)
  }

  async put(name: string, value: Uint8Array | undefined): Promise<void> {
    this.#check()
    checkName(name)
    if (value) checkValue(value)
    if (value) this.#values.set(name, Buffer.from(value))
    else this.#values.delete(name)
  }

  async list(): Promise<readonly [string, Uint8Array][]> {
    this.#check()
    return [...this.#values].sort(([a], [b]) => compareBytes(utf8(a), utf8(b)))
  }

  async compact(): Promise<void> {
    this.#check()
  }
}
