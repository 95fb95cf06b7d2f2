// A level store is made once, opened only when it is whole, and keeps everything in between.
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { describe, it } from 'node:test'
import { utf8 } from '../../src/base/bytes.ts'
import { Damaged, Unavailable } from '../../src/store/errors.ts'
import { initLevelStore, openLevelStore } from '../../src/store/level/open.ts'
import { openLevelRecords } from '../../src/store/level/record-handle.ts'
import { FaultyDisk } from './faulty-disk.ts'
import { account, addBlob, entries, id, key, noise, pieces, readBlob, refused } from './kit.ts'
import { LevelHarness, temporaryDirectory, testLimits } from './level-kit.ts'

const open = (directory: string) => openLevelStore(directory, { limits: testLimits })

/** A closed store with one account and some tables. */
async function closedStore(): Promise<string> {
  const harness = await LevelHarness.start()
  await harness.store.create(account)
  await harness.store.transact(account, async (tx) => tx.put(key(1), utf8('value')))
  await harness.reopen() // moves the log into a table
  await harness.store.close()
  return harness.directory
}

async function recordsNames(directory: string): Promise<string[]> {
  return (await fs.readdir(`${directory}/records`)).sort()
}

/** Ways to break a store, and what opening it says. */
const breakages: readonly (readonly [string, (directory: string) => Promise<unknown>, RegExp])[] = [
  ['CURRENT is missing', (directory) => fs.rm(`${directory}/records/CURRENT`), /CURRENT is missing/],
  ['CURRENT is empty', (directory) => fs.writeFile(`${directory}/records/CURRENT`, ''), /CURRENT/],
  [
    'CURRENT names another file',
    (directory) => fs.writeFile(`${directory}/records/CURRENT`, 'MANIFEST-999999\n'),
    /./,
  ],
  [
    'the manifest is cut short',
    async (directory) => {
      const name = (await recordsNames(directory)).find((file) => file.startsWith('MANIFEST'))
      await fs.truncate(`${directory}/records/${name ?? ''}`, 20)
    },
    /./,
  ],
  [
    'the segments are missing',
    (directory) => fs.rm(`${directory}/segments`, { recursive: true }),
    /segments/,
  ],
]

describe('level store: init and open', () => {
  it('keeps everything over a reopening', async () => {
    const harness = await LevelHarness.start()
    await harness.store.create(account)
    await harness.store.create(id(2))
    await harness.store.transact(account, async (tx) => {
      for (let n = 0; n < 100; n += 1) tx.put(key(n), noise(n, n))
      tx.addUsage(1234)
      tx.setQuota(9999)
    })
    await addBlob(harness.store, account, id(5), noise(5000, 5))
    await addBlob(harness.store, account, id(6), pieces(noise(700_000, 6)))
    await harness.store.transact(account, async (tx) => tx.link(id(5)))
    await harness.store.directory.put('ada', utf8('1'), undefined)
    await harness.store.site.put('setting', utf8('2'))
    await harness.store.destroy(id(2))

    for (let round = 0; round < 2; round += 1) {
      const store = await harness.reopen()
      assert.deepEqual(await store.info(account), { version: 4, usageBytes: 1234, quotaBytes: 9999 })
      assert.equal(await store.info(id(2)), undefined)
      await assert.rejects(store.create(id(2)), refused('account-exists'))
      await store.read(account, async (snapshot) => {
        const all = await entries(snapshot)
        assert.deepEqual(
          all.map(([, value]) => Buffer.from(value)),
          Array.from({ length: 100 }, (_, n) => noise(n, n)),
        )
      })
      assert.ok((await readBlob(store, account, id(5))).equals(noise(5000, 5)))
      assert.ok((await readBlob(store, account, id(6))).equals(noise(700_000, 6)))
      assert.equal((await store.directory.get('ada'))?.toString(), '1')
      assert.equal((await store.site.get('setting'))?.toString(), '2')
    }
    await harness.store.transact(account, async (tx) => tx.unlink(id(5)))
    assert.ok((await readBlob(harness.store, account, id(5))).equals(noise(5000, 5)))
    await harness.end()
  })

  it('refuses to open where there is no store, and makes none', async () => {
    const directory = await temporaryDirectory()
    await assert.rejects(open(directory), refused('no-store'))
    await assert.rejects(open(`${directory}/missing`), refused('no-store'))
    assert.deepEqual(await fs.readdir(directory), [])
    await fs.rm(directory, { recursive: true })
  })

  it('refuses to make a store where there is one', async () => {
    const directory = await closedStore()
    const before = await recordsNames(directory)
    await assert.rejects(initLevelStore(directory), refused('store-exists'))
    assert.deepEqual(await recordsNames(directory), before)
    await fs.rm(directory, { recursive: true })
  })

  it('says that the store is in use, and leaves its user alone', async () => {
    const harness = await LevelHarness.start()
    await assert.rejects(
      open(harness.directory),
      (error) =>
        error instanceof Unavailable && error.reason === 'in-use' && /store is in use/.test(error.message),
    )
    await harness.store.create(account)
    await harness.end()
  })

  for (const [title, damage, words] of breakages) {
    it(`refuses a store of which ${title}, and deletes nothing`, async () => {
      const directory = await closedStore()
      await damage(directory)
      const tables = (await recordsNames(directory)).filter((name) => name.endsWith('.ldb'))
      assert.ok(tables.length > 0)
      await assert.rejects(open(directory), (error) => {
        assert.ok(error instanceof Damaged || error instanceof Unavailable, String(error))
        assert.match(error.message, words)
        return true
      })
      for (const name of tables) assert.ok((await recordsNames(directory)).includes(name))
      await fs.rm(directory, { recursive: true })
    })
  }

  for (const [title, value, check] of [
    ['a later version', Buffer.concat([utf8('letterlock store'), Buffer.from([0, 0, 0, 2])]), /version 2/],
    [
      'another kind',
      Buffer.concat([utf8('something else, '), Buffer.from([0, 0, 0, 1])]),
      /not a letterlock/,
    ],
    ['the wrong length', utf8('letterlock store'), /format record/],
    ['no value at all', undefined, /no format record/],
  ] as const) {
    it(`refuses a format record of ${title}, in words`, async () => {
      const directory = await closedStore()
      const handle = await openLevelRecords(`${directory}/records`, false)
      await handle.write([{ key: Buffer.from([0, 0x66]), value }])
      await handle.close()
      await assert.rejects(open(directory), check)
      // And lets go of it: the right program can open it.
      await (await openLevelRecords(`${directory}/records`, false)).close()
      await fs.rm(directory, { recursive: true })
    })
  }

  it('makes files for its own user alone, whatever the umask', async () => {
    const mask = process.umask(0)
    try {
      const parent = await temporaryDirectory()
      const directory = `${parent}/store`
      await initLevelStore(directory)
      const store = await open(directory)
      await store.create(account)
      await addBlob(store, account, id(5), utf8('body'))
      await store.close()
      const hexId = account.toString('hex')
      for (const [name, mode] of [
        ['', 0o700],
        ['/records', 0o700],
        ['/segments', 0o700],
        [`/segments/${hexId}`, 0o700],
        [`/segments/${hexId}/00000001.seg`, 0o600],
      ] as const) {
        assert.equal((await fs.stat(directory + name)).mode & 0o777, mode, name)
      }
      await fs.rm(parent, { recursive: true })
    } finally {
      process.umask(mask)
    }
  })

  it('leaves a whole store or none when init fails at any operation, and can be called again', async () => {
    for (let failing = 1, isDone = false; !isDone; failing += 1) {
      const directory = await temporaryDirectory()
      const disk = new FaultyDisk()
      let count = 0
      disk.decide = () => ((count += 1) === failing ? 'ENOSPC' : undefined)
      try {
        await initLevelStore(directory, disk)
        isDone = true
      } catch (error) {
        assert.ok(error instanceof Unavailable && error.reason === 'disk-full', String(error))
        const isThere = (await fs.readdir(directory)).includes('records')
        if (!isThere) await initLevelStore(directory)
      }
      const store = await open(directory)
      await store.create(account)
      await store.close()
      await fs.rm(directory, { recursive: true })
    }
  })
})
