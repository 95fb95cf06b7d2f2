// Directory and site records of the level engine.
import { concat, equalBytes } from '../../base/bytes.ts'
import { Serial } from '../../base/serial.ts'
import { checkName, checkValue } from '../checks.ts'
import { Conflict } from '../errors.ts'
import type { Directory, NameChange, SiteRecords } from '../store.ts'
import type { Committer } from './committer.ts'
import { directoryKey, siteKey } from './layout.ts'
import type { Operations } from './operations.ts'
import type { Records } from './records.ts'

export class LevelDirectory implements Directory {
  readonly #records: Records
  readonly #committer: Committer
  readonly #operations: Operations
  readonly #queue = new Serial()

  constructor(records: Records, committer: Committer, operations: Operations) {
    this.#records = records
    this.#committer = committer
    this.#operations = operations
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    return this.#operations.run(async () => {
      await this.#records.ready()
      return this.#records.get(directoryKey(name))
    })
  }

  async put(name: string, value: Uint8Array, expected: Uint8Array | undefined): Promise<void> {
    await this.change([{ name, value, expected }])
  }

  async delete(name: string, expected: Uint8Array): Promise<void> {
    await this.change([{ name, value: undefined, expected }])
  }

  async change(changes: readonly NameChange[]): Promise<void> {
    const wanted = changes.map(({ name, value, expected }) => {
      if (value) {
        checkName(name)
        checkValue(value)
      }
      return { key: directoryKey(name), value: value && Buffer.from(value), expected }
    })
    await this.#operations.run(() =>
      this.#queue.run(async () => {
        await this.#records.ready()
        for (const { key, expected } of wanted) {
          const present = this.#records.get(key)
          const isSame = present && expected ? equalBytes(present, expected) : present === expected
          if (!isSame) throw new Conflict('the name has another value')
        }
        await this.#committer.write(wanted.map(({ key, value }) => ({ key, value })))
      }),
    )
  }

  async list(prefix: string, after?: string, limit: number = 1000): Promise<readonly [string, Uint8Array][]> {
    const first = directoryKey(prefix)
    const behind = after === undefined ? first : concat(directoryKey(after), Buffer.from([0]))
    const gte = Buffer.compare(behind, first) > 0 ? behind : first
    const lt = concat(first, Buffer.from([0xff])) // no UTF-8 has this byte
    return this.#operations.run(async () => {
      await this.#records.ready()
      const found: [string, Uint8Array][] = []
      if (limit <= 0) return found
      for await (const page of this.#records.range({ gte, lt, limit })) {
        for (const [key, value] of page) found.push([key.subarray(1).toString('utf8'), value])
      }
      return found
    })
  }
}

export class LevelSite implements SiteRecords {
  readonly #records: Records
  readonly #committer: Committer
  readonly #operations: Operations

  constructor(records: Records, committer: Committer, operations: Operations) {
    this.#records = records
    this.#committer = committer
    this.#operations = operations
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    return this.#operations.run(async () => {
      await this.#records.ready()
      return this.#records.get(siteKey(name))
    })
  }

  async put(name: string, value: Uint8Array | undefined): Promise<void> {
    checkName(name)
    if (value) checkValue(value)
    const copy = value && Buffer.from(value)
    await this.#operations.run(() => this.#committer.write([{ key: siteKey(name), value: copy }]))
  }

  async list(): Promise<readonly [string, Uint8Array][]> {
    const gte = siteKey('')
    return this.#operations.run(async () => {
      await this.#records.ready()
      const found: [string, Uint8Array][] = []
      for await (const page of this.#records.range({ gte, lt: concat(gte, Buffer.from([0xff])) }))
        for (const [key, value] of page) found.push([key.subarray(1).toString('utf8'), value])
      return found
    })
  }

  async compact(): Promise<void> {
    await this.#operations.run(() => this.#records.compact(siteKey(''), siteKey('\u{10ffff}')))
  }
}
