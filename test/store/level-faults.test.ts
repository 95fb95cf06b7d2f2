// The level engine on a disk that fails: nothing acknowledged is lost, nothing is half there, and it works again after.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Unavailable } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { Deliveries } from './deliveries.ts'
import { FaultyDisk, type Fault, type Operation } from './faulty-disk.ts'
import { account, addBlob, entries, id, key, noise, readBlob } from './kit.ts'
import { LevelHarness, testLimits } from './level-kit.ts'

const writing: readonly Operation[] = [
  'create',
  'write',
  'datasync',
  'truncate',
  'makeDirectory',
  'syncDirectory',
  'remove',
  'batch',
  'openRecords',
]

const affects: Partial<Record<Fault, readonly Operation[]>> = { short: ['write'], applied: ['batch'] }

interface Bench {
  readonly disk: FaultyDisk
  readonly harness: LevelHarness
  readonly store: Store
  readonly books: readonly Deliveries[]
}

async function bench(): Promise<Bench> {
  const disk = new FaultyDisk()
  const { files, openRecords } = disk
  const harness = await LevelHarness.start({
    files,
    openRecords,
    limits: { segmentBytes: 90_000, smallBodyBytes: 5_000 },
  })
  const books = [new Deliveries(account), new Deliveries(id(2))]
  for (const { account: owner } of books) await harness.store.create(owner)
  return { disk, harness, store: harness.store, books }
}

/** Deliveries to two accounts, several at once and one on top of the other. */
async function work({ store, books }: Bench): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await Promise.all(books.flatMap((book) => [1, 2, 3].map(() => book.deliver(store))))
  }
}

/** Fails the n-th writing operation, or from there on `length` of them. Returns how many there were. */
function failFrom(disk: FaultyDisk, n: number, length: number, fault: Fault): () => number {
  let count = 0
  disk.decide = (operation) => {
    if (!(affects[fault] ?? writing).includes(operation)) return undefined
    count += 1
    return count >= n && count < n + length ? fault : undefined
  }
  return () => count
}

describe('level store: a failing disk', () => {
  for (const [fault, length] of [
    ['ENOSPC', 1],
    ['EIO', 1],
    ['short', 1],
    ['applied', 1],
    ['ENOSPC', 6],
    ['EIO', 6],
  ] as const) {
    it(`keeps its word when any ${length} of its operations fail: ${fault}`, async () => {
      for (let n = 1, isDone = false; !isDone; n += length > 1 ? 3 : 1) {
        const made = await bench()
        const { disk, harness, store, books } = made
        const seen = failFrom(disk, n, length, fault)
        await work(made)
        isDone = seen() < n
        disk.decide = () => undefined
        // The disk is well again: everything works, without a restart.
        for (const book of books)
          assert.equal(await book.deliver(store), 'acknowledged', `after ${fault} at ${n}`)
        for (const book of books) await book.check(store)
        const again = await harness.reopen()
        for (const book of books) {
          await book.check(again)
          assert.equal(await book.deliver(again), 'acknowledged')
          await book.check(again)
        }
        await harness.end()
      }
    })
  }

  it('a power cut at any operation takes nothing that was acknowledged, and no record points at lost bytes', async () => {
    for (let n = 1, isDone = false; !isDone; n += 2) {
      const made = await bench()
      const { disk, harness, books } = made
      const seen = failFrom(disk, n, Infinity, 'EIO')
      await work(made)
      isDone = seen() < n
      await harness.store.close()
      await disk.cutPower()
      disk.decide = () => undefined
      const store = await harness.reopen({ limits: testLimits })
      for (const book of books) {
        await book.check(store, true)
        assert.equal(await book.deliver(store), 'acknowledged')
        await book.check(store, true)
      }
      await harness.end()
    }
  })

  it('rejects with the batch all that ran on top of it, and what comes later starts from the disk', async () => {
    const { disk, harness, store } = await bench()
    await store.transact(account, async (tx) => tx.put(key(0), Buffer.from('before')))
    let failures = 0
    disk.decide = (operation) => (operation === 'batch' && (failures += 1) === 1 ? 'EIO' : undefined)
    const seen: (string | undefined)[] = []
    const attempts = ['first', 'second', 'third'].map((value) =>
      store.transact(account, async (tx) => {
        seen.push((await tx.get(key(0)))?.toString())
        tx.put(key(0), Buffer.from(value))
      }),
    )
    for (const attempt of attempts) {
      await assert.rejects(attempt, (error) => error instanceof Unavailable && !error.isOutcomeUnknown)
    }
    assert.deepEqual(seen, ['before', 'first', 'second'])
    const { value, version } = await store.transact(account, async (tx) => {
      tx.put(key(1), Buffer.from('x'))
      return [tx.version, (await tx.get(key(0)))?.toString()]
    })
    assert.deepEqual([value, version], [[1, 'before'], 2])
    await harness.end()
  })

  it('a transaction that is running when what it builds on fails is rejected, whatever it does then', async () => {
    const { disk, harness, store } = await bench()
    disk.decide = (operation) => (operation === 'batch' ? 'ENOSPC' : undefined)
    const first = store.transact(account, async (tx) => tx.put(key(0), Buffer.from('x')))
    const failed = first.catch((error: unknown) => error)
    const second = store.transact(account, async (tx) => {
      assert.equal((await tx.get(key(0)))?.toString(), 'x')
      assert.ok((await failed) instanceof Unavailable)
      disk.decide = () => undefined
      await tx.get(key(0))
      throw new Error('not reached: the view is void')
    })
    await assert.rejects(second, (error) => error instanceof Unavailable && error.reason === 'disk-full')
    assert.equal((await store.info(account))?.version, 0)
    await harness.end()
  })

  it('only the batch that failed is in doubt, and it turns up whole or not at all', async () => {
    for (const fault of ['applied', 'ENOSPC'] as const) {
      const { disk, harness, store } = await bench()
      // The disk fails, and does not let the records be reopened for a while.
      let isBroken = true
      disk.decide = (operation) => {
        if (!isBroken) return undefined
        return operation === 'batch' ? fault : operation === 'openRecords' ? 'EIO' : undefined
      }
      const attempt = store.transact(account, async (tx) => {
        tx.put(key(0), Buffer.from('x'))
        tx.put(key(1), Buffer.from('y'))
      })
      await assert.rejects(attempt, (error) => error instanceof Unavailable && error.isOutcomeUnknown)
      await assert.rejects(store.info(account), (error) => error instanceof Unavailable)
      isBroken = false
      const expected = fault === 'applied' ? 1 : 0
      assert.equal((await store.info(account))?.version, expected)
      await store.read(account, async (snapshot) => {
        assert.equal((await entries(snapshot)).length, expected * 2)
      })
      const { version } = await store.transact(account, async (tx) => tx.put(key(2), Buffer.from('z')))
      assert.equal(version, expected + 1)
      await harness.end()
    }
  })

  it('a blob of a batch in doubt is not cut off by discarding it', async () => {
    const { disk, harness, store } = await bench()
    let isBroken = true
    disk.decide = (operation) => {
      if (!isBroken) return undefined
      return operation === 'batch' ? 'applied' : operation === 'openRecords' ? 'EIO' : undefined
    }
    const staged = await store.blobs.stage(account, id(1), Buffer.alloc(0), noise(5000, 1))
    await assert.rejects(store.transact(account, async (tx) => tx.attach(staged)))
    await store.blobs.discard(staged)
    isBroken = false
    await store.compact(account).catch(() => undefined)
    await store.compact(account)
    assert.ok((await readBlob(store, account, id(1))).equals(noise(5000, 1)))
    await addBlob(store, account, id(2), noise(5000, 2))
    assert.ok((await readBlob(store, account, id(1))).equals(noise(5000, 1)))
    await harness.end()
  })

  it('a snapshot does not outlive a reopening: it is Unavailable, and a new one shows what is durable', async () => {
    const { disk, harness, store } = await bench()
    await store.transact(account, async (tx) => {
      for (let n = 0; n < 3000; n += 1) tx.put(key(n), noise(300, n))
    })
    const isUnavailable = (error: unknown) => error instanceof Unavailable
    const reading = store.read(account, async (snapshot) => {
      const pages = snapshot.range({ gte: key(0), lt: key(3000) })[Symbol.asyncIterator]()
      await pages.next()
      let failures = 0
      disk.decide = (operation) => (operation === 'batch' && (failures += 1) === 1 ? 'EIO' : undefined)
      await assert.rejects(
        store.transact(account, async (tx) => tx.put(key(0), Buffer.from('x'))),
        isUnavailable,
      )
      await assert.rejects(snapshot.get(key(1)), isUnavailable)
      await assert.rejects(snapshot.getMany(Array.from({ length: 20 }, (_, n) => key(n))), isUnavailable)
      await assert.rejects(entries(snapshot), isUnavailable)
      await assert.rejects(async () => {
        while (!(await pages.next()).done);
      }, isUnavailable)
    })
    await reading
    await store.read(account, async (snapshot) => assert.equal((await entries(snapshot)).length, 3000))
    await harness.end()
  })

  it('reads go on while the disk is full, and writing resumes when there is room', async () => {
    const { disk, harness, store, books } = await bench()
    for (const book of books) await book.deliver(store)
    let isFull = true
    disk.decide = (operation) =>
      isFull && ['batch', 'write', 'create'].includes(operation) ? 'ENOSPC' : undefined
    disk.files.freeBytes = async () => (isFull ? 0 : 1e9)
    for (let n = 0; n < 3; n += 1) {
      const attempt = store.transact(account, async (tx) => tx.put(key(99), Buffer.from('x')))
      await assert.rejects(attempt, (error) => error instanceof Unavailable && error.reason === 'disk-full')
      for (const book of books) {
        assert.notEqual(await book.deliver(store), 'acknowledged')
        await book.check(store)
      }
    }
    assert.equal((await store.stats()).failedBatches, 1, 'LevelDB is not written to again')
    isFull = false
    for (const book of books) {
      assert.equal(await book.deliver(store), 'acknowledged')
      await book.check(store)
    }
    await harness.end()
  })

  it('keeps a reserve from bodies, so that records can still be deleted', async () => {
    const disk = new FaultyDisk()
    let freeBytes = 1e9
    disk.files.freeBytes = async () => freeBytes
    const { files, openRecords } = disk
    const harness = await LevelHarness.start({ files, openRecords, limits: { reserveBytes: 1e6 } })
    const { store } = harness
    await store.create(account)
    await addBlob(store, account, id(1), noise(5000, 1))
    freeBytes = 1_004_000
    for (const length of [1_500_000, 5000]) {
      await assert.rejects(
        store.blobs.stage(account, id(2), Buffer.alloc(0), noise(length, 2)),
        (error) => error instanceof Unavailable && error.reason === 'disk-full',
      )
    }
    await store.transact(account, async (tx) => tx.unlink(id(1)))
    freeBytes = 1e9
    await addBlob(store, account, id(2), noise(5000, 2))
    await harness.end()
  })

  it('after a failed fdatasync a segment takes no more, and only what was durable in it can be used', async () => {
    const { disk, harness, store } = await bench()
    await addBlob(store, account, id(1), noise(3000, 1))
    const early = await store.blobs.stage(account, id(2), Buffer.alloc(0), noise(3000, 2))
    let failures = 0
    disk.decide = (operation) => (operation === 'datasync' && (failures += 1) === 1 ? 'EIO' : undefined)
    await assert.rejects(addBlob(store, account, id(3), noise(3000, 3)), Unavailable)
    // The disk says it is well; but what that fdatasync should have written may be gone.
    const attempt = store.transact(account, async (tx) => tx.attach(early))
    await assert.rejects(attempt, (error) => error instanceof Unavailable && error.reason === 'io')
    await addBlob(store, account, id(4), noise(3000, 4))
    assert.ok(disk.history.some((line) => line.startsWith('create') && line.endsWith('00000002.seg')))
    for (const n of [1, 4]) assert.ok((await readBlob(store, account, id(n))).equals(noise(3000, n)))
    await harness.end()
  })

  it('finishes destroying an account after it failed at any operation', async () => {
    for (let n = 1, isDone = false; !isDone; n += 1) {
      const made = await bench()
      const { disk, harness, store, books } = made
      await work(made)
      const seen = failFrom(disk, n, 2, 'EIO')
      await store.destroy(account).catch(() => undefined)
      isDone = seen() < n
      disk.decide = () => undefined
      // Either it never began, or it is finished by asking again or by opening.
      const again = n % 2 === 0 ? store : await harness.reopen()
      if (await again.info(account)) await books[0]?.check(again)
      else if (n % 2 === 0) await again.destroy(account).catch(() => undefined)
      if (!(await again.info(account))) {
        await assert.rejects(again.create(account))
        assert.equal(disk.history.length > 0 && (await segmentDirectories(harness)).length, 1)
      }
      await books[1]?.check(again)
      await harness.end()
    }
  })
})

async function segmentDirectories(harness: LevelHarness): Promise<string[]> {
  const { readdir } = await import('node:fs/promises')
  return readdir(`${harness.directory}/segments`)
}
