// Messages that are brought in together, or in place of another: all or nothing, and nothing left on the disk.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AppendBudget } from '../../src/account/append-budget.ts'
import type { OpenAccount, SelectedMailbox, Uid } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { Staging } from '../../src/account/staged-append.ts'
import { breathe, deferred } from '../../src/base/async.ts'
import { unlock } from './unlocked.ts'
import { alice, chunks, mail, makeSite, readAll, type TestSite } from './support.ts'

const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)

async function withInbox(
  test: (place: { site: TestSite; open: OpenAccount; inbox: SelectedMailbox }) => Promise<void>,
): Promise<void> {
  const site = await makeSite({ maxMessageBytes: 100_000 })
  const open = await alice(site)
  for (const subject of ['one', 'two', 'three']) {
    await open.append('INBOX', chunks(mail(subject)), { flags: ['\\Seen'] })
  }
  const inbox = await open.select('INBOX', { isReadOnly: false })
  await test({ site, open, inbox })
  await site.accounts.close()
}

/** Octets that count towards the quota, and bodies that belong to nobody. */
async function usage({ site, open }: { site: TestSite; open: OpenAccount }): Promise<[number, number]> {
  const { accountId } = await site.accounts.info('alice@example.org')
  let orphans = 0
  for await (const { count } of site.store.blobs.scan(Buffer.from(accountId, 'hex')))
    if (count === 0) orphans += 1
  return [(await open.quota()).usedBytes, orphans]
}

describe('messages staged together', () => {
  it('become visible in one event, in the order given', () =>
    withInbox(async ({ open, inbox }) => {
      const events: string[] = []
      inbox.watch((event) => events.push('uids' in event ? `${event.kind} ${event.uids.join()}` : event.kind))
      const staged = open.stageAppend('INBOX')
      for (const subject of ['four', 'five', 'six'])
        await staged.add(chunks(mail(subject)), { flags: ['work'] })
      assert.deepEqual(events, [])
      assert.deepEqual(inbox.uids(), [1, 2, 3])
      const { uids } = await staged.commit()
      assert.deepEqual(uids, [4, 5, 6])
      assert.deepEqual(events, ['keyword', 'append 4,5,6'])
      assert.deepEqual(await readAll(inbox, 5 as Uid), mail('five'))
    }))

  it('are gone when they are discarded, twice if need be', () =>
    withInbox(async (place) => {
      const before = await usage(place)
      const staged = place.open.stageAppend('INBOX')
      await staged.add(chunks(mail('four')), { flags: [] })
      await staged.discard()
      await staged.discard()
      assert.deepEqual(await usage(place), before)
      assert.equal(place.inbox.uidNext, 4)
    }))

  it('are kept when they are discarded after the commit', () =>
    withInbox(async ({ open, inbox }) => {
      const staged = open.stageAppend('INBOX')
      await staged.add(chunks(mail('four')), { flags: [] })
      await staged.commit()
      await staged.discard()
      assert.deepEqual(await readAll(inbox, 4 as Uid), mail('four'))
    }))

  it('are refused one by one for what each of them is', () =>
    withInbox(async (place) => {
      const before = await usage(place)
      const staged = place.open.stageAppend('INBOX')
      await staged.add(chunks(mail('four')), { flags: [] })
      await assert.rejects(
        staged.add(chunks(mail('big', 'x'.repeat(100_000))), { flags: [] }),
        refuses('message-too-large'),
      )
      await assert.rejects(
        staged.add(chunks(Buffer.from('a: \0')), { flags: [], isBinary: true }),
        refuses('not-encodable'),
      )
      await assert.rejects(staged.add(chunks(mail('x')), { flags: ['k'.repeat(500)] }), refuses('limit'))
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield mail('half')
        throw new RangeError('the peer is gone')
      }
      await assert.rejects(staged.add(failing(), { flags: [] }), RangeError)
      await staged.discard()
      assert.deepEqual(await usage(place), before)
    }))

  it('go where the name stands for another mailbox by the time of the commit', () =>
    withInbox(async ({ open }) => {
      await open.createMailbox('a')
      const staged = open.stageAppend('a')
      await staged.add(chunks(mail('four')), { flags: [] })
      await open.deleteMailbox('a')
      await open.createMailbox('a')
      await staged.commit()
      assert.equal((await open.status('a')).messages, 1)
      const late = open.stageAppend('a')
      await late.add(chunks(mail('five')), { flags: [] })
      await open.deleteMailbox('a')
      await assert.rejects(late.commit(), refuses('mailbox-not-found'))
      await late.discard()
    }))

  it('are refused when together they are over the quota', () =>
    withInbox(async ({ site, open }) => {
      const { usedBytes } = await open.quota()
      await site.accounts.setQuota('alice@example.org', usedBytes + 2 * mail('four').length)
      const staged = open.stageAppend('INBOX')
      await staged.add(chunks(mail('four')), { flags: [] })
      await staged.add(chunks(mail('five')), { flags: [] })
      await assert.rejects(staged.add(chunks(mail('six')), { flags: [] }), refuses('over-quota'))
      await staged.discard()
      assert.equal((await open.quota()).usedBytes, usedBytes)
    }))
})

describe('a message in place of another', () => {
  it('comes and takes the other away in one version, also into another mailbox', () =>
    withInbox(async ({ open, inbox }) => {
      const events: string[] = []
      inbox.watch((event) =>
        events.push('uids' in event ? `${event.kind} ${event.uids.join()} ${event.modSeq}` : event.kind),
      )
      for (const [uid, name] of [
        [2, 'INBOX'],
        [3, 'Sent'],
      ] as const) {
        const staged = open.stageAppend(name, { mailbox: inbox, uid: uid as Uid })
        await staged.add(chunks(mail('new')), { flags: [] })
        await staged.commit()
      }
      const modSeq = inbox.highestModSeq
      assert.deepEqual(events, [`append 4 ${modSeq - 1}`, `expunge 2 ${modSeq - 1}`, `expunge 3 ${modSeq}`])
      assert.deepEqual(inbox.uids(), [1, 4])
      assert.deepEqual(inbox.state(4 as Uid)?.flags, [])
      assert.equal((await open.status('Sent')).messages, 1)
    }))

  it('needs only the room that it takes beyond the other (RFC 8508 §3.4)', () =>
    withInbox(async ({ site, open, inbox }) => {
      const { usedBytes } = await open.quota()
      await site.accounts.setQuota('alice@example.org', usedBytes)
      const same = open.stageAppend('INBOX', { mailbox: inbox, uid: 1 as Uid })
      await same.add(chunks(mail('one')), { flags: [] })
      await same.commit()
      const longer = open.stageAppend('INBOX', { mailbox: inbox, uid: 2 as Uid })
      await assert.rejects(longer.add(chunks(mail('two and more')), { flags: [] }), refuses('over-quota'))
      await longer.discard()
      assert.deepEqual(inbox.uids(), [2, 3, 4])
      assert.equal((await open.quota()).usedBytes, usedBytes)
    }))

  it('does not come when the other is gone, and neither happens in a mailbox that is read-only', () =>
    withInbox(async (place) => {
      const { open, inbox } = place
      const before = await usage(place)
      const staged = open.stageAppend('INBOX', { mailbox: inbox, uid: 2 as Uid })
      await staged.add(chunks(mail('new')), { flags: [] })
      await inbox.storeFlags([2 as Uid], 'add', ['\\Deleted'])
      await inbox.expunge()
      await assert.rejects(staged.commit(), refuses('message-expunged'))
      await staged.discard()
      assert.deepEqual(inbox.uids(), [1, 3])
      assert.deepEqual((await usage(place))[0], before[0] - mail('two').length)
      const examined = await open.select('INBOX', { isReadOnly: true })
      assert.throws(
        () => open.stageAppend('INBOX', { mailbox: examined, uid: 1 as Uid }),
        refuses('read-only'),
      )
    }))
})

describe('messages on their way', () => {
  const account = (byte: number): Buffer => Buffer.alloc(16, byte)

  it('have room together, and each account some of it; the only one may always come', () => {
    const budget = new AppendBudget(100, 40)
    const [first, second, third] = [budget.hold(account(1)), budget.hold(account(1)), budget.hold(account(2))]
    first.take(30)
    second.take(10)
    assert.throws(() => second.take(1), refuses('unavailable'))
    third.take(40)
    third.take(20)
    assert.throws(() => third.take(1), refuses('unavailable'))
    assert.throws(() => budget.hold(account(3)).take(1), refuses('unavailable'))
    first.release()
    second.take(1)
    budget.hold(account(3)).take(20)
    for (const hold of [second, third]) hold.release()
    const alone = new AppendBudget(10, 5).hold(account(4))
    alone.take(7)
    alone.take(70)
  })

  it('are refused beyond that, and give their room back whatever becomes of them', async () => {
    const site = await makeSite()
    await (await alice(site)).close()
    const account = await unlock(site, 'alice@example.org')
    const budget = new AppendBudget(1_000_000, 50_000)
    const rules = { maxMessageBytes: 100_000, mustBeOpen: () => undefined, by: site, budget }
    const slow = deferred<undefined>()
    async function* trickling(): AsyncGenerator<Uint8Array> {
      yield mail('slow', 'x'.repeat(30_000))
      await slow.promise
    }
    const [one, other] = [new Staging(account, 'INBOX', rules), new Staging(account, 'INBOX', rules)]
    const waiting = one.add(trickling(), { flags: [] })
    await breathe()
    const large = mail('large', 'y'.repeat(30_000))
    await assert.rejects(other.add(chunks(large), { flags: [] }), refuses('unavailable'))
    slow.resolve(undefined)
    await waiting
    assert.equal(budget.usedBytes, 0)
    await other.add(chunks(large), { flags: [] })
    for (const staged of [one, other]) assert.equal((await staged.commit()).uids.length, 1)
    assert.equal(budget.usedBytes, 0)
    await account.lock()
    await site.accounts.close()
  })
})
