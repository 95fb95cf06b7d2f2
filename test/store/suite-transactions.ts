// The store contract: versions, atomicity, serialisability, usage and quota, limits.
import assert from 'node:assert/strict'
import { deferred } from '../../src/base/async.ts'
import { maxTransactionBytes, maxValueBytes } from '../../src/base/limits.ts'
import { Refused } from '../../src/store/errors.ts'
import { maxKeyBytes, type Snapshot, type Store, type Transaction } from '../../src/store/store.ts'
import { account, entries, id, key, refused } from './kit.ts'
import type { Case } from './suite.ts'

async function increment(store: Store, owner: Uint8Array, at: Buffer = key(0)): Promise<number> {
  const { version } = await store.transact(owner, async (tx) => {
    const before = (await tx.get(at))?.[0] ?? 0
    tx.put(at, Buffer.from([before + 1]))
  })
  return version
}

async function value(store: Store, at: Buffer, owner: Uint8Array = account): Promise<Uint8Array | undefined> {
  return store.read(owner, (snapshot) => snapshot.get(at))
}

/** Whatever is written here must raise the version; with nothing it must not. */
const writes: readonly (readonly [string, (tx: Transaction) => void, number])[] = [
  ['nothing', () => undefined, 0],
  ['adding nothing to the usage', (tx) => tx.addUsage(0), 0],
  ['put', (tx) => tx.put(key(1), Buffer.from('x')), 1],
  ['put of an empty value', (tx) => tx.put(key(1), Buffer.alloc(0)), 1],
  ['delete of a missing key', (tx) => tx.delete(key(1)), 1],
  ['deleteRange over nothing', (tx) => tx.deleteRange(key(1), key(2)), 1],
  ['addUsage', (tx) => tx.addUsage(5), 1],
  ['setQuota', (tx) => tx.setQuota(10), 0],
]

const tooLarge: readonly (readonly [string, (tx: Transaction) => void])[] = [
  ['a value', (tx) => tx.put(key(1), Buffer.alloc(maxValueBytes + 1))],
  ['a key to put', (tx) => tx.put(Buffer.alloc(maxKeyBytes + 1), Buffer.alloc(1))],
  ['a key to delete', (tx) => tx.delete(Buffer.alloc(maxKeyBytes + 1))],
  [
    'a transaction',
    (tx) => {
      for (let n = 0; n <= maxTransactionBytes / maxValueBytes; n += 1) {
        tx.put(key(n), Buffer.alloc(maxValueBytes))
      }
    },
  ],
]

const stepping: readonly Case[] = [
  ...writes.map(([title, write, step]): Case => [
    `${title} raises the version by ${step}`,
    async ({ store }) => {
      const before = await increment(store, account)
      const { version } = await store.transact(account, async (tx) => {
        assert.equal(tx.version, before)
        write(tx)
      })
      assert.equal(version, before + step)
      assert.equal((await store.info(account))?.version, before + step)
    },
  ]),
  ...tooLarge.map(([title, write]): Case => [
    `refuses ${title} that is too large, and writes nothing`,
    async ({ store }) => {
      const attempt = store.transact(account, async (tx) => {
        tx.put(key(0), Buffer.from('x'))
        write(tx)
      })
      await assert.rejects(attempt, refused('too-large'))
      assert.equal((await store.info(account))?.version, 0)
      assert.equal(await value(store, key(0)), undefined)
    },
  ]),
]

export const transactionCases: readonly Case[] = [
  ...stepping,
  [
    'takes values and keys of the greatest size',
    async ({ store }) => {
      const long = Buffer.alloc(maxKeyBytes, 0xff)
      await store.transact(account, async (tx) => tx.put(long, Buffer.alloc(maxValueBytes, 7)))
      assert.deepEqual(await value(store, long), Buffer.alloc(maxValueBytes, 7))
    },
  ],
  [
    'a transaction sees its own writes, others see them after the commit',
    async ({ store }) => {
      await store.transact(account, async (tx) => {
        tx.put(key(1), Buffer.from('a'))
        tx.put(key(2), Buffer.from('b'))
      })
      await store.transact(account, async (tx) => {
        tx.put(key(1), Buffer.from('c'))
        tx.delete(key(2))
        const seen = await tx.getMany([key(3), key(2), key(1), key(1)])
        assert.deepEqual(
          seen.map((bytes) => bytes?.toString()),
          [undefined, undefined, 'c', 'c'],
        )
        assert.equal((await value(store, key(1)))?.toString(), 'a')
        assert.equal((await value(store, key(2)))?.toString(), 'b')
      })
      assert.equal((await value(store, key(1)))?.toString(), 'c')
      assert.equal(await value(store, key(2)), undefined)
    },
  ],
  [
    'keeps what was put, whatever the caller does with the buffers afterwards',
    async ({ store }) => {
      const name = Buffer.from('name')
      const bytes = Buffer.from('value')
      await store.transact(account, async (tx) => {
        tx.put(name, bytes)
        name.fill(0)
        bytes.fill(0)
      })
      assert.equal((await value(store, Buffer.from('name')))?.toString(), 'value')
    },
  ],
  [
    'a transaction that throws writes nothing and passes its error on',
    async ({ store }) => {
      const reason = new Error('changed my mind')
      const attempt = store.transact(account, async (tx) => {
        tx.put(key(1), Buffer.from('x'))
        tx.addUsage(10)
        throw reason
      })
      await assert.rejects(attempt, (error) => error === reason)
      assert.deepEqual(await store.info(account), { version: 0, usageBytes: 0 })
      assert.equal(await increment(store, account), 1)
    },
  ],
  [
    'transactions of one account are serialisable and their versions have no gap',
    async ({ store }) => {
      const versions = await Promise.all(Array.from({ length: 200 }, () => increment(store, account)))
      assert.deepEqual(
        versions,
        Array.from({ length: 200 }, (_, n) => n + 1),
      )
      assert.deepEqual(await value(store, key(0)), Buffer.from([200]))
    },
  ],
  [
    'a failing transaction among others harms none of them',
    async ({ store }) => {
      const all = await Promise.allSettled(
        Array.from({ length: 50 }, (_, n) =>
          n % 5 === 2
            ? store.transact(account, async (tx) => {
                tx.put(key(0), Buffer.from([99]))
                throw new Error('no')
              })
            : increment(store, account),
        ),
      )
      assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 40)
      assert.deepEqual(await value(store, key(0)), Buffer.from([40]))
      assert.equal((await store.info(account))?.version, 40)
    },
  ],
  [
    'accounts do not wait for each other and do not see each other',
    async ({ store }) => {
      await store.create(id(2))
      const gate = deferred<undefined>()
      const slow = store.transact(account, async (tx) => {
        await gate.promise
        tx.put(key(1), Buffer.from('mine'))
      })
      await store.transact(id(2), async (tx) => tx.put(key(1), Buffer.from('yours')))
      assert.equal((await value(store, key(1), id(2)))?.toString(), 'yours')
      assert.equal(await value(store, key(1)), undefined)
      gate.resolve(undefined)
      await slow
      assert.equal((await value(store, key(1)))?.toString(), 'mine')
      assert.equal((await value(store, key(1), id(2)))?.toString(), 'yours')
    },
  ],
  [
    'a transaction that only reads waits for what it has seen to be committed',
    async ({ store }) => {
      const order: string[] = []
      const write = store
        .transact(account, async (tx) => tx.put(key(0), Buffer.from([1])))
        .then(() => order.push('written'))
      const read = store
        .transact(account, async (tx) => (await tx.get(key(0)))?.[0])
        .then(({ value: seen, version }) => {
          order.push('read')
          assert.deepEqual([seen, version], [1, 1])
        })
      await Promise.all([write, read])
      assert.deepEqual(order, ['written', 'read'])
    },
  ],
  [
    'a snapshot does not change while others write',
    async ({ store }) => {
      await increment(store, account)
      await store.read(account, async (snapshot) => {
        assert.equal(snapshot.version, 1)
        await increment(store, account)
        await store.transact(account, async (tx) => tx.put(key(5), Buffer.from('x')))
        assert.deepEqual(await snapshot.get(key(0)), Buffer.from([1]))
        assert.equal((await entries(snapshot)).length, 1)
        assert.equal(snapshot.version, 1)
      })
      await store.read(account, async (snapshot) => assert.equal(snapshot.version, 3))
    },
  ],
  [
    'what was given to run cannot be used afterwards',
    async ({ store }) => {
      const { value: tx } = await store.transact(account, async (given) => given)
      const snapshot = await store.read<Snapshot>(account, async (given) => given)
      assert.throws(() => tx.put(key(1), Buffer.alloc(1)), /over/)
      await assert.rejects(tx.get(key(1)), /over/)
      await assert.rejects(snapshot.get(key(1)), /over/)
      await assert.rejects(entries(snapshot), /over/)
    },
  ],
  [
    'usage adds up, never falls below 0, and rises to the quota but not above',
    async ({ store }) => {
      const add = (bytes: number) => store.transact(account, async (tx) => tx.addUsage(bytes))
      await store.transact(account, async (tx) => {
        tx.addUsage(30)
        tx.addUsage(-10)
        tx.setQuota(100)
      })
      assert.deepEqual(await store.info(account), { version: 1, usageBytes: 20, quotaBytes: 100 })
      await add(80)
      await assert.rejects(add(1), refused('over-quota'))
      assert.deepEqual(await store.info(account), { version: 2, usageBytes: 100, quotaBytes: 100 })
      // Above a lowered quota deleting goes on, adding does not.
      await store.transact(account, async (tx) => tx.setQuota(10))
      await add(-20)
      await assert.rejects(add(1), refused('over-quota'))
      await add(-200)
      assert.equal((await store.info(account))?.usageBytes, 0)
      await store.transact(account, async (tx) => {
        tx.setQuota(undefined)
        tx.addUsage(1_000_000)
      })
      assert.deepEqual(await store.info(account), { version: 5, usageBytes: 1_000_000 })
    },
  ],
  [
    'over quota rejects the whole transaction, and concurrent ones cannot get past it together',
    async ({ store }) => {
      await store.transact(account, async (tx) => tx.setQuota(10))
      const attempts = Array.from({ length: 5 }, (_, n) =>
        store.transact(account, async (tx) => {
          tx.put(key(n), Buffer.from('x'))
          tx.addUsage(4)
        }),
      )
      const results = await Promise.allSettled(attempts)
      const failed = results.filter((result) => result.status === 'rejected')
      assert.equal(failed.length, 3)
      for (const { reason } of failed) {
        assert.ok(reason instanceof Refused && reason.reason === 'over-quota')
      }
      assert.deepEqual(await store.info(account), { version: 2, usageBytes: 8, quotaBytes: 10 })
      await store.read(account, async (snapshot) => assert.equal((await entries(snapshot)).length, 2))
    },
  ],
]
