// The store contract: ranges, in order and in pages, with a transaction's own writes laid over them.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Snapshot } from '../../src/store/store.ts'
import { account, entries, id, key } from './kit.ts'
import type { Case } from './suite.ts'

type Model = Map<string, string>

/** Short keys over few letters meet often; the letters are bytes that sort differently when signed. */
const smallKey = fc
  .array(fc.constantFrom(0x00, 0x01, 0x7f, 0x80, 0xff), { minLength: 1, maxLength: 3 })
  .map((bytes) => Buffer.from(bytes))

const change = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key: smallKey, value: fc.nat(255) }),
  fc.record({ kind: fc.constant('delete' as const), key: smallKey }),
  fc.record({ kind: fc.constant('deleteRange' as const), key: smallKey, lt: smallKey }),
)
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

const query = fc.record({
  gte: smallKey,
  lt: smallKey,
  limit: fc.option(fc.nat(4), { nil: undefined }),
  reverse: fc.boolean(),
})
type Query = typeof query extends fc.Arbitrary<infer T> ? T : never

function text(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1')
}

function applyTo(model: Model, done: Change): void {
  if (done.kind === 'put') model.set(text(done.key), String(done.value))
  else if (done.kind === 'delete') model.delete(text(done.key))
  else {
    for (const name of [...model.keys()]) {
      if (text(done.key) <= name && name < text(done.lt)) model.delete(name)
    }
  }
}

function expected(model: Model, { gte, lt, limit, reverse }: Query): [string, string][] {
  const found = [...model].filter(([name]) => text(gte) <= name && name < text(lt))
  found.sort(([a], [b]) => (a < b ? -1 : 1))
  if (reverse) found.reverse()
  return found.slice(0, limit ?? found.length)
}

async function compare(snapshot: Snapshot, model: Model, queries: readonly Query[]): Promise<void> {
  for (const { limit, ...rest } of queries) {
    const found = await entries(snapshot, limit === undefined ? rest : { ...rest, limit })
    assert.deepEqual(
      found.map(([name, value]) => [text(name), Buffer.from(value).toString()]),
      expected(model, { limit, ...rest }),
    )
    assert.equal((await snapshot.get(rest.gte))?.toString(), model.get(text(rest.gte)))
  }
}

export const rangeCases: readonly Case[] = [
  [
    'any history of writes reads as a sorted map does, before and after the commit',
    async ({ store }) => {
      let nextAccount = 100
      const history = fc.array(fc.array(change, { maxLength: 12 }), { minLength: 1, maxLength: 4 })
      await fc.assert(
        fc.asyncProperty(history, fc.array(query, { maxLength: 6 }), async (transactions, queries) => {
          const owner = id((nextAccount += 1))
          await store.create(owner)
          const model: Model = new Map()
          const running = transactions.map((changes) =>
            // Not awaited one by one: later ones run on top of what is not durable yet.
            store.transact(owner, async (tx) => {
              for (const [index, done] of changes.entries()) {
                applyTo(model, done)
                if (done.kind === 'put') tx.put(done.key, Buffer.from(String(done.value)))
                else if (done.kind === 'delete') tx.delete(done.key)
                else tx.deleteRange(done.key, done.lt)
                if (index % 4 === 3) await compare(tx, model, queries)
              }
              await compare(tx, model, queries)
            }),
          )
          await Promise.all(running)
          await store.read(owner, (snapshot) => compare(snapshot, model, queries))
        }),
        { numRuns: 60 },
      )
    },
  ],
  [
    'a long range comes in pages, forwards and backwards, and can be left early',
    async ({ store }) => {
      const count = 5000
      for (let from = 0; from < count; from += 1000) {
        await store.transact(account, async (tx) => {
          for (let n = from; n < from + 1000; n += 1) tx.put(key(n), Buffer.alloc(300, n & 0xff))
        })
      }
      await store.read(account, async (snapshot) => {
        const up = await entries(snapshot)
        assert.deepEqual(
          up.map(([name]) => Buffer.from(name).readUInt32BE(1)),
          Array.from({ length: count }, (_, n) => n),
        )
        const down = await entries(snapshot, { reverse: true })
        assert.deepEqual(
          down.map(([name]) => text(name)),
          up.map(([name]) => text(name)).reverse(),
        )
        assert.equal((await entries(snapshot, { limit: 1500 })).length, 1500)
        let pages = 0
        for await (const page of snapshot.range({ gte: key(0), lt: key(count) })) {
          assert.ok(page.length < count)
          pages += 1
          if (pages === 2) break
        }
        assert.equal(pages, 2)
      })
      // Through a transaction that has deleted all but a few.
      await store.transact(account, async (tx) => {
        tx.deleteRange(key(10), key(count - 10))
        tx.put(key(2500), Buffer.from('kept'))
        const left = await entries(tx)
        assert.equal(left.length, 21)
        assert.equal((await entries(tx, { limit: 1, gte: key(10) }))[0]?.[1].toString(), 'kept')
      })
      await store.read(account, async (snapshot) => assert.equal((await entries(snapshot)).length, 21))
    },
  ],
  [
    'a range keeps to its account',
    async ({ store }) => {
      const neighbours = [
        Buffer.from('00'.repeat(16), 'hex'),
        Buffer.from('00'.repeat(15) + '01', 'hex'),
        Buffer.from('ff'.repeat(16), 'hex'),
      ]
      for (const [n, owner] of neighbours.entries()) {
        await store.create(owner)
        await store.transact(owner, async (tx) => {
          tx.put(Buffer.alloc(20, 0xff), Buffer.from([n]))
          tx.put(Buffer.from([0]), Buffer.from([n]))
        })
      }
      for (const [n, owner] of neighbours.entries()) {
        await store.transact(owner, async (tx) => {
          const found = await entries(tx)
          assert.deepEqual(
            found.map(([, value]) => value[0]),
            [n, n],
          )
        })
      }
      await store.transact(neighbours[0] as Buffer, async (tx) =>
        tx.deleteRange(Buffer.alloc(0), Buffer.alloc(40, 0xff)),
      )
      await store.read(neighbours[1] as Buffer, async (snapshot) =>
        assert.equal((await entries(snapshot)).length, 2),
      )
    },
  ],
]
