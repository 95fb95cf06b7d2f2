// Large accounts: what an operation costs is counted, not timed. LETTERLOCK_SCALE=full: 5,000 mailboxes, 100,000 messages.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OpenAccount, SelectedMailbox } from '../../src/account/api.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { CountingStore, type Cost } from './counting-store.ts'
import { alice, chunks, deliverTo, mail, makeSite, password, session, type TestSite } from './support.ts'

const isFull = process.env['LETTERLOCK_SCALE'] === 'full'
const mailboxes = isFull ? 5_000 : 400
const messages = isFull ? 100_000 : 5_000
const perParent = 20

async function counted(): Promise<{ site: TestSite; open: OpenAccount; counting: CountingStore }> {
  const counting = new CountingStore(openMemoryStore())
  const site = await makeSite({}, counting.store)
  return { site, open: await alice(site), counting }
}

const nameOf = (index: number): string =>
  index % perParent === 0 ? `P${index / perParent}` : `P${Math.floor(index / perParent)}/C${index}`

async function withMailboxes(open: OpenAccount): Promise<void> {
  // INBOX and the special ones are there already.
  const have = open.mailboxes().length
  for (let index = 0; index < mailboxes - have; index += 1) await open.createMailbox(nameOf(index))
}

/** Fills a mailbox by copying what is in it. */
async function fill(open: OpenAccount, name: string, count: number): Promise<SelectedMailbox> {
  await open.append(name, chunks(mail('first')), { flags: [] })
  const mailbox = await open.select(name, { isReadOnly: false })
  for (let uids = mailbox.uids(); uids.length < count; uids = mailbox.uids())
    await mailbox.copy(uids.slice(0, Math.min(count - uids.length, 5_000)), name)
  return mailbox
}

/** Boxes are padded and numbers grow: the same work may be some bytes more. */
function assertSame(actual: Cost, expected: Cost): void {
  const { putBytes, ...counts } = actual
  const { putBytes: expectedBytes, ...expectedCounts } = expected
  assert.deepEqual(counts, expectedCounts)
  assert.ok(putBytes <= expectedBytes + 256, `${putBytes} bytes written, not about ${expectedBytes}`)
}

describe(`an account of ${mailboxes} mailboxes`, () => {
  it('lists them, and tells the status of each, without a look at the store', async () => {
    const { site, open, counting } = await counted()
    await withMailboxes(open)
    for (let index = 0; index < mailboxes / 2; index += 50)
      await open.append(nameOf(index), chunks(mail('here')), { flags: [] })
    const check = async (account: OpenAccount): Promise<void> => {
      const listed = account.mailboxes()
      assert.equal(listed.length, mailboxes)
      assert.equal(new Set(listed.map(({ name }) => name)).size, mailboxes)
      for (const { name, hasChildren } of listed)
        assert.equal(
          hasChildren,
          /^P\d+$/.test(name) && listed.some((other) => other.name.startsWith(`${name}/`)),
        )
      const statusCost = await counting.costOf(async () => {
        for (const { name } of listed) {
          const status = await account.status(name)
          assert.equal(status.recent, status.messages)
        }
      })
      assert.deepEqual(statusCost, { reads: 0, transactions: 0, got: 0, puts: 0, putBytes: 0, deletes: 0 })
    }
    await check(open)
    await site.restart(counting.store)
    await check(await site.accounts.login('alice@example.org', password(), session))
    await site.accounts.close()
  })

  it('makes, renames and deletes one at the price that it has among few', async () => {
    const { site, open, counting } = await counted()
    const oneByOne = async (name: string): Promise<Cost[]> => [
      await counting.costOf(() => open.createMailbox(name)),
      await counting.costOf(() => open.renameMailbox(name, `${name}-renamed`)),
      await counting.costOf(() => open.deleteMailbox(`${name}-renamed`)),
    ]
    const amongFew = await oneByOne('one')
    await withMailboxes(open)
    for (const [index, cost] of (await oneByOne('two')).entries())
      assertSame(cost, amongFew[index] ?? assert.fail())
    // Whole levels go along with their parent.
    await open.renameMailbox('P1', 'Q/R')
    const names = open.mailboxes().map(({ name }) => name)
    assert.equal(names.filter((name) => name.startsWith('Q/R/')).length, perParent - 1)
    assert.ok(!names.some((name) => name === 'P1' || name.startsWith('P1/')))
    await site.accounts.close()
  })
})

describe(`a mailbox of ${messages} messages`, () => {
  it('takes one more at the price of the first, by APPEND and by delivery', async () => {
    const { site, open: first, counting } = await counted()
    const again = async (before: OpenAccount): Promise<OpenAccount> => {
      await before.close()
      const open = await site.accounts.login(before.address, password(), session)
      // By then it has looked for mail that came meanwhile.
      await open.status('INBOX')
      return open
    }
    const append = (open: OpenAccount): Promise<Cost> =>
      counting.costOf(() => open.append('Drafts', chunks(mail('more')), { flags: ['\\Seen'] }))
    const deliver = (): Promise<Cost> =>
      counting.costOf(() => deliverTo(site.accounts, 'alice@example.org', mail('new')))
    await first.append('Drafts', chunks(mail('first')), { flags: [] })
    const few = await again(first)
    const toFew = await append(few)
    await few.close()
    const delivered = await deliver()
    const filling = await again(few)
    await fill(filling, 'Drafts', messages)
    await fill(filling, 'INBOX', messages)
    const many = await again(filling)
    assertSame(await append(many), toFew)
    // What came before the rows were looked at stands behind them.
    const drafts = await many.select('Drafts', { isReadOnly: true })
    assert.equal(drafts.uids().length, messages + 1)
    const last = drafts.uids().at(-1) ?? assert.fail()
    assert.deepEqual(drafts.state(last)?.flags, ['\\Seen'])
    await many.close()
    assertSame(await deliver(), delivered)
    await site.accounts.close()
  })

  it('is numbered once for all sessions that have it open', async () => {
    const { site, open } = await counted()
    const first = await fill(open, 'INBOX', messages)
    const others = await Promise.all(
      Array.from({ length: 63 }, async () => {
        const account = await site.accounts.login('alice@example.org', password(), session)
        return account.select('INBOX', { isReadOnly: false })
      }),
    )
    const check = (count: number): void => {
      assert.equal(first.uidSnapshot().length, count)
      for (const other of others) assert.equal(other.uidSnapshot(), first.uidSnapshot())
    }
    check(messages)
    const before = first.uidSnapshot()
    await first.storeFlags(first.uids().slice(0, 3), 'add', ['\\Deleted'])
    await others[7]?.expunge()
    await open.append('INBOX', chunks(mail('another')), { flags: [] })
    check(messages - 2)
    assert.equal(before.length, messages, 'what a session holds on to does not change')
    await site.accounts.close()
  })

  it('is opened by as many looks at the store as a small one', async () => {
    const { site, open, counting } = await counted()
    await fill(open, 'Drafts', 10)
    await fill(open, 'INBOX', messages)
    await site.restart(counting.store)
    const again = await site.accounts.login('alice@example.org', password(), session)
    const small = await counting.costOf(() => again.select('Drafts', { isReadOnly: true }))
    const large = await counting.costOf(() => again.select('INBOX', { isReadOnly: true }))
    assert.equal(large.reads, small.reads)
    assert.equal(large.puts, 0)
    // A page holds some hundred rows.
    assert.ok(large.got <= small.got + messages / 400, `${large.got} records read`)
    await site.accounts.close()
  })
})
