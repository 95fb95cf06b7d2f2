// The store contract: blobs are staged, attached, linked, read in ranges, and go when nobody holds them.
import assert from 'node:assert/strict'
import { deferred } from '../../src/base/async.ts'
import { hex, utf8 } from '../../src/base/bytes.ts'
import { Damaged } from '../../src/store/errors.ts'
import { maxRecoveryHeaderBytes, type FoundBlob, type Store } from '../../src/store/store.ts'
import { account, addBlob, id, key, noise, pieces, readBlob, refused } from './kit.ts'
import type { Case } from './suite.ts'

const sizes: readonly number[] = [0, 1, 4096, 75_000, 256 * 1024, 256 * 1024 + 1, 3_000_000]

const spans: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 1],
  [0, 10_000],
  [9_999, 10_000],
  [10_000, 10_000],
  [4_000, 4_100],
]

async function found(store: Store): Promise<FoundBlob[]> {
  const all: FoundBlob[] = []
  for await (const blob of store.blobs.scan(account)) all.push(blob)
  return all
}

export const blobCases: readonly Case[] = [
  [
    'a scrubbing replaces the headers that are to be replaced, by others of their length, and no body',
    async ({ store }) => {
      const bodies = [1, 300_000, 70_000, 5].map((size, index) => noise(size, index))
      for (const [index, body] of bodies.entries())
        await addBlob(store, account, id(index), body, noise(144 + index, 9))
      await store.transact(account, async (tx) => tx.unlink(id(2)))
      const seen: string[] = []
      const isDone = await store.blobs.scrub(account, (blob, header) => {
        assert.ok(header)
        seen.push(hex(blob))
        return hex(blob) === hex(id(1)) ? Buffer.alloc(header.length, 0x5a) : undefined
      })
      assert.equal(isDone, true)
      assert.deepEqual(seen.sort(), [0, 1, 3].map((index) => hex(id(index))).sort())
      await addBlob(store, account, id(7), bodies[2] ?? Buffer.alloc(0))
      for (const [index, body] of bodies.entries()) {
        if (index !== 2) assert.ok((await readBlob(store, account, id(index))).equals(body))
      }
      assert.deepEqual(await store.blobs.header(account, id(0)), noise(144, 9))
      assert.deepEqual(await store.blobs.header(account, id(1)), Buffer.alloc(145, 0x5a))
      const live = (await found(store)).filter(({ count }) => count > 0)
      assert.deepEqual(
        live.map(({ blobId }) => hex(blobId)).sort(),
        [0, 1, 3, 7].map((index) => hex(id(index))).sort(),
      )
    },
  ],
  ...sizes.flatMap((size): Case[] => [
    [
      `a body of ${size} bytes comes back as it went in, given whole`,
      async ({ store }) => {
        await addBlob(store, account, id(9), noise(size, 3))
        assert.equal(await store.blobs.length(account, id(9)), size)
        assert.ok((await readBlob(store, account, id(9))).equals(noise(size, 3)))
      },
    ],
    [
      `a body of ${size} bytes comes back as it went in, given as a stream`,
      async ({ store }) => {
        await addBlob(store, account, id(9), pieces(noise(size, 3), 10_007))
        assert.equal(await store.blobs.length(account, id(9)), size)
        assert.ok((await readBlob(store, account, id(9))).equals(noise(size, 3)))
      },
    ],
  ]),
  [
    'reads any range, and calls what is short of it damaged',
    async ({ store }) => {
      const body = noise(10_000, 1)
      await addBlob(store, account, id(9), body)
      for (const [start, end] of spans) {
        assert.deepEqual(await store.blobs.read(account, id(9), start, end), body.subarray(start, end))
      }
      await assert.rejects(store.blobs.read(account, id(9), 9_999, 10_001), Damaged)
      await assert.rejects(store.blobs.read(account, id(9), 5, 4), RangeError)
      await assert.rejects(store.blobs.read(account, id(9), -1, 4), RangeError)
    },
  ],
  [
    'a blob is there from the commit that attaches it, not before',
    async ({ store }) => {
      const staged = await store.blobs.stage(account, id(9), Buffer.alloc(0), utf8('body'))
      assert.equal(staged.lengthBytes, 4)
      assert.equal(await store.blobs.length(account, id(9)), undefined)
      await assert.rejects(store.blobs.read(account, id(9), 0, 1), refused('no-blob'))
      const { version } = await store.transact(account, async (tx) => tx.attach(staged))
      assert.equal(version, 1)
      assert.equal((await readBlob(store, account, id(9))).toString(), 'body')
    },
  ],
  [
    'a staged blob, small or long, is read in ranges until it is attached or discarded',
    async ({ store }) => {
      for (const [at, length] of [5, 3_000_000].entries()) {
        const body = Buffer.alloc(length, 'stage ')
        const header = Buffer.alloc(at * 40, 1)
        const kept = await store.blobs.stage(account, id(20 + at), header, body)
        const gone = await store.blobs.stage(account, id(30 + at), header, body)
        for (const staged of [kept, gone]) {
          assert.deepEqual(await store.blobs.readStaged(staged, 0, length), body)
          assert.deepEqual(await store.blobs.readStaged(staged, 1, length - 2), body.subarray(1, -2))
          await assert.rejects(store.blobs.readStaged(staged, 0, length + 1), Damaged)
          await assert.rejects(store.blobs.readStaged(staged, 3, 2), RangeError)
        }
        await store.blobs.discard(gone)
        await store.transact(account, async (tx) => tx.attach(kept))
        for (const staged of [kept, gone])
          await assert.rejects(store.blobs.readStaged(staged, 0, 1), refused('no-blob'))
        assert.deepEqual(await readBlob(store, account, id(20 + at)), body)
      }
    },
  ],
  [
    'a rejected transaction attaches nothing, and the staged blob can be attached later',
    async ({ store }) => {
      const staged = await store.blobs.stage(account, id(9), Buffer.alloc(0), utf8('body'))
      const attempt = store.transact(account, async (tx) => {
        tx.attach(staged)
        throw new Error('no')
      })
      await assert.rejects(attempt, /no/)
      assert.equal(await store.blobs.length(account, id(9)), undefined)
      await store.transact(account, async (tx) => tx.setQuota(1))
      const overQuota = store.transact(account, async (tx) => {
        tx.attach(staged)
        tx.addUsage(2)
      })
      await assert.rejects(overQuota, refused('over-quota'))
      await store.transact(account, async (tx) => tx.attach(staged))
      assert.equal((await readBlob(store, account, id(9))).toString(), 'body')
    },
  ],
  [
    'counts attach and link against unlink, and drops the blob at 0',
    async ({ store }) => {
      await addBlob(store, account, id(9), utf8('body'))
      await store.transact(account, async (tx) => {
        tx.link(id(9))
        tx.link(id(9))
      })
      await store.transact(account, async (tx) => tx.unlink(id(9)))
      await store.transact(account, async (tx) => tx.unlink(id(9)))
      assert.equal((await readBlob(store, account, id(9))).toString(), 'body')
      await store.transact(account, async (tx) => tx.unlink(id(9)))
      assert.equal(await store.blobs.length(account, id(9)), undefined)
      await assert.rejects(store.blobs.read(account, id(9), 0, 0), refused('no-blob'))
    },
  ],
  [
    'refuses to link or unlink what is not there, and rejects the whole transaction',
    async ({ store }) => {
      for (const name of ['link', 'unlink'] as const) {
        const attempt = store.transact(account, async (tx) => {
          tx.put(key(1), Buffer.from('x'))
          tx[name](id(9))
        })
        await assert.rejects(attempt, refused('no-blob'))
      }
      assert.equal((await store.info(account))?.version, 0)
    },
  ],
  [
    'changes within one transaction follow each other',
    async ({ store }) => {
      await addBlob(store, account, id(8), utf8('old'))
      const again = await store.blobs.stage(account, id(8), Buffer.alloc(0), utf8('new'))
      const brief = await store.blobs.stage(account, id(9), Buffer.alloc(0), utf8('brief'))
      await store.transact(account, async (tx) => {
        tx.unlink(id(8))
        tx.attach(again)
        tx.attach(brief)
        tx.link(id(9))
        tx.unlink(id(9))
        tx.unlink(id(9))
      })
      assert.equal((await readBlob(store, account, id(8))).toString(), 'new')
      assert.equal(await store.blobs.length(account, id(9)), undefined)
    },
  ],
  [
    'refuses a blob id that is taken',
    async ({ store }) => {
      await addBlob(store, account, id(9), utf8('first'))
      const second = await store.blobs.stage(account, id(9), Buffer.alloc(0), utf8('second'))
      await assert.rejects(
        store.transact(account, async (tx) => tx.attach(second)),
        refused('blob-exists'),
      )
      await store.blobs.discard(second)
      assert.equal((await readBlob(store, account, id(9))).toString(), 'first')
    },
  ],
  [
    'of two stages of one id only one is attached',
    async ({ store }) => {
      const staged = await Promise.all(
        ['a', 'b'].map((body) => store.blobs.stage(account, id(9), Buffer.alloc(0), utf8(body))),
      )
      const results = await Promise.allSettled(
        staged.map((one) => store.transact(account, async (tx) => tx.attach(one))),
      )
      assert.deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected'],
      )
      assert.equal((await readBlob(store, account, id(9))).toString(), 'a')
    },
  ],
  [
    'what was discarded or attached cannot be attached again; discarding twice or too late does nothing',
    async ({ store }) => {
      const gone = await store.blobs.stage(account, id(8), Buffer.alloc(0), utf8('gone'))
      await store.blobs.discard(gone)
      await store.blobs.discard(gone)
      await assert.rejects(
        store.transact(account, async (tx) => tx.attach(gone)),
        refused('no-blob'),
      )
      const kept = await store.blobs.stage(account, id(9), Buffer.alloc(0), utf8('kept'))
      await store.transact(account, async (tx) => tx.attach(kept))
      await store.transact(account, async (tx) => tx.link(id(9)))
      await store.blobs.discard(kept)
      assert.equal((await readBlob(store, account, id(9))).toString(), 'kept')
    },
  ],
  [
    'a staged blob belongs to its account',
    async ({ store }) => {
      await store.create(id(2))
      const staged = await store.blobs.stage(account, id(9), Buffer.alloc(0), utf8('body'))
      await assert.rejects(
        store.transact(id(2), async (tx) => tx.attach(staged)),
        TypeError,
      )
      await store.transact(account, async (tx) => tx.attach(staged))
      await assert.rejects(store.blobs.read(id(2), id(9), 0, 4), refused('no-blob'))
      assert.equal(await store.blobs.length(id(2), id(9)), undefined)
    },
  ],
  [
    'a source that fails leaves nothing, early or late',
    async ({ store }) => {
      for (const length of [0, 1000, 2_000_000]) {
        const broken = async function* () {
          yield* pieces(noise(length, 1))
          throw new Error('connection lost')
        }
        await assert.rejects(store.blobs.stage(account, id(9), Buffer.alloc(0), broken()), /connection lost/)
      }
      await addBlob(store, account, id(9), pieces(noise(2_000_000, 2)))
      assert.ok((await readBlob(store, account, id(9))).equals(noise(2_000_000, 2)))
      assert.deepEqual(
        (await found(store)).map(({ lengthBytes }) => lengthBytes),
        [2_000_000],
      )
    },
  ],
  [
    'a large stream that stalls holds up neither small deliveries nor other streams',
    async ({ store }) => {
      const gate = deferred<undefined>()
      const large = noise(20_000_000, 5)
      const stalling = async function* () {
        yield* pieces(large.subarray(0, 12_000_000))
        await gate.promise
        yield* pieces(large.subarray(12_000_000))
      }
      const slow = addBlob(store, account, id(1000), stalling())
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          addBlob(store, account, id(n), pieces(noise(n === 7 ? 1_000_000 : 5_000, n))),
        ),
      )
      gate.resolve(undefined)
      await slow
      assert.ok((await readBlob(store, account, id(1000))).equals(large))
      for (let n = 0; n < 20; n += 1) {
        assert.ok((await readBlob(store, account, id(n))).equals(noise(n === 7 ? 1_000_000 : 5_000, n)))
      }
      assert.equal((await store.info(account))?.version, 21)
    },
  ],
  [
    'an open blob can be read to its end, though it is unlinked, or its account destroyed, meanwhile',
    async ({ store }) => {
      const body = noise(300_000, 4)
      await addBlob(store, account, id(9), body)
      const reader = await store.blobs.open(account, id(9))
      assert.equal(reader.lengthBytes, 300_000)
      const first = await reader.read(0, 100_000)
      await store.transact(account, async (tx) => tx.unlink(id(9)))
      await store.compact(account)
      const rest = await reader.read(100_000, 300_000)
      assert.ok(Buffer.concat([first, rest]).equals(body))
      await assert.rejects(reader.read(300_000, 300_001), Damaged)
      await reader.close()
      await reader.close()
      await addBlob(store, account, id(10), body)
      await using last = await store.blobs.open(account, id(10))
      await store.destroy(account)
      assert.ok((await last.read(0, 300_000)).equals(body))
      await assert.rejects(store.blobs.open(account, id(10)), refused('no-blob'))
    },
  ],
  [
    'a scan finds bodies and their recovery headers, and how often they are held',
    async ({ store }) => {
      const header = noise(maxRecoveryHeaderBytes, 6)
      await addBlob(store, account, id(1), utf8('one'), header)
      await addBlob(store, account, id(2), pieces(noise(600_000, 2)), utf8('two'))
      await store.transact(account, async (tx) => tx.link(id(1)))
      const all = (await found(store)).filter(({ count }) => count > 0)
      all.sort((a, b) => a.count - b.count)
      assert.deepEqual(
        all.map(({ blobId, recoveryHeader, lengthBytes, count }) => ({
          id: hex(blobId),
          header: hex(recoveryHeader),
          lengthBytes,
          count,
        })),
        [
          { id: hex(id(2)), header: hex(utf8('two')), lengthBytes: 600_000, count: 1 },
          { id: hex(id(1)), header: hex(header), lengthBytes: 3, count: 2 },
        ],
      )
      const tooLong = Buffer.alloc(maxRecoveryHeaderBytes + 1)
      await assert.rejects(store.blobs.stage(account, id(3), tooLong, utf8('x')), refused('too-large'))
    },
  ],
]
