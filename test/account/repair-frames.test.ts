// Repairing an account on the disk whose body files were written into: what is lost is told, message by message, and what is not is kept.
import assert from 'node:assert/strict'
import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { isRefusal } from '../../src/account/errors.ts'
import { silentLog } from '../../src/base/ports.ts'
import { initLevelStore, openLevelStore } from '../../src/store/level/open.ts'
import type { Store } from '../../src/store/store.ts'
import { FailingStore } from './failing-store.ts'
import { deliverTo, mail, makeSite, password, readAll, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
const secret = () => ({ kind: 'password' as const, password: password() })

interface Site {
  readonly site: TestSite
  /** Overwrites 8 octets of the first body's frame, at this place in the segment file, while nobody has it open. */
  readonly harm: (at: number) => Promise<void>
  readonly store: () => Store
}

/** Three messages in INBOX, the first one also in Archive. */
async function withSite(task: (on: Site) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'letterlock-frames-'))
  const path = join(directory, 'store')
  const openStore = (): Promise<Store> =>
    openLevelStore(path, { log: silentLog, limits: { reserveBytes: 0 } })
  await initLevelStore(path)
  let store = await openStore()
  const site = await makeSite({}, store)
  const harm = async (at: number): Promise<void> => {
    await site.accounts.close()
    await store.close()
    const segments = join(path, 'segments')
    const [account = ''] = await readdir(segments)
    const file = await open(join(segments, account, '00000001.seg'), 'r+')
    await file.write(Buffer.alloc(8, 0x55), 0, 8, at)
    await file.close()
    store = await openStore()
    site.accounts = await site.reopen(store)
  }
  try {
    await site.accounts.create(address, password())
    for (const subject of ['one', 'two', 'three'])
      await deliverTo(site.accounts, address, mail(subject, 'x'.repeat(1000)))
    const account = await site.accounts.login(address, password(), session)
    const inbox = await account.select('INBOX', { isReadOnly: false })
    await inbox.copy(inbox.uids().slice(0, 1), 'Archive')
    await account.close()
    await task({ site, harm, store: () => store })
  } finally {
    await site.accounts.close()
    await store.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function texts({ accounts }: TestSite, name: string): Promise<string[]> {
  const account = await accounts.login(address, password(), session)
  const box = await account.select(name, { isReadOnly: true })
  const found: string[] = []
  for (const uid of box.uids()) found.push(`${uid} ${(await readAll(box, uid)).toString()}`)
  await account.close()
  return found
}

async function siteFindings({ accounts }: TestSite): Promise<string[]> {
  const found: string[] = []
  for await (const { text } of accounts.repairs.fsckSite()) found.push(text.replace(/[0-9a-f]{32}/g, 'X'))
  return found
}

/** Within the first frame, which begins at 32. */
const before: readonly (readonly [name: string, at: number])[] = [
  ['the mark of a frame', 32],
  ['the identifier of a body', 48],
  ['the recovery header', 1000],
]

describe('repairing an account whose body files were written into', () => {
  for (const [name, at] of before) {
    it(`stores again what opens although ${name} is damaged, for every copy, under the same UIDs`, () =>
      withSite(async ({ site, harm }) => {
        const [inbox, archive] = [await texts(site, 'INBOX'), await texts(site, 'Archive')]
        await harm(at)
        assert.match((await siteFindings(site)).join(), /^what stands before body X is damaged/)
        const verified = await site.accounts.verify(address, password())
        assert.deepEqual(
          verified.findings.map(({ kind, uid }) => [kind, uid]),
          [['damaged', 1]],
        )
        const dry = await site.accounts.repairs.repair(address, secret(), { isDryRun: true })
        const report = await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
        assert.deepEqual(dry.repaired, report.repaired)
        assert.deepEqual([...report.repaired].sort(), [
          'Archive: 1 body in damaged places of the store, stored again',
          'INBOX: 1 body in damaged places of the store, stored again',
        ])
        assert.deepEqual([report.lost, report.lostMessages, report.findings], [[], 0, []])
        assert.deepEqual([await texts(site, 'INBOX'), await texts(site, 'Archive')], [inbox, archive])
        assert.deepEqual(await siteFindings(site), [])
        const again = await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
        assert.deepEqual([again.repaired, again.lost, again.findings], [[], [], []])
      }))
  }

  it('tells of each message that is lost where it was and what is known of it', () =>
    withSite(async ({ site, harm }) => {
      await harm(2000)
      const { lost, lostMessages, findings } = await site.accounts.repairs.repair(address, secret(), {
        isDryRun: false,
      })
      assert.equal(lostMessages, 2)
      assert.deepEqual(findings, [])
      for (const place of ['INBOX', 'Archive'])
        assert.match(
          lost.join('\n'),
          new RegExp(
            `^${place}: UID 1, \\d+ octets, received 2026-11-21 12:00, from Bob <bob@example.org>, subject one: its body does not open, kept aside as`,
            'm',
          ),
        )
    }))

  it('loses nothing when it is killed after any of its writes, and ends when it is done again', () =>
    withSite(async ({ site, harm, store }) => {
      const before = [await texts(site, 'INBOX'), await texts(site, 'Archive')]
      await harm(1000)
      for (let writes = 1, isKilled = true; isKilled; writes += 1) {
        const killed = new FailingStore(store())
        const accounts = await site.reopen(killed.store)
        killed.killAfter(writes)
        await accounts.repairs
          .repair(address, secret(), { isDryRun: false })
          .catch((error: unknown) => assert.ok(isRefusal(error, 'unavailable'), String(error)))
        isKilled = killed.isKilled
        site.accounts = await site.reopen(store())
        assert.deepEqual([await texts(site, 'INBOX'), await texts(site, 'Archive')], before)
      }
      const report = await site.accounts.repairs.repair(address, secret(), { isDryRun: false })
      assert.deepEqual([report.lost, report.findings], [[], []])
    }))
})
