// Turning at-rest encryption on: killed anywhere, with others at work, and never called done too early.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Accounts } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { Unavailable } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { FailingStore } from './failing-store.ts'
import {
  alice,
  chunks,
  deliverTo,
  mail,
  makeSite,
  overriding,
  password,
  session,
  type TestSite,
} from './support.ts'
import { adopted, check, enter, see, type SeenAccount } from './views.ts'

const address = 'alice@example.org'
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What is seen apart from versions: two runs of a rotation take different numbers of commits. */
function contentOf({ mailboxes, ...rest }: SeenAccount): unknown {
  return {
    ...rest,
    mailboxes: Object.entries(mailboxes).map(([name, { messages, uidNext, uidValidity }]) => {
      return { name, uidNext, uidValidity, messages }
    }),
  }
}

describe('turning at-rest encryption on', () => {
  /** An account with records of every kind: packed, loose, waiting, in several mailboxes. */
  async function prepared(): Promise<{ inner: Store; disk: FailingStore; site: TestSite }> {
    const inner = openMemoryStore()
    const disk = new FailingStore(inner)
    const site = await makeSite({}, disk.store)
    let open = await alice(site)
    for (let index = 0; index < 130; index += 1)
      await open.append(index % 3 ? 'INBOX' : 'Archive', chunks(mail(`m${index}`)), {
        flags: index % 2 ? ['\\Seen'] : ['work'],
      })
    await open.close()
    open = await site.accounts.login(address, password(), session)
    for (let index = 0; index < 5; index += 1)
      await open.append('Sent', chunks(mail(`s${index}`)), { flags: [] })
    await open.close()
    for (let index = 0; index < 3; index += 1)
      await deliverTo(site.accounts, address, mail(`waiting ${index}`))
    return { inner, disk, site }
  }

  async function seen(accounts: Accounts): Promise<SeenAccount> {
    const open = await enter(accounts, address, [password().toString()])
    await adopted(accounts, address)
    const all = await see(open)
    check(all)
    await open.close()
    return all
  }

  async function converted(accounts: Accounts): Promise<void> {
    const open = await accounts.login(address, password(), session)
    for (let turns = 0; turns < 10_000; turns += 1) {
      if ((await accounts.info(address)).atRest !== 'converting') break
      await turn()
    }
    await open.close()
  }

  it('can be killed after each of its commits, and goes on at the next login', async () => {
    const whole = await prepared()
    const before = whole.disk.transactions
    await (
      await whole.site.accounts.enableAtRest(address, password())
    ).finished
    const commits = whole.disk.transactions - before
    assert.ok(commits >= 6, `${commits} commits`)
    const states = new Set<string>()
    for (let after = 1; after <= commits; after += 1) {
      const { inner, disk, site } = await prepared()
      disk.killAfter(after)
      try {
        await (
          await site.accounts.enableAtRest(address, password())
        ).finished
      } catch (error) {
        assert.ok(isRefusal(error), String(error))
      }
      // Indexing may come between, so that a run takes a commit more or less.
      assert.ok(disk.isKilled || after > commits - 3, `after ${after} of ${commits}`)
      const accounts = await site.reopen(inner)
      const { atRest } = await accounts.info(address)
      states.add(atRest)
      // New mail is safe whatever the state, and is not lost between the epochs.
      await deliverTo(accounts, address, mail('late'))
      if (atRest === 'off') await (await accounts.enableAtRest(address, password())).finished
      else await converted(accounts)
      const info = await accounts.info(address)
      assert.equal(info.atRest, 'on')
      assert.ok(info.slots.every(({ kind }) => kind !== 'server'))
      const all = await seen(accounts)
      const subjects = Object.values(all.mailboxes).flatMap(({ messages }) =>
        messages.map(({ subject }) => subject),
      )
      assert.equal(new Set(subjects).size, 139)
      assert.equal(subjects.length, 139)
      // No record of the older epoch is left: the epoch of a box is in its bytes 3 to 6.
      await inner.read(Buffer.from(info.accountId, 'hex'), async (snapshot) => {
        for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) {
          for (const [key, value] of page) {
            if ('Lmpxcn'.includes(String.fromCharCode(key[0] ?? 0)))
              assert.equal(Buffer.from(value).readUInt32BE(3), 2, Buffer.from(key).toString('latin1', 0, 1))
          }
        }
        assert.equal(await snapshot.get(Buffer.from('kj')), undefined)
      })
    }
    assert.deepEqual([...states].sort(), ['converting', 'off', 'on'])
  })

  it('stops when the account is locked, and goes on at the next login', async () => {
    for (let turns = 0; turns < 60; turns += 5) {
      const { site } = await prepared()
      const { accounts } = site
      const { finished } = await accounts.enableAtRest(address, password())
      const outcome = finished.then(
        () => true,
        (error: unknown) => assert.ok(isRefusal(error, 'unavailable'), String(error)),
      )
      for (let count = 0; count < turns; count += 1) await turn()
      await accounts.kick({ address }, 'test')
      assert.equal((await accounts.info(address)).isUnlocked, false)
      await outcome
      await converted(accounts)
      assert.equal((await accounts.info(address)).atRest, 'on')
      const { mailboxes } = await seen(accounts)
      assert.equal(
        Object.values(mailboxes).reduce((sum, { messages }) => sum + messages.length, 0),
        138,
      )
    }
  })

  it('is not called done before the store was compacted, also when it was killed in between', async () => {
    const { inner, site } = await prepared()
    const compacted: string[] = []
    let isBroken = true
    const store = overriding(inner, {
      compact: async () => {
        if (isBroken) throw new Unavailable('io', 'injected')
        compacted.push('compacted')
      },
    })
    const accounts = await site.reopen(store)
    const { finished } = await accounts.enableAtRest(address, password())
    await assert.rejects(finished, refuses('unavailable'))
    assert.equal((await accounts.info(address)).atRest, 'converting')
    isBroken = false
    await converted(accounts)
    assert.equal((await accounts.info(address)).atRest, 'on')
    assert.equal(compacted.length, 1)
  })

  it('goes on while mail comes in and sessions work, and loses nothing', async () => {
    const { site } = await prepared()
    const { accounts } = site
    const open = await accounts.login(address, password(), session)
    await adopted(accounts, address)
    const inbox = await open.select('INBOX', { isReadOnly: false })
    const { finished } = await accounts.enableAtRest(address, password())
    const work: Promise<unknown>[] = []
    for (let index = 0; index < 40; index += 1) {
      work.push(deliverTo(accounts, address, mail(`d${index}`)))
      work.push(open.append('Sent', chunks(mail(`x${index}`)), { flags: [] }))
      if (index % 4 === 0) work.push(inbox.move(inbox.uids().slice(0, 3), 'Archive'))
      for await (const content of inbox.contents(inbox.uids().slice(0, 20))) assert.ok(content.header)
      await turn()
    }
    await Promise.all(work)
    await finished
    const before = contentOf(await seen(accounts))
    await open.close()
    const restarted = await site.restart()
    const after = await seen(restarted)
    assert.deepEqual(contentOf(after), before)
    const subjects = Object.values(after.mailboxes).flatMap(({ messages }) =>
      messages.map(({ subject }) => subject),
    )
    assert.equal(new Set(subjects).size, 138 + 80)
    assert.equal(subjects.length, 138 + 80)
  })
})
