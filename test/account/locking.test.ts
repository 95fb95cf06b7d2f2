// When keys leave the memory: on order, for want of use, and a while after the last session where the site wants that.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Accounts, SessionInfo } from '../../src/account/api.ts'
import type { AuditEntry, AuditLog } from '../../src/account/audit.ts'
import type { IdleWatch } from '../../src/account/idle-watch.ts'
import { OpenSession } from '../../src/account/open-account.ts'
import { makeSite, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
const minute = 60_000

async function siteOfAlice(options: Parameters<typeof makeSite>[0] = {}): Promise<TestSite> {
  const site = await makeSite(options)
  await site.accounts.create(address, password())
  return site
}

async function login(accounts: Accounts, info: Partial<SessionInfo> = {}): Promise<OpenSession> {
  const opened = await accounts.login(address, password(), { ...session, ...info })
  assert.ok(opened instanceof OpenSession)
  return opened
}

const watchOf = (accounts: Accounts): IdleWatch => (accounts as Accounts & { idleWatch: IdleWatch }).idleWatch

describe('an account in which nobody does anything', () => {
  it('is locked after so long, and not while one of its sessions is at work', async () => {
    const site = await siteOfAlice({ lockAfterMs: 10 * minute })
    const ended: string[] = []
    const end = (why: string): void => void ended.push(why)
    const [first, second] = [await login(site.accounts, { end }), await login(site.accounts, { end })]
    site.clock.time += 9 * minute
    second.active()
    site.clock.time += 9 * minute
    await watchOf(site.accounts).look()
    assert.deepEqual(ended, [])
    site.clock.time += minute
    await watchOf(site.accounts).look()
    assert.equal(ended.length, 2)
    assert.ok(first.account.vault.isWiped)
    assert.equal((await site.accounts.info(address)).isUnlocked, false)
  })

  it('stays open where the site does not want that, and while the server works on it', async () => {
    const never = await siteOfAlice()
    await login(never.accounts)
    never.clock.time += 1000 * minute
    await watchOf(never.accounts).look()
    assert.equal(never.accounts.sessions().length, 1)
    const site = await siteOfAlice({ lockAfterMs: minute })
    await login(site.accounts, { protocol: 'admin' })
    site.clock.time += 1000 * minute
    await watchOf(site.accounts).look()
    assert.equal(site.accounts.sessions().length, 1)
    await Promise.all([never.accounts.close(), site.accounts.close()])
  })
})

describe('keys that are kept after the last session', () => {
  const linger = { lingerMs: 3_600_000 }

  it('let the same password in without a derivation, and go on order', async () => {
    const orders: readonly ((accounts: Accounts) => Promise<unknown>)[] = [
      (accounts) => accounts.lock(address, 'locked'),
      (accounts) => accounts.kick({ address }, 'kicked'),
      (accounts) => accounts.setDisabled(address, true),
      (accounts) => accounts.setPassword(address, password('second')),
      (accounts) => accounts.close(),
    ]
    for (const order of orders) {
      const { accounts } = await siteOfAlice(linger)
      const opened = await login(accounts)
      const { account } = opened
      await opened.close()
      assert.equal(account.vault.isWiped, false)
      const again = await login(accounts)
      assert.equal(again.account, account)
      await again.close()
      await order(accounts)
      assert.ok(account.vault.isWiped)
    }
  })

  it('go with a session that is kicked, if it is the last', async () => {
    const { accounts } = await siteOfAlice(linger)
    const [one, two] = [await login(accounts), await login(accounts)]
    await accounts.kick({ sessionId: one.sessionId }, 'kicked')
    assert.equal(one.account.vault.isWiped, false)
    await accounts.kick({ sessionId: two.sessionId }, 'kicked')
    assert.ok(two.account.vault.isWiped)
  })

  it('leave a line in the audit log when their owner ends a session, and none for a session that is not there', async () => {
    const lines: AuditEntry[] = []
    const audit: AuditLog = { write: async (entry) => void lines.push(entry) }
    const { accounts } = await siteOfAlice({ ...linger, audit })
    const one = await login(accounts)
    lines.length = 0
    await accounts.kick({ sessionId: 'nobody' }, 'kicked', 'owner')
    assert.deepEqual(lines, [])
    assert.equal(await accounts.kick({ sessionId: one.sessionId }, 'kicked', 'owner'), 1)
    assert.deepEqual(lines, [{ event: 'session.kicked', address, by: 'owner' }])
    await accounts.close()
  })

  it('go when their time is over', async () => {
    const { accounts } = await siteOfAlice({ lingerMs: 1 })
    const opened = await login(accounts)
    await opened.close()
    while (!opened.account.vault.isWiped) await new Promise((resolve) => setTimeout(resolve, 1))
    assert.equal((await accounts.info(address)).isUnlocked, false)
  })
})

describe('lock', () => {
  it('ends every session, wipes the keys and lets the owner in again', async () => {
    const { accounts } = await siteOfAlice()
    const ended: string[] = []
    const opened = await login(accounts, { end: (why) => void ended.push(why) })
    assert.equal(await accounts.lock(address, 'locked by the administrator'), 1)
    assert.deepEqual(ended, ['locked by the administrator'])
    assert.ok(opened.account.vault.isWiped)
    assert.equal(await accounts.lock(address, 'again'), 0)
    await (await login(accounts)).close()
  })
})
