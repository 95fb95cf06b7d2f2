// Dead space comes back, in the background and on demand; what is live never goes, whatever fails on the way.
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { describe, it } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import type { LevelOptions } from '../../src/store/level/open.ts'
import type { Store } from '../../src/store/store.ts'
import { FaultyDisk } from './faulty-disk.ts'
import { account, addBlob, id, noise, pieces, readBlob } from './kit.ts'
import { LevelHarness } from './level-kit.ts'

const sizes = [5_000, 20_000, 300_000, 600_000]
const body = (n: number): Buffer => noise(sizes[n % sizes.length] ?? 0, n)

/** An account with blobs 0 to `count`, of which only every seventh is still there. */
async function mostlyDead(count: number, options: LevelOptions = {}): Promise<LevelHarness> {
  const harness = await LevelHarness.start(options)
  await harness.store.create(account)
  for (let n = 0; n < count; n += 1)
    await addBlob(harness.store, account, id(n), pieces(body(n)), utf8(`${n}`))
  await unlink(harness.store, count, (n) => n % 7 !== 0)
  return harness
}

async function unlink(store: Store, count: number, which: (n: number) => boolean): Promise<void> {
  await store.transact(account, async (tx) => {
    for (let n = 0; n < count; n += 1) if (which(n)) tx.unlink(id(n))
  })
}

async function checkLive(store: Store, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    if (n % 7 === 0) assert.ok((await readBlob(store, account, id(n))).equals(body(n)), `blob ${n}`)
    else assert.equal(await store.blobs.length(account, id(n)), undefined)
  }
}

async function bytesOnDisk(harness: LevelHarness): Promise<number> {
  const directory = `${harness.directory}/segments/${account.toString('hex')}`
  const names = await fs.readdir(directory)
  const sizesThere = await Promise.all(
    names.map(async (name) => (await fs.stat(`${directory}/${name}`)).size),
  )
  return sizesThere.reduce((sum, size) => sum + size, 0)
}

describe('level store: giving space back', () => {
  it('compact rewrites mostly dead segments and keeps what is live', async () => {
    const harness = await mostlyDead(35, { limits: { segmentBytes: 2_000_000, cleanMinimumBytes: 1e12 } })
    const before = await harness.store.space(account)
    assert.equal(before.fileBytes, await bytesOnDisk(harness))
    assert.ok(before.liveBytes * 4 < before.fileBytes)
    const { version } = (await harness.store.info(account)) ?? {}
    await harness.store.compact()
    const after = await harness.store.space(account)
    assert.equal(after.liveBytes, before.liveBytes)
    assert.ok(after.fileBytes < after.liveBytes * 2 + 1000, `${after.fileBytes} for ${after.liveBytes}`)
    assert.equal(after.fileBytes, await bytesOnDisk(harness))
    assert.equal((await harness.store.info(account))?.version, version, 'no version is spent on it')
    await checkLive(harness.store, 35)
    await checkLive(await harness.reopen(), 35)
    await harness.end()
  })

  it('rewrites in the background once a segment is mostly dead', async () => {
    const harness = await mostlyDead(35, {
      limits: { segmentBytes: 2_000_000, cleanMinimumBytes: 1000, cleanBytesPerSecond: 1e9 },
    })
    // What the background was given before comes before this; an account without segments gives it nothing to do.
    await harness.store.create(id(1000))
    await harness.store.compact(id(1000))
    const { fileBytes, liveBytes } = await harness.store.space(account)
    assert.ok(fileBytes < liveBytes * 2 + 5000, `${fileBytes} for ${liveBytes}`)
    assert.ok((await harness.store.stats()).reclaimedBytes > 4_000_000)
    await checkLive(harness.store, 35)
    await harness.end()
  })

  it('closes without waiting for slow background work', async () => {
    const harness = await mostlyDead(35, { limits: { cleanMinimumBytes: 1000, cleanBytesPerSecond: 1 } })
    const store = await harness.reopen()
    await checkLive(store, 35)
    await harness.end()
  })

  it('removes the files of an account when all its blobs are gone', async () => {
    const harness = await mostlyDead(14)
    await unlink(harness.store, 14, (n) => n % 7 === 0)
    await harness.store.compact(account)
    assert.deepEqual(await harness.store.space(account), { files: 0, fileBytes: 0, liveBytes: 0 })
    assert.equal(await bytesOnDisk(harness), 0)
    await addBlob(harness.store, account, id(100), utf8('again'))
    assert.equal((await readBlob(harness.store, account, id(100))).toString(), 'again')
    await harness.end()
  })

  it('leaves staged blobs, and blobs attached while it works, alone', async () => {
    const harness = await mostlyDead(21)
    const { store } = harness
    const staged = await store.blobs.stage(account, id(500), Buffer.alloc(0), utf8('staged'))
    const late = Array.from({ length: 10 }, (_, n) => addBlob(store, account, id(600 + n), noise(3000, n)))
    await Promise.all([store.compact(account), ...late])
    await store.transact(account, async (tx) => tx.attach(staged))
    await store.compact(account)
    assert.equal((await readBlob(store, account, id(500))).toString(), 'staged')
    for (let n = 0; n < 10; n += 1) {
      assert.ok((await readBlob(store, account, id(600 + n))).equals(noise(3000, n)))
    }
    await checkLive(store, 21)
    await harness.end()
  })

  it('does not remove a file while somebody reads it', async () => {
    const harness = await mostlyDead(7)
    const { store } = harness
    const reader = await store.blobs.open(account, id(0))
    const path = `${harness.directory}/segments/${account.toString('hex')}/00000001.seg`
    await store.compact(account)
    assert.ok((await fs.stat(path)).isFile())
    assert.ok((await reader.read(0, reader.lengthBytes)).equals(body(0)))
    // A new reader is sent to the copy.
    assert.ok((await readBlob(store, account, id(0))).equals(body(0)))
    await reader.close()
    await store.close()
    await assert.rejects(fs.stat(path), /ENOENT/)
    await checkLive(await harness.reopen(), 7)
    await harness.end()
  })

  it('reads go on, and blobs can be unlinked, while their segment is rewritten', async () => {
    const harness = await mostlyDead(28)
    const { store } = harness
    const reading = Array.from({ length: 40 }, async (_, n) => {
      const wanted = (n * 7) % 28
      assert.ok((await readBlob(store, account, id(wanted))).equals(body(wanted)))
    })
    const gone = store.transact(account, async (tx) => tx.unlink(id(21)))
    await Promise.all([store.compact(account), gone, ...reading])
    assert.equal(await store.blobs.length(account, id(21)), undefined)
    await store.compact(account)
    for (const n of [0, 7, 14]) assert.ok((await readBlob(store, account, id(n))).equals(body(n)))
    await harness.end()
  })

  it('counts orphans of a crash as dead and removes them', async () => {
    const harness = await LevelHarness.start()
    await harness.store.create(account)
    await harness.store.blobs.stage(account, id(1), Buffer.alloc(0), noise(100_000, 1))
    await harness.store.blobs.stage(account, id(2), Buffer.alloc(0), pieces(noise(900_000, 1)))
    const store = await harness.reopen() // what was staged is forgotten
    const { fileBytes, liveBytes } = await store.space(account)
    assert.ok(fileBytes > 1_000_000 && liveBytes === 0)
    await store.compact(account)
    assert.equal((await store.space(account)).fileBytes, 0)
    assert.equal(await bytesOnDisk(harness), 0)
    await harness.end()
  })

  it('keeps a mostly dead segment of which a live body is damaged', async () => {
    const harness = await mostlyDead(8, { limits: { cleanMinimumBytes: 1e12 } })
    await harness.store.close()
    const path = `${harness.directory}/segments/${account.toString('hex')}/00000001.seg`
    const file = await fs.readFile(path)
    const at = file.indexOf(body(0)) + 100
    await fs.writeFile(
      path,
      Buffer.concat([file.subarray(0, at), Buffer.alloc(1, 0xaa), file.subarray(at + 1)]),
    )
    const store = await harness.reopen()
    await store.compact(account)
    assert.ok((await fs.stat(path)).size > 0)
    // It is served as it is: the seal above tells.
    const damaged = await readBlob(store, account, id(0))
    assert.equal(damaged.filter((byte, index) => byte !== body(0)[index]).length, 1)
    assert.ok((await readBlob(store, account, id(7))).equals(body(7)))
    await harness.end()
  })

  it('loses nothing when any operation of a rewriting fails, and finishes it later', async () => {
    for (const fault of ['ENOSPC', 'EIO', 'short'] as const) {
      for (let failing = 1, isDone = false; !isDone; failing += 1) {
        const disk = new FaultyDisk()
        const harness = await mostlyDead(8, {
          files: disk.files,
          openRecords: disk.openRecords,
          limits: { cleanMinimumBytes: 1e12 },
        })
        let count = 0
        disk.decide = (operation) => {
          const counts = !['read', 'freeBytes', 'size', 'list'].includes(operation)
          return counts && (count += 1) === failing ? fault : undefined
        }
        await harness.store.compact(account).catch(() => undefined)
        isDone = count < failing
        disk.decide = () => undefined
        await checkLive(harness.store, 8)
        const store = await harness.reopen()
        await checkLive(store, 8)
        await store.compact(account)
        await checkLive(store, 8)
        const { fileBytes, liveBytes } = await store.space(account)
        assert.ok(fileBytes < liveBytes * 2 + 1000, `${fault} at ${failing}`)
        await harness.end()
      }
    }
  })
})
