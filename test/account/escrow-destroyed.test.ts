// What opened the recovery key is gone from the disk when its password changes, and with the key.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { openEscrow } from '../../src/crypto/escrow.ts'
import { silentLog } from '../../src/base/ports.ts'
import { initLevelStore, openLevelStore } from '../../src/store/level/open.ts'
import { makeSite } from './support.ts'

async function isOnDisk(directory: string, bytes: Buffer): Promise<boolean> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && (await readFile(join(entry.parentPath, entry.name))).includes(bytes)) return true
  }
  return false
}

it('the sealed secret of the recovery key does not lie about after it was replaced or removed', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'escrow-'))
  context.after(() => rm(directory, { recursive: true }))
  await initLevelStore(join(directory, 'store'))
  const store = await openLevelStore(join(directory, 'store'), { log: silentLog })
  const site = await makeSite({}, store)
  const { escrow } = site.accounts
  /** A piece that compression does not touch: the box is random. */
  const sealed = async (): Promise<Buffer> => {
    const { key } = openEscrow(site.siteKey, (await store.site.get('escrow')) ?? assert.fail())
    return key?.holders[0]?.box.subarray(70, 102) ?? assert.fail()
  }
  await escrow.setEscrow([Buffer.from('first words')])
  const first = await sealed()
  assert.ok(await isOnDisk(directory, first), 'the test finds what is there')
  await escrow.changeEscrowPassword([Buffer.from('first words')], [Buffer.from('second words')])
  const second = await sealed()
  assert.equal(await isOnDisk(directory, first), false)
  assert.ok(await isOnDisk(directory, second))
  await escrow.removeEscrow([Buffer.from('second words')])
  assert.equal(await isOnDisk(directory, second), false)
  await site.accounts.close()
  await store.close()
})
