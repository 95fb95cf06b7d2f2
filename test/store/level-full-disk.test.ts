// A disk that is really full: a small tmpfs, where the tests may mount one.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs/promises'
import { describe, it } from 'node:test'
import { Unavailable } from '../../src/store/errors.ts'
import { initLevelStore, openLevelStore } from '../../src/store/level/open.ts'
import type { Store } from '../../src/store/store.ts'
import { Deliveries } from './deliveries.ts'
import { account, entries, id, key, noise } from './kit.ts'
import { temporaryDirectory } from './level-kit.ts'

const limits = { reserveBytes: 0, retryMs: 0 }

/** Mounts a tmpfs; undefined where that is not allowed. */
async function smallDisk(bytes: number): Promise<string | undefined> {
  const directory = await temporaryDirectory()
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory])
  if (status === 0) return directory
  await fs.rmdir(directory)
  return undefined
}

async function removeDisk(directory: string): Promise<void> {
  spawnSync('umount', [directory])
  await fs.rmdir(directory)
}

async function rejection(attempt: Promise<unknown>): Promise<Unavailable | undefined> {
  try {
    await attempt
    return undefined
  } catch (error) {
    assert.ok(error instanceof Unavailable, String((error as Error).stack))
    assert.equal(error.reason, 'disk-full')
    return error
  }
}

/** Fills the disk but for a little, so that the next writes run into the end. */
async function fill(directory: string): Promise<string> {
  const path = `${directory}/ballast`
  const file = await fs.open(path, 'w')
  try {
    for (;;) await file.write(Buffer.alloc(64 * 1024))
  } catch {
    return path
  } finally {
    await file.close()
  }
}

async function recordsUntilFull(store: Store): Promise<number> {
  for (let n = 0; ; n += 1) {
    const attempt = store.transact(id(2), async (tx) => {
      tx.put(key(n), noise(20_000, n))
      tx.put(key(1_000_000 + n), noise(20_000, n))
    })
    if (await rejection(attempt)) return n
  }
}

describe('level store: a full disk', () => {
  it('refuses while the disk is full, keeps what it had, and goes on when there is room', async (t) => {
    const directory = await smallDisk(24 * 1024 * 1024)
    if (!directory) {
      t.skip('needs the right to mount a tmpfs')
      return
    }
    try {
      const path = `${directory}/store`
      await initLevelStore(path)
      let store = await openLevelStore(path, { limits })
      const book = new Deliveries(account)
      await store.create(account)
      await store.create(id(2))
      for (let round = 0; round < 3; round += 1) {
        for (let n = 0; n < 10; n += 1) assert.equal(await book.deliver(store), 'acknowledged')
        const before = (await store.info(id(2)))?.version ?? 0
        const ballast = await fill(directory)
        // Bodies run into the end of the disk, then records do.
        let outcome = await book.deliver(store)
        for (let n = 0; n < 50 && outcome === 'acknowledged'; n += 1) outcome = await book.deliver(store)
        assert.notEqual(outcome, 'acknowledged')
        const written = await recordsUntilFull(store)
        await book.check(store)
        assert.ok(await rejection(store.transact(account, async (tx) => tx.put(key(0), noise(60_000, 1)))))
        await book.check(store)

        await fs.rm(ballast)
        assert.equal(await book.deliver(store), 'acknowledged')
        await book.check(store)
        const { version } = (await store.info(id(2))) ?? {}
        // The one that failed is there whole or not at all.
        const found = (version ?? 0) - before
        assert.ok(found === written || found === written + 1, `${found} of ${written}`)
        await store.read(id(2), async (snapshot) => assert.equal((await entries(snapshot)).length, found * 2))
        await store.transact(id(2), async (tx) => tx.deleteRange(Buffer.alloc(0), Buffer.alloc(9, 0xff)))
        await store.close()
        store = await openLevelStore(path, { limits })
        await book.check(store)
        await store.compact()
      }
      await store.close()
    } finally {
      await removeDisk(directory)
    }
  })
})
