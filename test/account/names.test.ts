// Aliases, domains and other addresses for accounts: what leads where, what is refused, and what a rename keeps.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AuditEntry } from '../../src/account/audit.ts'
import { isRefusal } from '../../src/account/errors.ts'
import type { LoginGuard } from '../../src/account/login-guard.ts'
import { decodeDomain, encodeAlias, encodeDomain } from '../../src/account/names-codec.ts'
import { Conflict, Unavailable } from '../../src/store/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { chunks, deliverTo, mail, makeSite, overriding, password, session, type TestSite } from './support.ts'

const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)
const alice = 'alice@example.org'
const bob = 'bob@example.org'
const carol = 'carol@example.net'

async function site(options: Parameters<typeof makeSite>[0] = {}, store?: Store): Promise<TestSite> {
  const made = await makeSite(options, store)
  for (const address of [alice, bob, carol]) await made.accounts.create(address, password())
  return made
}

async function reached({ accounts }: TestSite, address: string): Promise<string[]> {
  return (await accounts.resolve(address)).map(({ address, detail }) =>
    detail ? `${address} ${detail}` : address,
  )
}

async function subjects({ accounts }: TestSite, address: string, secret = password()): Promise<string[]> {
  const open = await accounts.login(address, secret, session)
  const inbox = await open.select('INBOX', { isReadOnly: true })
  const found: string[] = []
  for await (const { header } of inbox.contents(inbox.uids()))
    found.push(/^Subject: (.*)\r$/m.exec(header?.toString() ?? '')?.[1] ?? '')
  await open.close()
  return found
}

async function listed<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of all) found.push(one)
  return found
}

describe('mail for an alias', () => {
  it('goes to every target, each account once, however many ways lead there', async () => {
    const on = await site()
    const { names } = on.accounts
    await names.addAlias('Info@Example.org', [alice, bob])
    await names.addAlias('all@example.org', ['info@example.org', carol, alice])
    await names.addAlias('sales@example.org', ['Alice+Orders@example.org'])
    await names.addAlias('@example.net', [bob])
    const rows: readonly (readonly [string, string[]])[] = [
      ['info@example.org', [alice, bob]],
      ['INFO+Shop@example.org', [`${alice} Shop`, `${bob} Shop`]],
      ['all@example.org', [carol, alice, bob]],
      ['sales@example.org', [`${alice} Orders`]],
      ['sales+x@example.org', [`${alice} Orders`]],
      ['carol@example.net', [carol]],
      ['carol+x@example.net', [`${carol} x`]],
      ['anything@example.net', [bob]],
    ]
    for (const [address, wanted] of rows)
      assert.deepEqual((await reached(on, address)).sort(), [...wanted].sort(), address)
    await assert.rejects(on.accounts.resolve('nobody@example.org'), refuses('no-such-account'))
    await deliverTo(on.accounts, 'all@example.org', mail('to all'))
    for (const address of [alice, bob, carol]) assert.deepEqual(await subjects(on, address), ['to all'])
    assert.deepEqual(await names.aliasesTo(alice), [
      'all@example.org',
      'info@example.org',
      'sales@example.org',
    ])
    assert.deepEqual((await names.alias('ALL@example.org'))?.reaches, [carol, alice, bob])
  })

  it('outlives a restart, and prefers what is spelled out to what takes the rest', async () => {
    const on = await site()
    await on.accounts.names.addAlias('@example.org', [carol])
    await on.restart()
    assert.deepEqual(await reached(on, 'x@example.org'), [carol])
    assert.deepEqual(await reached(on, 'bob+x@example.org'), [`${bob} x`])
    await on.accounts.create('x@example.org', password())
    assert.deepEqual(await reached(on, 'x@example.org'), ['x@example.org'])
  })

  it('finds an account in either spelling of its domain before what takes the rest of one', async () => {
    const on = await site()
    await on.accounts.create('dora@xn--bcher-kva.example', password())
    await on.accounts.names.addAlias('@bücher.example', [bob])
    const [first] = await on.accounts.resolve('dora@bücher.example', 'dora@xn--bcher-kva.example')
    assert.equal(first?.address, 'dora@xn--bcher-kva.example')
  })

  it('passes over accounts that are disabled or gone while others are there', async () => {
    const on = await site()
    await on.accounts.names.addAlias('info@example.org', [alice, bob])
    await on.accounts.setDisabled(bob, true)
    assert.deepEqual(await reached(on, 'info@example.org'), [alice])
    await on.accounts.setDisabled(alice, true)
    await assert.rejects(on.accounts.resolve('info@example.org'), refuses('account-disabled'))
  })

  it('ends where records lead in a circle', async () => {
    const on = await site()
    const { store, siteKey } = on
    const put = (alias: string, targets: readonly string[]) =>
      store.directory.put(alias, encodeAlias(siteKey, alias, targets), undefined)
    await put('a@example.org', ['b@example.org', 'a@example.org'])
    await put('b@example.org', ['a@example.org', alice])
    await put('c@example.org', ['c@example.org'])
    assert.deepEqual(await reached(on, 'a@example.org'), [alice])
    await assert.rejects(on.accounts.resolve('c@example.org'), refuses('no-such-account'))
    assert.equal((await on.accounts.login('a@example.org', password(), session)).address, alice)
  })

  it('is deferred, not refused for good, when its record was not written by this site', async () => {
    const on = await site()
    const { store, siteKey } = on
    await on.accounts.names.addAlias('info@example.org', [alice])
    const good = await store.directory.get('info@example.org')
    assert.ok(good)
    // Every flipped bit, another name's record, and one with a byte more.
    const bad: Uint8Array[] = Array.from({ length: good.length - 1 }, (_, at) =>
      good.map((byte, index) => (index === at + 1 ? byte ^ 4 : byte)),
    )
    bad.push(Buffer.concat([good, Buffer.of(0)]), encodeAlias(siteKey, 'other@example.org', [alice]))
    let present: Uint8Array = good
    for (const bytes of bad) {
      await store.directory.put('info@example.org', bytes, present)
      present = bytes
      await assert.rejects(on.accounts.resolve('info@example.org'), refuses('damaged'))
    }
    // The others are listed, the site's fsck says so, and an admin can remove it.
    await on.accounts.names.addAlias('team@example.org', [bob])
    assert.deepEqual(
      (await listed(on.accounts.names.aliases())).map(({ alias }) => alias),
      ['team@example.org'],
    )
    const findings = await listed(on.accounts.repairs.fsckSite())
    assert.deepEqual(
      findings.map(({ address }) => address),
      ['info@example.org'],
    )
    await on.accounts.names.removeAlias('info@example.org', [])
    await assert.rejects(on.accounts.resolve('info@example.org'), refuses('no-such-account'))
    assert.deepEqual(await listed(on.accounts.repairs.fsckSite()), [])
  })
})

describe('an alias', () => {
  it('is refused where it would lead nowhere, in a circle, or stand in the way', async () => {
    const on = await site()
    const { names } = on.accounts
    await names.addAlias('info@example.org', [alice])
    await names.addAlias('top@example.org', ['info@example.org'])
    await names.addAlias('@example.net', [bob])
    const rows: readonly (readonly [string, readonly string[], Parameters<typeof isRefusal>[1]])[] = [
      [bob, [alice], 'account-exists'],
      ['x@example.org', ['nobody@example.org'], 'bad-alias'],
      ['x@example.org', [alice, 'nobody@example.org'], 'bad-alias'],
      ['x@example.org', ['whoever@example.net'], 'bad-alias'],
      ['x@example.org', ['@example.net'], 'bad-alias'],
      ['x@example.org', ['alice+a\u0007b@example.org'], 'bad-alias'],
      ['x@example.org', ['x@elsewhere.example'], 'bad-alias'],
      ['x@example.org', ['x@example.org'], 'bad-alias'],
      ['info@example.org', ['info+more@example.org'], 'bad-alias'],
      ['info@example.org', ['top@example.org'], 'bad-alias'],
      ['x@example.org', [], 'bad-alias'],
      ['no address', [alice], 'limit'],
      ['@', [alice], 'limit'],
      ['two@@example.org', [alice], 'limit'],
    ]
    for (const [alias, targets, code] of rows)
      await assert.rejects(names.addAlias(alias, targets), refuses(code), `${alias} ${targets.join()}`)
    assert.equal(await names.alias('x@example.org'), undefined)
    // One that leads to something that was removed cannot become part of a circle either.
    await assert.rejects(names.removeAlias('info@example.org', []), refuses('in-use'))
  })

  it('is named where an account of its name is wanted', async () => {
    const on = await site()
    await on.accounts.names.addAlias('info@example.org', [alice])
    await assert.rejects(
      on.accounts.create('info@example.org', password()),
      (error) => isRefusal(error, 'account-exists') && /is an alias/.test(error.message),
    )
    await assert.rejects(on.accounts.info('info@example.org'), refuses('no-such-account'))
  })

  it('gets and loses targets one by one, and dry runs change nothing', async () => {
    const on = await site()
    const { names } = on.accounts
    const dry = { isDryRun: true }
    assert.deepEqual((await names.addAlias('info@example.org', [alice], dry)).targets, [alice])
    assert.equal(await names.alias('info@example.org'), undefined)
    await names.addAlias('info@example.org', [alice])
    assert.deepEqual((await names.addAlias('info@example.org', [bob, alice])).targets, [alice, bob])
    assert.equal(await names.removeAlias('info@example.org', [alice, bob], dry), undefined)
    assert.deepEqual((await names.removeAlias('info@example.org', [alice]))?.targets, [bob])
    await assert.rejects(names.removeAlias('info@example.org', [alice]), refuses('no-such-alias'))
    assert.equal(await names.removeAlias('info@example.org', [bob]), undefined)
    await assert.rejects(names.removeAlias('info@example.org', []), refuses('no-such-alias'))
  })

  it('loses an account that is deleted, and goes with its last one', async () => {
    const on = await site()
    const { names } = on.accounts
    await names.addAlias('info@example.org', [alice, bob])
    await names.addAlias('only@example.org', ['alice+x@example.org'])
    await on.accounts.delete(alice)
    assert.deepEqual(
      (await listed(names.aliases())).map(({ alias, targets }) => [alias, targets]),
      [['info@example.org', [bob]]],
    )
  })

  it('has a limit of targets, and of accounts that it reaches', async () => {
    const on = await site()
    const many = Array.from({ length: 501 }, (_, index) => `bob+${index}@example.org`)
    await assert.rejects(on.accounts.names.addAlias('many@example.org', many), refuses('limit'))
    for (const part of ['a', 'b', 'c'])
      await on.accounts.names.addAlias(
        `${part}@example.org`,
        Array.from({ length: 400 }, (_, index) => `bob+${part}${index}@example.org`),
      )
    const all = ['a@example.org', 'b@example.org', 'c@example.org']
    await assert.rejects(on.accounts.names.addAlias('all@example.org', all), refuses('limit'))
  })
})

describe('logging in by an alias', () => {
  it('refuses targets that are too long together, also when a rename makes them so, and keeps what it had', async () => {
    const { accounts } = await site()
    const { names } = accounts
    const long = (index: number): string => `alice+${String(index).padStart(200, 'x')}@example.org`
    const fits = Array.from({ length: 224 }, (_, index) => long(index))
    await assert.rejects(
      names.addAlias('long@example.org', [...fits, long(300), long(301)]),
      (error) => isRefusal(error, 'limit') && /long@example\.org would have \d+ octets/.test(error.message),
    )
    const info = await names.addAlias('long@example.org', fits)
    assert.equal(info.targets.length, fits.length)
    assert.ok(JSON.stringify(info).length < 256 * 1024)
    const longer = `${'a'.repeat(60)}@example.org`
    await assert.rejects(names.rename(alice, longer, { keepsAlias: true }), refuses('limit'))
    assert.deepEqual((await names.alias('long@example.org'))?.targets, info.targets)
    await names.rename(alice, 'al@example.org', { keepsAlias: false })
    assert.deepEqual((await names.alias('long@example.org'))?.reaches, ['al@example.org'])
  })

  it('works where it stands for one account, and counts for that account', async () => {
    const tried: string[] = []
    const guard: LoginGuard = {
      async begin(_, account) {
        tried.push(account)
        return { succeeded: async () => undefined, failed: async () => undefined, dropped: () => undefined }
      },
    }
    const on = await site({ guard })
    await on.accounts.names.addAlias('info@example.org', [alice])
    await on.accounts.names.addAlias('all@example.org', [alice, bob])
    await on.accounts.names.addAlias('@example.net', [alice])
    await on.accounts.names.addAlias('mine@example.org', ['alice+x@example.org'])
    const open = await on.accounts.login('Info@example.org', password(), session)
    assert.equal(open.address, alice)
    await open.close()
    assert.equal(await on.accounts.authenticate('info@example.org', password(), session), alice)
    for (const other of [
      'all@example.org',
      'x@example.net',
      '@example.net',
      'mine@example.org',
      'info+x@example.org',
    ])
      await assert.rejects(
        on.accounts.login(other, password(), session),
        refuses('authentication-failed'),
        other,
      )
    await assert.rejects(
      on.accounts.login('info@example.org', password('wrong'), session),
      refuses('authentication-failed'),
    )
    assert.deepEqual(tried.filter((name) => name === alice).length, 3)
  })
})

describe('domains', () => {
  const rules = (domain: string) =>
    ({ policy: domain === 'example.net' ? 'all' : 'offered', adminRecovery: true }) as const

  it('are known by commands, settings or their accounts, and hold new accounts to those once one was added', async () => {
    const on = await site({ rules, localDomains: ['example.net'] })
    const { names } = on.accounts
    assert.deepEqual(
      (await names.domains()).map(({ domain, source, accounts }) => [domain, source, accounts]),
      [
        ['example.net', 'settings', 1],
        ['example.org', 'accounts', 2],
      ],
    )
    await on.accounts.create('x@anywhere.example', password())
    assert.equal(names.isOurs('example.org'), false)
    assert.equal((await names.addDomain('Bücher.example')).ascii, 'xn--bcher-kva.example')
    await assert.rejects(names.addDomain('xn--bcher-kva.example'), refuses('domain-exists'))
    for (const bad of ['', 'a b', '-a.example', 'a..b', 'x@y', `${'a'.repeat(64)}.example`])
      await assert.rejects(names.addDomain(bad), refuses('limit'), bad)
    assert.equal(names.isOurs('BÜCHER.example'), true)
    await on.accounts.create('x@bücher.example', password())
    await on.accounts.create('y@example.net', password())
    await assert.rejects(on.accounts.create('z@exmaple.org', password()), refuses('no-such-domain'))
    await assert.rejects(names.addAlias('z@exmaple.org', [alice]), refuses('no-such-domain'))
    await assert.rejects(
      names.rename(alice, 'z@exmaple.org', { keepsAlias: false }),
      refuses('no-such-domain'),
    )
    // Mail for accounts that are there is taken; for others the answer says which it is that is unknown.
    assert.deepEqual(await reached(on, alice), [alice])
    await assert.rejects(on.accounts.resolve('z@exmaple.org'), refuses('no-such-domain'))
    await assert.rejects(on.accounts.resolve('z@example.net'), refuses('no-such-account'))
    await on.restart()
    assert.equal(on.accounts.names.isOurs('bücher.example'), true)
  })

  it('are not removed under their accounts without a word, nor when only the settings name them', async () => {
    const on = await site({ localDomains: ['example.net'] })
    const { names } = on.accounts
    await names.addDomain('example.org')
    const [plain, kept] = [{ keepsAccounts: false }, { keepsAccounts: true }]
    await assert.rejects(
      names.removeDomain('example.org', plain),
      (error) => isRefusal(error, 'in-use') && error.message.includes('2 account'),
    )
    await assert.rejects(names.removeDomain('example.net', kept), refuses('no-such-domain'))
    await assert.rejects(names.removeDomain('other.example', plain), refuses('no-such-domain'))
    await names.removeDomain('example.org', { ...kept, isDryRun: true })
    assert.equal(names.isOurs('example.org'), true)
    await names.removeDomain('example.org', kept)
    assert.equal(names.isOurs('example.org'), false)
    assert.deepEqual(await subjects(on, alice), [])
    await names.addDomain('empty.example')
    await names.removeDomain('empty.example', plain)
  })

  it('have a policy of their own before the settings, and accounts before their domain', async () => {
    const on = await site({ rules })
    const { names, atRest } = on.accounts
    await names.addDomain('example.org')
    const policyOf = async (address: string) => {
      const { policy, adminRecovery, own } = await on.accounts.atRest.atRestStatus(address)
      return [policy, adminRecovery, own.policy, own.adminRecovery]
    }
    assert.deepEqual(await policyOf(alice), ['offered', 'none', undefined, undefined])
    await names.setDomainRule('example.org', { policy: 'all', adminRecovery: false })
    assert.deepEqual(await policyOf(alice), ['all', 'forbidden', undefined, undefined])
    await atRest.setPolicy(alice, 'off')
    await atRest.setAdminRecovery(alice, true)
    assert.deepEqual(await policyOf(alice), ['off', 'none', 'off', true])
    await assert.rejects(on.accounts.enableAtRest(alice, password()), refuses('not-permitted'))
    await on.restart()
    assert.deepEqual(await policyOf(alice), ['off', 'none', 'off', true])
    assert.deepEqual(await policyOf(bob), ['all', 'forbidden', undefined, undefined])
    await on.accounts.atRest.setPolicy(alice, undefined)
    await on.accounts.atRest.setAdminRecovery(alice, undefined)
    assert.deepEqual(await policyOf(alice), ['all', 'forbidden', undefined, undefined])
    await on.accounts.names.setDomainRule('example.org', { policy: undefined, adminRecovery: undefined })
    assert.deepEqual(await policyOf(alice), ['offered', 'none', undefined, undefined])
    await assert.rejects(
      on.accounts.names.setDomainRule('example.net', { policy: 'off', adminRecovery: undefined }),
      refuses('no-such-domain'),
    )
  })

  it('whose record is damaged have their mail deferred, keep what the settings say, and can be removed', async () => {
    const on = await site({ rules })
    const { store, siteKey } = on
    await on.accounts.names.addDomain('example.org')
    const good = await store.directory.get('example.org')
    assert.ok(good)
    await store.directory.put(
      'example.org',
      encodeDomain(siteKey, 'example.net', decodeDomain(siteKey, 'example.org', good)),
      good,
    )
    await on.restart()
    assert.throws(() => on.accounts.names.isOurs('example.org'), refuses('damaged'))
    assert.equal((await on.accounts.atRest.atRestStatus(alice)).policy, 'offered')
    assert.deepEqual(
      (await listed(on.accounts.repairs.fsckSite())).map(({ address }) => address),
      ['example.org'],
    )
    await on.accounts.names.removeDomain('example.org', { keepsAccounts: true })
    await on.accounts.names.addDomain('example.org')
    assert.equal(on.accounts.names.isOurs('example.org'), true)
  })
})

describe('admin recovery of one account', () => {
  const admin = (): Buffer => Buffer.from('admin words')
  const kinds = async ({ accounts }: TestSite, address: string): Promise<string[]> =>
    (await accounts.info(address)).slots.map(({ kind }) => kind).sort()

  it('is allowed or forbidden apart from its domain, when it next opens', async () => {
    const on = await site()
    await on.accounts.escrow.setEscrow([admin()])
    for (const address of [alice, bob]) {
      const { finished } = await on.accounts.enableAtRest(address, password())
      await finished
    }
    await on.accounts.atRest.setAdminRecovery(bob, false)
    await on.restart()
    for (const address of [alice, bob]) await (await on.accounts.login(address, password(), session)).close()
    assert.deepEqual(await kinds(on, alice), ['escrow', 'password', 'recovery'])
    assert.deepEqual(await kinds(on, bob), ['password', 'recovery'])
    await assert.rejects(on.accounts.escrow.escrowResetPassword(bob, [admin()], password('new')))
    assert.equal((await on.accounts.atRest.atRestStatus(bob)).adminRecovery, 'forbidden')
    await on.accounts.atRest.setAdminRecovery(bob, undefined)
    await (await on.accounts.login(bob, password(), session)).close()
    assert.deepEqual(await kinds(on, bob), ['escrow', 'password', 'recovery'])
  })
})

describe('renaming an account', () => {
  const fresh = 'alice.b@example.net'

  async function lived(options: Parameters<typeof makeSite>[0] = {}, store?: Store) {
    const entries: AuditEntry[] = []
    const audit = { write: async (entry: AuditEntry) => void entries.push(entry) }
    const on = await site({ audit, ...options }, store)
    await on.accounts.escrow.setEscrow([Buffer.from('admin words')])
    await deliverTo(on.accounts, alice, mail('first'))
    const { recoveryCode, finished } = await on.accounts.enableAtRest(alice, password())
    await finished
    const secret = { kind: 'password', password: password() } as const
    const { text } = await on.accounts.slots.addAppPassword(alice, secret, { name: 'phone' })
    await on.accounts.setAlternateAddress(bob, alice)
    await on.accounts.setQuota(alice, 10_000_000)
    await on.accounts.names.addAlias('info@example.org', [bob, 'alice+Shop@example.org'])
    return { on, entries, recoveryCode, app: text }
  }

  it('keeps mail, keys, codes and app passwords, ends sessions, and is seen by its owner', async () => {
    const { on, entries, recoveryCode, app } = await lived()
    const before = await on.accounts.info(alice)
    const ended: string[] = []
    await on.accounts.login(alice, password(), { ...session, end: (reason) => void ended.push(reason) })
    const dry = await on.accounts.names.rename(alice, fresh, { keepsAlias: false, isDryRun: true })
    assert.deepEqual([dry.aliases, dry.alternateOf, ended], [['info@example.org'], [bob], []])
    const done = await on.accounts.names.rename(alice, ' Alice.B@example.net', { keepsAlias: false })
    assert.deepEqual(done, { ...dry, hasAlias: false })
    assert.equal(done.accountId, before.accountId)
    assert.deepEqual(ended, ['The account has another address now: log in with that'])
    assert.deepEqual(on.accounts.sessions(), [])
    assert.deepEqual(
      { ...(await on.accounts.info(fresh)), pendingArrivals: 0 },
      { ...before, address: fresh, isUnlocked: false },
    )
    for (const secret of [password(), Buffer.from(app)]) {
      assert.ok((await subjects(on, fresh, secret)).includes('first'))
      await assert.rejects(on.accounts.login(alice, secret, session), refuses('authentication-failed'))
    }
    await assert.rejects(on.accounts.resolve(alice), refuses('no-such-account'))
    await deliverTo(on.accounts, 'info@example.org', mail('by alias'))
    assert.ok((await subjects(on, fresh)).includes('by alias'))
    assert.deepEqual((await on.accounts.names.alias('info@example.org'))?.targets, [
      bob,
      'alice.b+Shop@example.net',
    ])
    assert.deepEqual((await on.accounts.verify(fresh, password())).findings, [])
    const secret = { kind: 'password', password: password() } as const
    const trail = await on.accounts.trail.trail(fresh, secret)
    assert.deepEqual(
      trail.filter(({ kind }) => kind === 'renamed').map(({ by, detail }) => [by, detail]),
      [['admin', `${alice} is ${fresh} now`]],
    )
    const line = entries.find(({ event }) => event === 'account.renamed')
    assert.deepEqual(
      [line?.address, line?.detail],
      [fresh, { from: alice, alias: false, aliases: 'info@example.org' }],
    )
    // Every other way in: the code, the admin's key, and slots by their names.
    const names = (await on.accounts.slots.slots(fresh, secret)).map(({ kind, name }) =>
      `${kind} ${name ?? ''}`.trim(),
    )
    assert.deepEqual(names.sort(), ['app phone', 'escrow', 'password', 'recovery'])
    await on.accounts.escrow.escrowResetPassword(fresh, [Buffer.from('admin words')], password('by admin'))
    assert.ok((await subjects(on, fresh, password('by admin'))).includes('first'))
    await on.accounts.recover(fresh, recoveryCode, password('by code'))
    await on.restart()
    assert.ok((await subjects(on, fresh, password('by code'))).includes('first'))
    // The old address is free for somebody else, who gets nothing of it.
    await on.accounts.create(alice, password('another'))
    assert.deepEqual(await subjects(on, alice, password('another')), [])
    await assert.rejects(
      on.accounts.login(alice, password('by code'), session),
      refuses('authentication-failed'),
    )
  })

  it('leaves an alias where it is asked for, and can be taken back', async () => {
    const { on } = await lived()
    await on.accounts.names.rename(alice, fresh, { keepsAlias: true })
    assert.deepEqual(await reached(on, alice), [fresh])
    assert.deepEqual(await reached(on, 'alice+x@example.org'), [`${fresh} x`])
    const open = await on.accounts.login(alice, password(), session)
    assert.equal(open.address, fresh)
    await open.close()
    await assert.rejects(
      on.accounts.names.rename(bob, alice, { keepsAlias: false }),
      refuses('account-exists'),
    )
    await on.accounts.names.rename(fresh, alice, { keepsAlias: false })
    assert.deepEqual(await reached(on, alice), [alice])
    assert.deepEqual((await on.accounts.names.alias('info@example.org'))?.targets, [
      bob,
      'alice+Shop@example.org',
    ])
    await assert.rejects(on.accounts.resolve(fresh), refuses('no-such-account'))
  })

  it('is refused for what is taken, unknown, no address, or in the middle of a recovery', async () => {
    const { on, recoveryCode } = await lived({
      recovery: { delayMs: 60_000, mail: 'off', intoMailbox: false },
    })
    const options = { keepsAlias: false }
    const { names } = on.accounts
    await assert.rejects(names.rename(alice, bob, options), refuses('account-exists'))
    await assert.rejects(names.rename(alice, alice, options), refuses('account-exists'))
    await assert.rejects(names.rename(alice, 'info@example.org', options), refuses('account-exists'))
    await assert.rejects(names.rename('nobody@example.org', fresh, options), refuses('no-such-account'))
    await assert.rejects(names.rename(alice, 'no address', options), refuses('limit'))
    await on.accounts.recovery.beginRecovery(alice, recoveryCode)
    await assert.rejects(names.rename(alice, fresh, options), refuses('in-use'))
    assert.ok((await subjects(on, alice)).includes('first'))
  })

  it('is done whole or not at all, also when the store cannot tell which', async () => {
    for (const outcome of ['refused', 'undone', 'done', 'conflict'] as const) {
      const inner = openMemoryStore()
      let isArmed = false
      const directory = overriding(inner.directory, {
        async change(changes) {
          if (!isArmed) return inner.directory.change(changes)
          isArmed = false
          if (outcome === 'conflict') throw new Conflict('somebody changed it')
          if (outcome === 'done') await inner.directory.change(changes)
          throw new Unavailable('io', 'injected', { isOutcomeUnknown: outcome !== 'refused' })
        },
      })
      const { on } = await lived({}, overriding(inner, { directory }))
      isArmed = true
      const renaming = on.accounts.names.rename(alice, fresh, { keepsAlias: true })
      const isDone = outcome === 'done' || outcome === 'conflict'
      if (isDone) await renaming
      else await assert.rejects(renaming, refuses('unavailable'))
      await on.restart()
      assert.deepEqual(await reached(on, alice), [isDone ? fresh : alice], outcome)
      assert.ok((await subjects(on, alice)).includes('first'), outcome)
      assert.deepEqual(await listed(on.accounts.repairs.fsckSite()), [], outcome)
    }
  })

  it('comes after a delivery that is under way, or makes it fail without losing it silently', async () => {
    const { on } = await lived()
    const [target] = await on.accounts.resolve(bob)
    assert.ok(target)
    const delivering = Array.from({ length: 20 }, (_, index) =>
      on.accounts.deliver(target, mail(`m${index}`)).then(
        () => `m${index}`,
        (error: unknown) =>
          isRefusal(error, 'no-such-account') ? undefined : Promise.reject(error as Error),
      ),
    )
    await on.accounts.names.rename(bob, 'bob.b@example.org', { keepsAlias: true })
    const stored = (await Promise.all(delivering)).filter((subject) => subject !== undefined)
    const found = await subjects(on, 'bob.b@example.org')
    assert.deepEqual(found.filter((subject) => /^m\d/.test(subject)).sort(), stored.sort())
  })

  it('keeps somebody who logs in meanwhile from being left with the old address', async () => {
    const { on } = await lived()
    const logins = Array.from({ length: 8 }, () =>
      on.accounts.login(bob, password(), session).catch(() => undefined),
    )
    await on.accounts.names.rename(bob, 'bob.b@example.org', { keepsAlias: false })
    const open = await Promise.all(logins)
    for (const one of open)
      if (one)
        await assert.rejects(one.append('INBOX', chunks(mail('x')), { flags: [] }), refuses('unavailable'))
    assert.deepEqual(on.accounts.sessions(), [])
  })
})
