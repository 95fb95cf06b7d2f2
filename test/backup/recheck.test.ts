// Files of earlier copies that rot: an incremental run notices, in time or at once when asked to, and copies again what they held.
import assert from 'node:assert/strict'
import { open, readFile, stat, truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { checkBackup } from '../../src/backup/check.ts'
import { recheckRuns } from '../../src/backup/recheck.ts'
import { deliverTo, mail, password } from '../account/support.ts'
import {
  alice,
  bob,
  contents,
  filesOf,
  incremental,
  live,
  openSite,
  remove,
  restore,
  take,
  type BackupSite,
} from './support.ts'

const recheck = { isIncremental: true, rechecksAll: true }

async function flip(path: string): Promise<void> {
  const file = await open(path, 'r+')
  const at = Math.floor((await stat(path)).size / 2)
  const octet = Buffer.alloc(1)
  await file.read(octet, 0, 1, at)
  octet[0] = (octet[0] ?? 0) ^ 0x10
  await file.write(octet, 0, 1, at)
  await file.close()
}

/** The largest file of an account in one part of the backup. */
async function fileOf(site: BackupSite, part: 'packs' | 'records', address: string): Promise<string> {
  const { accountId } = await site.accounts.info(address)
  const found = await filesOf(join(site.backup, part, accountId))
  const sizes = await Promise.all(found.map(async (path) => ({ path, size: (await stat(path)).size })))
  const [largest] = sizes.sort((a, b) => b.size - a.size)
  assert.ok(largest)
  return largest.path
}

/** A restore of the newest generation alone has all of an account. */
async function isWhole(site: BackupSite, address: string): Promise<void> {
  const fresh = await openSite({ keyBytes: site.keyBytes })
  const report = await fresh.backups.restore(site.backup, { ...restore, address })
  assert.deepEqual([report.accounts[0]?.state, report.accounts[0]?.lost], ['restored', 0])
  assert.deepEqual(await contents(fresh.accounts, address), await contents(site.accounts, address))
  assert.deepEqual((await fresh.accounts.verify(address, password())).findings, [])
  await fresh.close()
  await remove(fresh)
}

const change = (site: BackupSite): Promise<void> => deliverTo(site.accounts, bob, mail('one more'))
const nothing = async (): Promise<void> => undefined

const rows: readonly {
  readonly name: string
  readonly part: 'packs' | 'records'
  readonly harm: (path: string) => Promise<void>
  readonly fault: RegExp
  readonly meanwhile?: (site: BackupSite) => Promise<void>
  /** Seen by its length, whoever's turn it is. */
  readonly isSeenAtOnce?: boolean
}[] = [
  { name: 'a rotten body, the account as it was', part: 'packs', harm: flip, fault: /altered/ },
  {
    name: 'a rotten body, the account changed',
    part: 'packs',
    harm: flip,
    fault: /altered/,
    meanwhile: change,
  },
  {
    name: 'rotten records',
    part: 'records',
    harm: flip,
    fault: /records .*(altered|impossible|cut short|belong)/,
  },
  ...([nothing, change] as const).flatMap((meanwhile) => [
    {
      name: `a pack that is missing, the account ${meanwhile === change ? 'changed' : 'as it was'}`,
      part: 'packs' as const,
      harm: unlink,
      fault: /missing/,
      meanwhile,
      isSeenAtOnce: true,
    },
    {
      name: `a pack that was cut, the account ${meanwhile === change ? 'changed' : 'as it was'}`,
      part: 'packs' as const,
      harm: (path: string) => truncate(path, 1000),
      fault: /another length/,
      meanwhile,
      isSeenAtOnce: true,
    },
  ]),
]

describe('older files that an incremental run relies on', () => {
  let site: BackupSite
  before(async () => {
    site = await openSite()
    await live(site)
  })
  after(async () => {
    await site.close()
    await remove(site)
  })

  for (const { name, part, harm, fault, meanwhile, isSeenAtOnce } of rows)
    it(`are replaced from the store: ${name}`, async () => {
      // A full run: packs of its own, with nothing wrong.
      await site.backups.take(site.backup, take)
      await site.backups.prune(site.backup, 1, false)
      await harm(await fileOf(site, part, bob))
      await (meanwhile ?? nothing)(site)
      const report = await site.backups.take(site.backup, isSeenAtOnce ? incremental : recheck)
      assert.deepEqual([report.problems, report.unchanged], [[], 1])
      const isGone = isSeenAtOnce === true && meanwhile === change && fault.source === 'missing'
      if (!isGone) assert.match(report.replaced.join('\n'), fault)
      assert.ok(part === 'records' || report.copiedBytes > 0)
      await site.backups.prune(site.backup, 1, false)
      assert.deepEqual((await checkBackup(site.backup, { siteKey: site.siteKey })).problems, [])
      await isWhole(site, bob)
      const next = await site.backups.take(site.backup, recheck)
      assert.deepEqual([next.replaced, next.copiedBytes], [[], 0])
    })

  it(`are all read within ${recheckRuns} runs that are not asked to read them`, async () => {
    await site.backups.take(site.backup, take)
    await site.backups.prune(site.backup, 1, false)
    await flip(await fileOf(site, 'packs', alice))
    await flip(await fileOf(site, 'records', bob))
    const replaced: string[] = []
    for (let run = 0; run < recheckRuns; run += 1)
      replaced.push(...(await site.backups.take(site.backup, incremental)).replaced)
    assert.equal(replaced.length, 2, replaced.join('\n'))
    await site.backups.prune(site.backup, 1, false)
    assert.deepEqual((await checkBackup(site.backup, { siteKey: site.siteKey })).problems, [])
    for (const address of [alice, bob]) await isWhole(site, address)
  })

  it('that are whole are not written again', async () => {
    await site.backups.take(site.backup, take)
    const pack = await fileOf(site, 'packs', alice)
    const octets = await readFile(pack)
    const report = await site.backups.take(site.backup, recheck)
    assert.deepEqual([report.replaced, report.unchanged, report.copiedBytes], [[], 2, 0])
    assert.deepEqual(await readFile(pack), octets)
  })
})
