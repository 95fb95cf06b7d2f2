// Accounts are made and deleted by a process that may be killed at any moment.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeEntry, encodeEntry } from '../../src/account/directory.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { Unavailable } from '../../src/store/errors.ts'
import type { Directory, Store } from '../../src/store/store.ts'
import { failures, FailingStore } from './failing-store.ts'
import { alice, chunks, deliverTo, mail, makeSite, overriding, password, session } from './support.ts'
import { adopted, check, see } from './views.ts'

const address = 'alice@example.org'
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)

/** The store with some of its directory's methods replaced. */
const withDirectory = (inner: Store, own: Partial<Directory>): Store =>
  overriding(inner, { directory: overriding(inner.directory, own) })

async function count(store: Store): Promise<number> {
  let accounts = 0
  for await (const account of store.accounts()) accounts += account.length > 0 ? 1 : 0
  return accounts
}

describe('deleting an account', () => {
  it('ends its sessions, refuses its mail, and frees its address', async () => {
    const site = await makeSite()
    const open = await alice(site)
    await open.append('INBOX', chunks(mail('x')), { flags: [] })
    const [target] = await site.accounts.resolve(address)
    assert.ok(target)
    const outcomes = Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => site.accounts.deliver(target, mail(`m${index}`))),
    )
    await site.accounts.delete(address)
    for (const outcome of await outcomes)
      if (outcome.status === 'rejected') assert.ok(isRefusal(outcome.reason, 'no-such-account'))
    await assert.rejects(open.append('INBOX', chunks(mail('y')), { flags: [] }), refuses('unavailable'))
    await assert.rejects(site.accounts.deliver(target, mail('z')), refuses('no-such-account'))
    assert.equal(await count(site.store), 0)
    await site.accounts.create(address, password())
    const again = await site.accounts.login(address, password(), session)
    assert.equal((await again.status('INBOX')).messages, 0)
  })

  it('goes on at the next start, wherever it was interrupted', async () => {
    for (const step of ['before the store', 'after the store'] as const) {
      const inner = openMemoryStore()
      let isDead = false
      const dead = (): void => {
        if (isDead) throw new Unavailable('closed', 'killed')
      }
      const directory = overriding(inner.directory, {
        delete: async (...args) => {
          dead()
          await inner.directory.delete(...args)
        },
      })
      const store = overriding(inner, {
        directory,
        destroy: async (account) => {
          if (step === 'after the store') await inner.destroy(account)
          isDead = true
          dead()
        },
      })
      const site = await makeSite({}, store)
      await site.accounts.create(address, password())
      await assert.rejects(site.accounts.delete(address), refuses('unavailable'))
      const accounts = await site.reopen(inner)
      assert.equal(await inner.directory.get(address), undefined, step)
      assert.equal(await count(inner), 0)
      await accounts.create(address, password())
    }
  })

  it('is gone on with by the same call, whichever of its writes failed and however, and says so meanwhile', async () => {
    let steps = 0
    for (const failure of failures)
      for (let after = 0, hasFailed = true; hasFailed; after += 1, steps += 1) {
        const failing = new FailingStore(openMemoryStore(), { countsNames: true })
        const site = await makeSite({}, failing.store)
        await site.accounts.create(address, password())
        await site.accounts.create('bob@example.org', password())
        await site.accounts.names.addAlias('info@example.org', [address])
        failing.failNext(failure, after)
        hasFailed = await site.accounts.delete(address).then(
          () => false,
          (error: unknown) => {
            assert.ok(isRefusal(error, 'unavailable'), String(error))
            assert.match(error.message, /may have begun.*the same command goes on with it/)
            return true
          },
        )
        failing.disarm()
        const isBegun = await site.accounts.isBeingDeleted(address).catch(() => undefined)
        if (isBegun) {
          await assert.rejects(
            site.accounts.login(address, password(), session),
            refuses('authentication-failed'),
          )
          await assert.rejects(site.accounts.info(address), /is being deleted.*user delete/)
          await assert.rejects(site.accounts.create(address, password()), refuses('account-exists'))
        }
        if (isBegun !== undefined) await site.accounts.delete(address)
        await assert.rejects(site.accounts.delete(address), refuses('no-such-account'))
        assert.equal(await count(failing.store), 1)
        assert.equal(await site.accounts.names.alias('info@example.org'), undefined)
        await site.accounts.create(address, password())
        await (await site.accounts.login(address, password(), session)).close()
        await site.accounts.close()
      }
    assert.ok(steps > 8, `${steps} steps`)
  })

  it('does no harm to who has the address next, when two delete the account at once', async () => {
    const site = await makeSite()
    await site.accounts.create(address, password())
    const both = await Promise.allSettled([site.accounts.delete(address), site.accounts.delete(address)])
    assert.ok(both.some(({ status }) => status === 'fulfilled'))
    await site.accounts.create(address, password())
    await (await site.accounts.login(address, password(), session)).close()
  })

  it('keeps nobody from their mail when it cannot be done', async () => {
    const inner = openMemoryStore()
    const site = await makeSite({}, inner)
    await site.accounts.create(address, password())
    await site.accounts.create('bob@example.org', password())
    const bytes = Buffer.from((await inner.directory.get(address)) ?? assert.fail())
    const entry = decodeEntry(site.siteKey, address, bytes)
    const state = { ...entry, isDisabled: true, isDeleting: true }
    const deleting = encodeEntry(site.siteKey, address, entry.account, state)
    await inner.directory.put(address, deleting, bytes)
    const store = overriding(inner, { destroy: () => Promise.reject(new Unavailable('io', 'injected')) })
    const accounts = await site.reopen(store)
    await accounts.login('bob@example.org', password(), session)
    await assert.rejects(accounts.login(address, password(), session), refuses('authentication-failed'))
  })
})

describe('the directory', () => {
  it('may hold a damaged entry or a damaged account, and the others are served and listed', async () => {
    const store = openMemoryStore()
    const site = await makeSite({}, store)
    for (const name of ['alice', 'bob', 'carol', 'dave'])
      await site.accounts.create(`${name}@example.org`, password())
    const bob = (await store.directory.get('bob@example.org')) ?? assert.fail()
    await store.directory.put('bob@example.org', Buffer.from('nonsense'), bob)
    const carol = Buffer.from((await site.accounts.info('carol@example.org')).accountId, 'hex')
    await store.transact(carol, async (tx) => tx.delete(Buffer.from('ks')))
    const accounts = await site.reopen()
    const listed: string[] = []
    for await (const { address: name } of accounts.list()) listed.push(name)
    assert.deepEqual(listed, ['alice@example.org', 'dave@example.org'])
    await accounts.login('dave@example.org', password(), session)
    await assert.rejects(accounts.login('bob@example.org', password(), session), refuses('damaged'))
    await assert.rejects(accounts.login('carol@example.org', password(), session), refuses('damaged'))
  })

  it('names no account that is gone, whatever becomes of the write that makes the entry', async () => {
    const doubt = (): Unavailable => new Unavailable('io', 'injected', { isOutcomeUnknown: true })
    const rows: readonly [happens: boolean, isKnown: boolean][] = [
      [true, false],
      [false, false],
      [false, true],
    ]
    for (const [happens, isKnown] of rows) {
      const inner = openMemoryStore()
      const store = withDirectory(inner, {
        async put(...args) {
          if (happens) await inner.directory.put(...args)
          throw isKnown ? new Unavailable('disk-full', 'injected') : doubt()
        },
      })
      const site = await makeSite({}, store)
      const made = await site.accounts.create(address, password()).then(
        () => true,
        (error: unknown) => {
          assert.ok(isRefusal(error, 'unavailable'))
          return false
        },
      )
      assert.equal(made, happens)
      assert.equal((await inner.directory.get(address)) !== undefined, happens)
      if (happens) await (await site.reopen(inner)).login(address, password(), session)
      else if (isKnown) assert.equal(await count(inner), 0)
    }
  })

  it('keeps nothing of an account that could not be written', async () => {
    const inner = openMemoryStore()
    const disk = new FailingStore(inner)
    const site = await makeSite({}, disk.store)
    for (const failure of ['refused', 'undone', 'done'] as const) {
      disk.failNext(failure)
      await assert.rejects(site.accounts.create(address, password()), refuses('unavailable'))
      assert.equal(await count(inner), 0)
    }
    await site.accounts.create(address, password())
  })
})

describe('a message that cannot be staged, or an account that cannot be read', () => {
  it('is refused in words, and all is well afterwards', async () => {
    const disk = new FailingStore(openMemoryStore())
    const site = await makeSite({}, disk.store)
    const open = await alice(site)
    await open.append('INBOX', chunks(mail('first')), { flags: [] })
    disk.failStaging()
    await assert.rejects(open.append('INBOX', chunks(mail('x')), { flags: [] }), refuses('unavailable'))
    await assert.rejects(deliverTo(site.accounts, address, mail('x')), refuses('unavailable'))
    disk.disarm()
    disk.failReads()
    const inbox = await open.select('INBOX', { isReadOnly: true })
    await assert.rejects(inbox.content(inbox.uids()[0] ?? assert.fail()), refuses('unavailable'))
    await assert.rejects(deliverTo(site.accounts, address, mail('x')), refuses('unavailable'))
    await assert.rejects(site.accounts.login(address, password('other'), session), refuses('unavailable'))
    await assert.rejects(site.accounts.info(address), refuses('unavailable'))
    disk.disarm()
    await deliverTo(site.accounts, address, mail('second'))
    await adopted(site.accounts, address)
    const seen = await see(open)
    check(seen)
    assert.deepEqual(
      seen.mailboxes['INBOX']?.messages.map(({ subject }) => subject),
      ['first', 'second'],
    )
  })
})
