// STORE on many messages: the fewest commits, ranges over what is gone, and the same flags as one message after the other would get.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Flag, OpenAccount, SelectedMailbox, Uid } from '../../src/account/api.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { alice, chunks, mail, makeSite, password, session, type TestSite } from './support.ts'
import { check, see } from './views.ts'

const address = 'alice@example.org'

interface Prepared {
  readonly site: TestSite
  readonly store: Store
  readonly open: OpenAccount
  readonly inbox: SelectedMailbox
}

/** An INBOX of so many messages. */
async function prepared(count: number): Promise<Prepared> {
  const store = openMemoryStore()
  const site = await makeSite({}, store)
  const open = await alice(site)
  await open.append('INBOX', chunks(mail('one')), { flags: [] })
  const inbox = await open.select('INBOX', { isReadOnly: false })
  while (inbox.uids().length < count)
    await inbox.copy(inbox.uids().slice(0, count - inbox.uids().length), 'INBOX')
  return { site, store, open, inbox }
}

/** The log entries that there are, by their length. */
async function logEntries(store: Store): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for await (const account of store.accounts())
    await store.read(account, async (snapshot) => {
      for await (const page of snapshot.range({ gte: Buffer.from('c'), lt: Buffer.from('d') }))
        for (const [key, value] of page) found.set(Buffer.from(key).toString('hex'), value.length)
    })
  return found
}

/** Lengths of the log entries that `work` wrote. */
async function written(store: Store, work: () => Promise<unknown>): Promise<number[]> {
  const before = await logEntries(store)
  await work()
  return [...(await logEntries(store))].filter(([key]) => !before.has(key)).map(([, length]) => length)
}

async function reopened({ site, open }: Prepared): Promise<OpenAccount> {
  const before = await see(open)
  await open.close()
  const again = await site.accounts.login(address, password(), session)
  assert.deepEqual((await see(again)).mailboxes, before.mailboxes)
  return again
}

describe('STORE', () => {
  it('writes one short entry, however many UIDs are gone between the messages', async () => {
    const account = await prepared(900)
    const { store, inbox } = account
    await inbox.storeFlags(
      inbox.uids().filter((uid) => uid % 3 === 0),
      'add',
      ['\\Deleted'],
    )
    await inbox.expunge()
    const uids = inbox.uids()
    assert.equal(uids.length, 600)
    const lengths = await written(store, () => inbox.storeFlags(uids, 'add', ['\\Flagged']))
    assert.equal(lengths.length, 1)
    assert.ok((lengths[0] ?? Infinity) < 250, `${lengths[0]} octets`)
    assert.equal(new Set(uids.map((uid) => inbox.state(uid)?.modSeq)).size, 1)
    const again = await reopened(account)
    check(await see(again))
    await again.close()
  })

  it('changes nothing between those named', async () => {
    const account = await prepared(40)
    const { store, inbox } = account
    const uids = inbox.uids()
    const named = uids.filter((uid) => uid % 2 === 0)
    const lengths = await written(store, () => inbox.storeFlags(named, 'add', ['\\Flagged']))
    assert.equal(lengths.length, 1)
    for (const uid of uids)
      assert.deepEqual(inbox.state(uid)?.flags, uid % 2 === 0 ? ['\\Flagged'] : [], String(uid))
    await (await reopened(account)).close()
  })

  it('says who changed after UNCHANGEDSINCE, and leaves them alone', async () => {
    const account = await prepared(10)
    const { inbox } = account
    const [first = 0, second = 0, third = 0] = inbox.uids()
    const since = inbox.highestModSeq
    await inbox.storeFlags([second as Uid], 'add', ['\\Seen'])
    const { changed, modified } = await inbox.storeFlags(
      [first, second, third] as Uid[],
      'add',
      ['\\Flagged'],
      { unchangedSince: since },
    )
    assert.deepEqual([changed, modified], [[first, third], [second]])
    assert.deepEqual(inbox.state(second as Uid)?.flags, ['\\Seen'])
    await (await reopened(account)).close()
  })

  it('gives the same flags as one message after the other', async () => {
    const flag = fc.constantFrom<Flag>('\\Seen', '\\Flagged', '\\Deleted', 'work', 'Work', 'home')
    const step = fc.record({
      action: fc.constantFrom<'replace' | 'add' | 'remove'>('replace', 'add', 'remove'),
      flags: fc.array(flag, { maxLength: 3 }),
      every: fc.integer({ min: 1, max: 4 }),
      from: fc.integer({ min: 0, max: 25 }),
      expunges: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const [together, single] = await Promise.all([prepared(30), prepared(30)])
        const flagsOf = ({ inbox }: Prepared): unknown =>
          inbox.uids().map((uid) => [uid, inbox.state(uid)?.flags])
        for (const { action, flags, every, from, expunges } of steps) {
          const uids = together.inbox.uids().filter((uid) => uid >= from && uid % every === 0)
          const { changed } = await together.inbox.storeFlags(uids, action, flags)
          const one: Uid[] = []
          for (const uid of uids) one.push(...(await single.inbox.storeFlags([uid], action, flags)).changed)
          assert.deepEqual(changed, one)
          if (expunges) for (const { inbox } of [together, single]) await inbox.expunge()
          assert.deepEqual(flagsOf(together), flagsOf(single))
        }
        check(await see(together.open))
        await (await reopened(together)).close()
        await single.open.close()
      }),
      { numRuns: 15 },
    )
  })
})
