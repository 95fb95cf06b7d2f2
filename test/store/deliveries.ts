// A workload that keeps books: what was acknowledged must be there whole, what was refused must not, nothing half.
import assert from 'node:assert/strict'
import { Unavailable } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { entries, id, key, noise, pieces, readBlob } from './kit.ts'

type Outcome = 'acknowledged' | 'refused' | 'unknown'

/** Sizes in turn: with `smallBodyBytes` of 5,000 two small ones, and one that is streamed. */
const sizes = [700, 3_000, 30_000]

export class Deliveries {
  readonly account: Buffer
  readonly #outcomes = new Map<number, Outcome>()
  #next = 0
  #lastVersion = 0

  constructor(account: Buffer) {
    this.account = account
  }

  get count(): number {
    return this.#next
  }
  with(outcome: Outcome): number {
    return [...this.#outcomes.values()].filter((each) => each === outcome).length
  }

  #body(n: number): Buffer {
    return noise(sizes[n % sizes.length] ?? 0, n)
  }

  /** Delivers one message: a body and a record. Never rejects for a disk that fails. */
  async deliver(store: Store): Promise<Outcome> {
    const n = this.#next
    this.#next += 1
    let outcome: Outcome
    try {
      const body = this.#body(n)
      const staged = await store.blobs.stage(this.account, id(n), Buffer.from([n]), pieces(body, 2_000))
      const { version } = await store.transact(this.account, async (tx) => {
        tx.put(key(n), id(n))
        tx.attach(staged)
        tx.addUsage(body.length)
      })
      assert.ok(version > this.#lastVersion, 'versions rise in the order of acknowledgement')
      this.#lastVersion = version
      outcome = 'acknowledged'
    } catch (error) {
      assert.ok(error instanceof Unavailable, String((error as Error).stack))
      outcome = error.isOutcomeUnknown ? 'unknown' : 'refused'
    }
    this.#outcomes.set(n, outcome)
    return outcome
  }

  /** Compares the store with the books. `isAfterCrash`: what had not been answered may be there or not. */
  async check(store: Store, isAfterCrash: boolean = false): Promise<void> {
    const { present, version } = await store.read(this.account, async (snapshot) => {
      const all = await entries(snapshot)
      return { version: snapshot.version, present: new Set(all.map(([name]) => numberOf(name))) }
    })
    let usage = 0
    for (let n = 0; n < this.#next; n += 1) {
      const outcome = this.#outcomes.get(n) ?? (isAfterCrash ? 'unknown' : undefined)
      if (outcome === 'acknowledged') assert.ok(present.has(n), `delivery ${n} was acknowledged`)
      if (outcome === 'refused') assert.ok(!present.has(n), `delivery ${n} was refused`)
      const length = await store.blobs.length(this.account, id(n))
      if (!present.has(n)) {
        assert.equal(length, undefined, `delivery ${n} has a body and no record`)
        continue
      }
      usage += this.#body(n).length
      assert.ok((await readBlob(store, this.account, id(n))).equals(this.#body(n)), `body of delivery ${n}`)
    }
    assert.equal(version, present.size, 'one version for each delivery that is there')
    assert.equal((await store.info(this.account))?.usageBytes, usage)
    assert.ok((await store.space(this.account)).liveBytes >= usage)
  }
}

function numberOf(name: Uint8Array): number {
  return Buffer.from(name).readUInt32BE(1)
}
