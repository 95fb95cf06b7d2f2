// A store that counts what is asked of it: how much an operation costs, without a clock.
import type { Snapshot, Store, Transaction } from '../../src/store/store.ts'
import { overriding } from './support.ts'

export interface Cost {
  /** Looks at the store outside a transaction. */
  reads: number
  transactions: number
  /** Records read, in transactions and outside. */
  got: number
  puts: number
  /** Bytes of keys and values written. */
  putBytes: number
  deletes: number
}

const nothing = (): Cost => ({ reads: 0, transactions: 0, got: 0, puts: 0, putBytes: 0, deletes: 0 })

export class CountingStore {
  readonly store: Store
  #cost = nothing()

  constructor(inner: Store) {
    this.store = overriding<Store>(inner, {
      read: (account, run) => {
        this.#cost.reads += 1
        return inner.read(account, (snapshot) => run(this.#counted(snapshot)))
      },
      transact: (account, run) => {
        this.#cost.transactions += 1
        return inner.transact(account, (tx) => run(this.#countedTransaction(tx)))
      },
    })
  }

  /** What `task` costs. */
  async costOf(task: () => Promise<unknown>): Promise<Cost> {
    this.#cost = nothing()
    await task()
    return { ...this.#cost }
  }

  #counted<T extends Snapshot>(snapshot: T): T {
    const count = (records: number): void => {
      this.#cost.got += records
    }
    const counting: Partial<Snapshot> = {
      get(key) {
        count(1)
        return snapshot.get(key)
      },
      getMany(keys) {
        count(keys.length)
        return snapshot.getMany(keys)
      },
      async *range(range) {
        for await (const entries of snapshot.range(range)) {
          count(entries.length)
          yield entries
        }
      },
    }
    return overriding<T>(snapshot, counting as Partial<T>)
  }

  #countedTransaction(tx: Transaction): Transaction {
    return overriding<Transaction>(this.#counted(tx), {
      put: (key, value) => {
        this.#cost.puts += 1
        this.#cost.putBytes += key.length + value.length
        tx.put(key, value)
      },
      delete: (key) => {
        this.#cost.deletes += 1
        tx.delete(key)
      },
    })
  }
}
