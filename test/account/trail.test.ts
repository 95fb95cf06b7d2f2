// The trail: kept with the account's keys or without them, through restarts, checkpoints and rotations, and never lost in silence.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkpoint } from '../../src/account/checkpoint.ts'
import { trailKey } from '../../src/account/keys.ts'
import { adoptAll } from '../../src/account/adopt.ts'
import { leaveInTrail } from '../../src/account/trail-arrival.ts'
import { addToTrail, convertTrail, faultOfTrail, markSeen, readTrail } from '../../src/account/trail.ts'
import type { UnlockedAccount } from '../../src/account/unlocked-account.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { bareSite } from './bare-site.ts'
import { FailingStore } from './failing-store.ts'
import { deliverTo, mail, makeSite, password, session, type TestSite } from './support.ts'
import { unlock } from './unlocked.ts'

const address = 'alice@example.org'

async function prepared(): Promise<{ site: TestSite; account: UnlockedAccount }> {
  const site = await makeSite()
  await site.accounts.create(address, password())
  return { site, account: await unlock(site, address) }
}

const kinds = async (account: UnlockedAccount): Promise<string[]> =>
  (await readTrail(account)).map(({ kind }) => kind)

describe('the trail', () => {
  it('is empty at first, and keeps what was written, in order, new until it was shown', async () => {
    const { site, account } = await prepared()
    assert.deepEqual(await readTrail(account), [])
    await addToTrail(account, [
      { kind: 'password-changed', by: 'owner', remoteAddress: '192.0.2.1' },
      { kind: 'decrypted-by-admin', by: 'admin-key', detail: 'asked for on the command line' },
    ])
    const [first, second] = await readTrail(account)
    assert.deepEqual(first, {
      at: site.clock.time,
      kind: 'password-changed',
      by: 'owner',
      remoteAddress: '192.0.2.1',
      detail: undefined,
      isNew: true,
    })
    assert.equal(second?.detail, 'asked for on the command line')
    await markSeen(account)
    await addToTrail(account, [{ kind: 'recovered', by: 'owner' }])
    assert.deepEqual(
      (await readTrail(account)).map(({ isNew }) => isNew),
      [false, false, true],
    )
  })

  it('is there after a restart, with and without a checkpoint in between', async () => {
    for (const withCheckpoint of [false, true]) {
      const { site, account } = await prepared()
      await addToTrail(account, [{ kind: 'recovered', by: 'owner' }])
      if (withCheckpoint) assert.ok(await checkpoint(account))
      await addToTrail(account, [{ kind: 'mail-locked', by: 'admin' }])
      await markSeen(account)
      await account.lock()
      const again = await unlock(site, address)
      assert.deepEqual(await kinds(again), ['recovered', 'mail-locked'])
      assert.ok((await readTrail(again)).every(({ isNew }) => !isNew))
    }
  })

  it('takes entries that were left without a key, among mail, in order', async () => {
    const { site, account } = await prepared()
    await account.lock()
    await deliverTo(site.accounts, address, mail('before'))
    await leaveInTrail(bareSite(site), account.id, { kind: 'mail-locked', by: 'admin' })
    const left = site.clock.time
    site.clock.time += 60_000
    await deliverTo(site.accounts, address, mail('after'))
    assert.equal((await site.accounts.info(address)).pendingArrivals, 2)
    const again = await unlock(site, address)
    await addToTrail(again, [{ kind: 'recovered', by: 'owner' }])
    await adoptAll(again)
    const entries = await readTrail(again)
    assert.deepEqual(
      entries.map(({ kind, at }) => [kind, at]),
      [
        ['recovered', site.clock.time],
        ['mail-locked', left],
      ],
    )
    assert.equal(again.state.byName('INBOX')?.messages, 2)
    assert.equal(await faultOfTrail(again), undefined)
    await again.lock()
    const open = await site.accounts.login(address, password(), session)
    const report = await site.accounts.verify(address, password())
    assert.deepEqual(report.findings, [])
    await open.close()
  })

  it('is sealed again by a rotation of keys', async () => {
    const { site, account } = await prepared()
    await addToTrail(account, [{ kind: 'recovered', by: 'owner' }])
    await account.lock()
    await leaveInTrail(bareSite(site), account.id, { kind: 'mail-locked', by: 'admin' })
    await (
      await site.accounts.enableAtRest(address, password())
    ).finished
    const again = await unlock(site, address)
    assert.deepEqual((await kinds(again)).slice(0, 2), ['recovered', 'mail-locked'])
    await convertTrail(again)
    assert.deepEqual((await site.accounts.verify(address, password())).findings, [])
  })

  it('says so when an entry was removed, exchanged or altered', async () => {
    const changes: readonly [string, (store: TestSite['store'], id: Buffer) => Promise<unknown>][] = [
      ['removed', (store, id) => store.transact(id, async (tx) => tx.delete(trailKey(2)))],
      [
        'exchanged',
        (store, id) =>
          store.transact(id, async (tx) => tx.put(trailKey(2), (await tx.get(trailKey(1))) ?? assert.fail())),
      ],
      [
        'altered',
        (store, id) =>
          store.transact(id, async (tx) => {
            const value = Buffer.from((await tx.get(trailKey(2))) ?? assert.fail())
            value[80] = (value[80] ?? 0) ^ 1
            tx.put(trailKey(2), value)
          }),
      ],
    ]
    for (const [name, change] of changes) {
      const { site, account } = await prepared()
      await addToTrail(account, [
        { kind: 'recovered', by: 'owner' },
        { kind: 'decrypted-by-admin', by: 'admin-key' },
        { kind: 'password-changed', by: 'owner' },
      ])
      await markSeen(account)
      await change(site.store, account.id)
      const entries = await readTrail(account)
      assert.deepEqual(
        entries.map(({ kind, isNew }) => [kind, isNew]),
        [
          ['recovered', false],
          ['password-changed', false],
          ['entries-lost', true],
        ],
        name,
      )
      assert.match(entries.at(-1)?.detail ?? '', /^1 entries are missing or altered: number 2$/)
      assert.match((await faultOfTrail(account)) ?? '', /1 entries/)
    }
  })

  it('drops old entries only when they were shown', async () => {
    const { account } = await prepared()
    const many = (count: number) =>
      Array.from({ length: count }, () => ({ kind: 'recovered', by: 'owner' }) as const)
    await addToTrail(account, many(1_005))
    assert.equal((await readTrail(account)).length, 1_005)
    await markSeen(account)
    await addToTrail(account, many(1))
    assert.equal((await readTrail(account)).length, 1_000)
    assert.equal(await faultOfTrail(account), undefined)
  })

  it('has an entry whole or not at all, however the disk fails', async () => {
    for (const failure of ['refused', 'undone', 'done', 'late'] as const) {
      const disk = new FailingStore(openMemoryStore())
      const site = await makeSite({}, disk.store)
      await site.accounts.create(address, password())
      const { accountId } = await site.accounts.info(address)
      disk.failNext(failure)
      const outcome = await leaveInTrail(bareSite(site), Buffer.from(accountId, 'hex'), {
        kind: 'mail-locked',
        by: 'admin',
      }).then(
        () => 'done',
        () => 'refused',
      )
      assert.equal(outcome, 'refused')
      await deliverTo(site.accounts, address, mail('x')).catch(() => undefined)
      const again = await unlock(site, address)
      await adoptAll(again)
      assert.deepEqual(await kinds(again), failure === 'done' || failure === 'late' ? ['mail-locked'] : [])
      assert.equal(await faultOfTrail(again), undefined)
    }
  })
})
