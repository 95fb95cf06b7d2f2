// Names that change while somebody logs in, mail comes, or the store fails.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { breathe } from '../../src/base/async.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { Unavailable } from '../../src/store/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Directory, Store } from '../../src/store/store.ts'
import { deliverTo, mail, makeSite, overriding, password, session } from './support.ts'

const alice = 'alice@example.org'
const bob = 'bob@example.org'
const fresh = 'bob.b@example.org'
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)

/** A store whose directory can be told to do something before, and instead of, the next changes. */
function withDirectory(inner: Store): {
  store: Store
  during: (run: Directory['change'] | undefined) => void
} {
  let own: Directory['change'] | undefined
  const change: Directory['change'] = (changes) => own?.(changes) ?? inner.directory.change(changes)
  const directory = overriding(inner.directory, {
    change,
    put: (name, value, expected) => change([{ name, value, expected }]),
    delete: (name, expected) => change([{ name, value: undefined, expected }]),
  })
  return { store: overriding(inner, { directory }), during: (run) => void (own = run) }
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await breathe()
}

describe('an account that gets another address', () => {
  it('is known by that to whoever ends its sessions, though somebody came by the old one meanwhile', async () => {
    const inner = openMemoryStore()
    const { store, during } = withDirectory(inner)
    const site = await makeSite({}, store)
    const { accounts } = site
    for (const address of [alice, bob]) await accounts.create(address, password())
    const fate = { isAsked: false }
    let go: () => void = () => undefined
    const held = new Promise<void>((resolve) => (go = resolve))
    during(async (changes) => {
      fate.isAsked = true
      during(undefined)
      await held
      await inner.directory.change(changes)
    })
    const renaming = accounts.names.rename(bob, fresh, { keepsAlias: false })
    while (!fate.isAsked) await breathe()
    // It was there when this began, and waits at its door.
    const old = accounts.login(bob, password(), session)
    old.catch(() => undefined)
    await settle()
    go()
    await renaming
    const ended: string[] = []
    const open = await accounts.login(fresh, password(), { ...session, end: (why) => void ended.push(why) })
    await assert.rejects(old, refuses('authentication-failed'))
    assert.equal(open.address, fresh)
    assert.equal(await accounts.kick({ address: fresh }, 'out'), 1)
    assert.deepEqual(ended, ['out'])
  })
})

describe('an account that is deleted', () => {
  it('is taken out of aliases also where the deletion was interrupted', async () => {
    const inner = openMemoryStore()
    const { store, during } = withDirectory(inner)
    const site = await makeSite({}, store)
    for (const address of [alice, bob]) await site.accounts.create(address, password())
    await site.accounts.names.addAlias('info@example.org', [alice, bob])
    await site.accounts.names.addAlias('bobby@example.org', [bob])
    let changes = 0
    during((wanted) => {
      changes += 1
      if (changes > 1) throw new Unavailable('closed', 'killed')
      return inner.directory.change(wanted)
    })
    await assert.rejects(site.accounts.delete(bob), refuses('unavailable'))
    const { names } = await site.reopen(inner)
    assert.deepEqual((await names.alias('info@example.org'))?.targets, [alice])
    assert.equal(await names.alias('bobby@example.org'), undefined)
    assert.equal(await inner.directory.get(bob), undefined)
  })
})

describe('a domain', () => {
  it('can be changed again when the store did not say whether a change was done', async () => {
    for (const isDone of [true, false]) {
      const inner = openMemoryStore()
      const { store, during } = withDirectory(inner)
      const { accounts } = await makeSite({}, store)
      const { names } = accounts
      const failing = async (change: () => Promise<unknown>): Promise<void> => {
        during(async (wanted) => {
          during(undefined)
          if (isDone) await inner.directory.change(wanted)
          throw new Unavailable('io', 'injected', { isOutcomeUnknown: true })
        })
        await assert.rejects(change(), refuses('unavailable'))
      }
      await failing(() => names.addDomain('example.org'))
      assert.equal(names.isOurs('example.org'), isDone)
      if (!isDone) await names.addDomain('example.org')
      const rule = { policy: 'all', adminRecovery: undefined } as const
      await failing(() => names.setDomainRule('example.org', rule))
      await names.setDomainRule('example.org', { policy: 'new', adminRecovery: undefined })
      await failing(() => names.removeDomain('example.org', { keepsAccounts: false }))
      assert.equal(names.isOurs('example.org'), !isDone)
      if (!isDone) await names.removeDomain('example.org', { keepsAccounts: false })
      await names.addDomain('example.org')
    }
  })
})

describe('an address whose domain has two spellings', () => {
  it('is one address: for logins, mail, and whoever wants it as well', async () => {
    const { accounts } = await makeSite()
    const { names } = accounts
    const [words, ascii] = ['dora@bücher.example', 'dora@xn--bcher-kva.example'] as const
    for (const [first, second] of [
      [words, ascii],
      [ascii, words],
    ] as const) {
      await accounts.create(first, password())
      await assert.rejects(accounts.create(second, password()), refuses('account-exists'))
      await accounts.create(alice, password())
      await assert.rejects(names.addAlias(second, [alice]), refuses('account-exists'))
      await assert.rejects(names.rename(alice, second, { keepsAlias: false }), refuses('account-exists'))
      const open = await accounts.login(second, password(), session)
      assert.equal(open.address, first)
      await open.close()
      await names.rename(first, second, { keepsAlias: false })
      await deliverTo(accounts, second, mail('x'))
      for (const address of [second, alice]) await accounts.delete(address)
    }
  })
})
