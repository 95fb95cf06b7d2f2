// The store contract: an account is copied at one moment, and put back whole or not at all.
import assert from 'node:assert/strict'
import { hex, utf8 } from '../../src/base/bytes.ts'
import { Unavailable } from '../../src/store/errors.ts'
import type { HeldBlob, Restoration, Store } from '../../src/store/store.ts'
import { account, addBlob, entries, id, key, noise, readBlob, refused } from './kit.ts'
import type { Case } from './suite.ts'

const restoring = (error: unknown): boolean => error instanceof Unavailable && error.reason === 'restoring'

async function held(store: Store): Promise<HeldBlob[]> {
  return store.read(account, async (view) => {
    const all: HeldBlob[] = []
    for await (const page of view.blobs()) all.push(...page)
    return all
  })
}

/** Records, a body held twice, a large one. */
async function fill(restoration: Restoration): Promise<void> {
  await restoration.put([
    [key(1), utf8('one')],
    [key(2), utf8('two')],
  ])
  await restoration.addBlob(id(20), utf8('header'), 2, noise(1000, 1))
  await restoration.addBlob(id(21), Buffer.alloc(0), 1, noise(300_000, 2))
}

const numbers = { version: 41, usageBytes: 1234, quotaBytes: 9999 }

export const restoreCases: readonly Case[] = [
  [
    'a view shows the numbers and the bodies of its moment, and a reader what stands before a body',
    async ({ store }) => {
      await addBlob(store, account, id(3), noise(10, 1), utf8('three'))
      await addBlob(store, account, id(4), noise(20, 1))
      await store.transact(account, async (tx) => {
        tx.link(id(3))
        tx.addUsage(7)
      })
      await store.read(account, async (view) => {
        await store.transact(account, async (tx) => tx.unlink(id(4)))
        const shown: HeldBlob[] = []
        for await (const page of view.blobs()) shown.push(...page)
        const wanted = [
          { id: hex(id(3)), lengthBytes: 10, count: 2 },
          { id: hex(id(4)), lengthBytes: 20, count: 1 },
        ].sort((a, b) => (a.id < b.id ? -1 : 1))
        assert.deepEqual(
          shown.map(({ blobId, lengthBytes, count }) => ({ id: hex(blobId), lengthBytes, count })),
          wanted,
        )
        assert.deepEqual([view.version, view.usageBytes, view.quotaBytes], [3, 7, undefined])
      })
      assert.equal((await held(store)).length, 1)
      await using reader = await store.blobs.open(account, id(3))
      assert.equal((await reader.recoveryHeader()).toString(), 'three')
    },
  ],
  [
    'an account that is restored has what was put, and nothing of what it had',
    async ({ store }) => {
      await addBlob(store, account, id(3), noise(10, 1))
      await store.transact(account, async (tx) => tx.put(key(9), utf8('before')))
      const restoration = await store.restore(account)
      await fill(restoration)
      await restoration.finish(numbers)
      assert.deepEqual(await store.info(account), numbers)
      const present = await store.read(account, (view) => entries(view))
      assert.deepEqual(
        present.map(([, value]) => Buffer.from(value).toString()),
        ['one', 'two'],
      )
      assert.deepEqual(
        (await held(store)).map(({ lengthBytes, count }) => [lengthBytes, count]).sort(),
        [
          [1000, 2],
          [300_000, 1],
        ].sort(),
      )
      assert.ok((await readBlob(store, account, id(20))).equals(noise(1000, 1)))
      assert.ok((await readBlob(store, account, id(21))).equals(noise(300_000, 2)))
      await store.transact(account, async (tx) => tx.unlink(id(20)))
      await addBlob(store, account, id(22), noise(10, 5))
      assert.equal((await store.info(account))?.version, 43)
      assert.ok((await readBlob(store, account, id(20))).equals(noise(1000, 1)))
    },
  ],
  [
    'nobody uses an account until it is restored; it can be begun again, or destroyed',
    async ({ store }) => {
      await fill(await store.restore(account))
      await assert.rejects(
        store.read(account, async () => 1),
        restoring,
      )
      await assert.rejects(
        store.transact(account, async (tx) => tx.put(key(1), utf8('x'))),
        restoring,
      )
      await assert.rejects(store.info(account), restoring)
      for await (const found of store.accounts()) assert.notEqual(hex(found), hex(account))
      const again = await store.restore(account)
      await again.put([[key(5), utf8('five')]])
      await again.finish({ version: 1, usageBytes: 0 })
      assert.equal((await store.read(account, (view) => entries(view))).length, 1)
      assert.deepEqual(await held(store), [])
      await assert.rejects(again.put([[key(6), utf8('six')]]), refused('no-account'))
      await store.restore(account)
      await store.destroy(account)
      assert.equal(await store.info(account), undefined)
    },
  ],
  [
    'an account that was destroyed, or never was, can be restored',
    async ({ store }) => {
      await addBlob(store, account, id(3), noise(10, 1))
      await store.destroy(account)
      for (const each of [account, id(77)]) {
        const restoration = await store.restore(each)
        await fill(restoration)
        await restoration.finish(numbers)
        assert.equal((await store.info(each))?.version, 41)
        assert.ok((await readBlob(store, each, id(20))).equals(noise(1000, 1)))
      }
      await assert.rejects(store.create(account), refused('account-exists'))
    },
  ],
]
