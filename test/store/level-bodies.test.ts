// Segment files: appended to over restarts, capped in size, and their damage found out rather than served.
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { describe, it } from 'node:test'
import { hex, utf8 } from '../../src/base/bytes.ts'
import { Damaged } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { account, addBlob, id, noise, pieces, readBlob } from './kit.ts'
import { LevelHarness } from './level-kit.ts'

function segmentsOf(harness: LevelHarness, owner: Buffer = account): string {
  return `${harness.directory}/segments/${owner.toString('hex')}`
}

async function names(harness: LevelHarness): Promise<string[]> {
  return (await fs.readdir(segmentsOf(harness))).sort()
}

async function scanned(store: Store): Promise<string[]> {
  const found: string[] = []
  for await (const { blobId, count } of store.blobs.scan(account)) found.push(`${hex(blobId)} ${count}`)
  return found.sort()
}

async function start(limits: { segmentBytes?: number } = {}): Promise<LevelHarness> {
  const harness = await LevelHarness.start({ limits })
  await harness.store.create(account)
  return harness
}

/** Ways to damage the first segment, and whether blob 1 (at its front) and blob 2 (at its end) survive. */
const damages: readonly (readonly [string, (path: string) => Promise<unknown>, boolean, boolean])[] = [
  ['missing', (path) => fs.rm(path), false, false],
  ['empty', (path) => fs.truncate(path, 0), false, false],
  ['without its header', (path) => overwrite(path, 0, Buffer.alloc(8)), false, false],
  ['of a later version', (path) => overwrite(path, 4, Buffer.from([2])), false, false],
  ['cut short by a byte', async (path) => fs.truncate(path, (await fs.stat(path)).size - 1), true, false],
  ['cut in half', async (path) => fs.truncate(path, (await fs.stat(path)).size >> 1), true, false],
]

async function overwrite(path: string, position: number, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, 'r+')
  await file.write(bytes, 0, bytes.length, position)
  await file.close()
}

describe('level store: segments', () => {
  for (const [title, damage, first, second] of damages) {
    it(`finds a segment that is ${title} to be damaged, keeps serving the rest, and writes elsewhere`, async () => {
      const harness = await start()
      await addBlob(harness.store, account, id(1), noise(1000, 1))
      await addBlob(harness.store, account, id(2), noise(5000, 2))
      await harness.store.close()
      const path = `${segmentsOf(harness)}/00000001.seg`
      await damage(path)
      const left = await fs.readFile(path).catch(() => undefined)

      const store = await harness.reopen()
      for (const [blob, isWhole] of [
        [1, first],
        [2, second],
      ] as const) {
        if (isWhole) assert.ok((await readBlob(store, account, id(blob))).equals(noise(1000, 1)))
        else await assert.rejects(readBlob(store, account, id(blob)), Damaged)
      }
      // A small and a long one; where the header alone is wrong the first may be refused, but never written there.
      const attempt = await addBlob(store, account, id(3), noise(1000, 3)).then(
        () => true,
        (error: unknown) => error instanceof Damaged,
      )
      assert.ok(attempt)
      await addBlob(store, account, id(4), noise(1000, 4))
      await addBlob(store, account, id(5), pieces(noise(500_000, 5)))
      assert.ok((await readBlob(store, account, id(4))).equals(noise(1000, 4)))
      assert.ok((await readBlob(store, account, id(5))).equals(noise(500_000, 5)))
      await store.compact(account)
      assert.deepEqual(await fs.readFile(path).catch(() => undefined), left, 'evidence stays as it is')
      await harness.end()
    })
  }

  it('does not take the segment of another account, or another segment, for its own', async () => {
    const harness = await start({ segmentBytes: 2000 })
    await harness.store.create(id(2))
    for (const owner of [account, id(2)]) {
      await addBlob(harness.store, owner, id(5), noise(1500, 5))
      await addBlob(harness.store, owner, id(6), noise(1500, 6))
    }
    await harness.store.close()
    await fs.copyFile(`${segmentsOf(harness, id(2))}/00000001.seg`, `${segmentsOf(harness)}/00000001.seg`)
    await fs.copyFile(
      `${segmentsOf(harness, id(2))}/00000001.seg`,
      `${segmentsOf(harness, id(2))}/00000002.seg`,
    )
    const store = await harness.reopen()
    await assert.rejects(readBlob(store, account, id(5)), Damaged)
    await assert.rejects(readBlob(store, id(2), id(6)), Damaged)
    assert.ok((await readBlob(store, account, id(6))).equals(noise(1500, 6)))
    await harness.end()
  })

  it('goes on in the same file after a restart, behind whatever a crash left at its end', async () => {
    const harness = await start()
    await addBlob(harness.store, account, id(1), noise(1000, 1))
    for (let round = 2; round < 6; round += 1) {
      await harness.store.close()
      // Half a frame, with a header that promises more than there is.
      const torn = (await fs.readFile(`${segmentsOf(harness)}/00000001.seg`)).subarray(32, 600)
      await fs.appendFile(`${segmentsOf(harness)}/00000001.seg`, torn)
      const store = await harness.reopen()
      await addBlob(store, account, id(round), noise(1000, round))
      for (let n = 1; n <= round; n += 1) {
        assert.ok((await readBlob(store, account, id(n))).equals(noise(1000, n)))
      }
      assert.deepEqual(
        await scanned(store),
        Array.from({ length: round }, (_, n) => `${hex(id(n + 1))} 1`).sort(),
      )
    }
    assert.deepEqual(await names(harness), ['00000001.seg'])
    await harness.end()
  })

  it('a scan does not report a body of which a bit has flipped', async () => {
    const harness = await start()
    for (let n = 1; n <= 3; n += 1) await addBlob(harness.store, account, id(n), noise(1000, n))
    await harness.store.close()
    const path = `${segmentsOf(harness)}/00000001.seg`
    const file = await fs.readFile(path)
    await overwrite(path, 1500, Buffer.from([(file[1500] ?? 0) ^ 1])) // in the second body
    const store = await harness.reopen()
    assert.deepEqual(await scanned(store), [`${hex(id(1))} 1`, `${hex(id(3))} 1`].sort())
    await harness.end()
  })

  it('a scan finds every body when the header of a frame is gone', async () => {
    const harness = await start()
    for (let n = 1; n <= 3; n += 1) await addBlob(harness.store, account, id(n), noise(100_000, n))
    await harness.store.close()
    await overwrite(`${segmentsOf(harness)}/00000001.seg`, 32 + 100_038, Buffer.alloc(10))
    const store = await harness.reopen()
    assert.deepEqual(await scanned(store), [`${hex(id(1))} 1`, `${hex(id(3))} 1`].sort())
    // The records still know where the body is.
    assert.ok((await readBlob(store, account, id(2))).equals(noise(100_000, 2)))
    await harness.end()
  })

  it('begins a new segment when one is full, and puts a body larger than a segment into one of its own', async () => {
    const harness = await start({ segmentBytes: 10_000 })
    const sizes = [4000, 4000, 4000, 50_000, 4000, 300_000, 100]
    for (const [n, size] of sizes.entries()) await addBlob(harness.store, account, id(n), noise(size, n))
    assert.ok((await names(harness)).length >= 4)
    for (const name of await names(harness)) {
      const { size } = await fs.stat(`${segmentsOf(harness)}/${name}`)
      assert.ok(size <= 10_000 || size < 51_000 || size < 301_000, `${name} has ${size} bytes`)
    }
    const store = await harness.reopen()
    for (const [n, size] of sizes.entries()) {
      assert.ok((await readBlob(store, account, id(n))).equals(noise(size, n)))
    }
    await harness.end()
  })

  it('does not reuse the number of a lost segment', async () => {
    const harness = await start()
    await addBlob(harness.store, account, id(1), noise(1000, 1))
    await harness.store.close()
    await fs.rm(`${segmentsOf(harness)}/00000001.seg`)
    const store = await harness.reopen()
    await addBlob(store, account, id(2), noise(1000, 2))
    assert.deepEqual(await names(harness), ['00000002.seg'])
    await assert.rejects(readBlob(store, account, id(1)), Damaged)
    await harness.end()
  })

  it('takes back the space of a body that was discarded or broke off', async () => {
    const harness = await start()
    const { store } = harness
    await addBlob(store, account, id(1), noise(1000, 1))
    const { fileBytes } = await store.space(account)
    const staged = await store.blobs.stage(account, id(2), Buffer.alloc(0), noise(200_000, 2))
    assert.ok((await store.space(account)).fileBytes > 200_000)
    await store.blobs.discard(staged)
    assert.equal((await store.space(account)).fileBytes, fileBytes)
    const broken = async function* () {
      yield* pieces(noise(2_000_000, 3))
      throw new Error('connection lost')
    }
    await assert.rejects(store.blobs.stage(account, id(3), Buffer.alloc(0), broken()))
    const sizes = await Promise.all(
      (await names(harness)).map(async (name) => (await fs.stat(`${segmentsOf(harness)}/${name}`)).size),
    )
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      fileBytes + 32,
    )
    await harness.end()
  })

  it('discarding, even twice at once, never touches what others append meanwhile', async () => {
    const harness = await start()
    const { store } = harness
    for (let round = 0; round < 40; round += 1) {
      const staged = await store.blobs.stage(account, id(1000 + round), Buffer.alloc(0), noise(4000, round))
      await Promise.all([
        store.blobs.discard(staged),
        store.blobs.discard(staged),
        addBlob(store, account, id(round), noise(4000, round)),
        store.blobs.discard(staged),
      ])
    }
    const again = await harness.reopen()
    for (let n = 0; n < 40; n += 1) {
      assert.ok((await readBlob(again, account, id(n))).equals(noise(4000, n)))
    }
    await harness.end()
  })

  it('keeps few files open and few accounts in memory, however many there are', async () => {
    const harness = await LevelHarness.start({ limits: { openFiles: 5, accountsInMemory: 10 } })
    const { store } = harness
    for (let n = 0; n < 60; n += 1) {
      await store.create(id(n))
      await addBlob(store, id(n), id(1), utf8(`body ${n}`))
    }
    for (let n = 0; n < 60; n += 1) {
      assert.equal((await readBlob(store, id(n), id(1))).toString(), `body ${n}`)
      assert.equal((await store.info(id(n)))?.version, 1)
    }
    const { openFiles, accountsInMemory } = await store.stats()
    assert.ok(openFiles <= 5, `${openFiles} files open`)
    assert.ok(accountsInMemory <= 10, `${accountsInMemory} accounts in memory`)
    await harness.end()
  })

  it('ends a stage whose source stalls when the store closes', async () => {
    const harness = await start()
    const never = async function* () {
      yield* pieces(noise(1_000_000, 1))
      await new Promise<never>(() => undefined)
    }
    const stalled = assert.rejects(
      harness.store.blobs.stage(account, id(1), Buffer.alloc(0), never()),
      /closed/,
    )
    await harness.store.transact(account, async (tx) => tx.addUsage(1))
    await harness.store.close()
    await stalled
    await harness.end()
  })
})
