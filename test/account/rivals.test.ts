// One session deletes what another reads, copies, renames or appends to at the same moment.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MailboxEvent, MessageContent, OpenAccount } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { alice, chunks, mail, makeSite, overriding, password, session } from './support.ts'
import { check, see } from './views.ts'

const address = 'alice@example.org'
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function fill(open: OpenAccount, name: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1)
    await open.append(name, chunks(mail(`${name} ${index}`)), { flags: [] })
}

describe('deleting a mailbox', () => {
  it('tells those who have it selected, and they can do nothing more to it', async () => {
    const site = await makeSite()
    const open = await alice(site)
    const other = await site.accounts.login(address, password(), session)
    await open.createMailbox('doomed')
    await fill(open, 'doomed', 3)
    const doomed = await other.select('doomed', { isReadOnly: false })
    const uids = doomed.uids()
    const events: MailboxEvent['kind'][] = []
    doomed.watch(({ kind }) => events.push(kind))
    await open.deleteMailbox('doomed')
    assert.deepEqual(events, ['expunge', 'gone'])
    await assert.rejects(doomed.storeFlags(uids, 'add', ['x']), refuses('mailbox-not-found'))
    await assert.rejects(doomed.copy(uids, 'INBOX'), refuses('mailbox-not-found'))
    await assert.rejects(doomed.move(uids, 'INBOX'), refuses('mailbox-not-found'))
    assert.deepEqual(await doomed.expunge(), [])
    assert.equal(await doomed.content(uids[0] ?? assert.fail()), undefined)
    await open.createMailbox('doomed')
    await assert.rejects(doomed.copy(uids, 'INBOX'), refuses('mailbox-not-found'))
    assert.equal((await open.quota()).usedBytes, 0)
  })

  it('leaves nothing of it, and nothing half copied, when others copy, append and rename at the same moment', async () => {
    const site = await makeSite()
    const open = await alice(site)
    const other = await site.accounts.login(address, password(), session)
    await fill(open, 'INBOX', 20)
    const inbox = await other.select('INBOX', { isReadOnly: false })
    for (let turns = 0; turns < 30; turns += 1) {
      await open.createMailbox('doomed')
      await inbox.copy(inbox.uids(), 'doomed')
      const doomed = await other.select('doomed', { isReadOnly: false })
      const rivals = [
        inbox.copy(inbox.uids(), 'doomed'),
        other.append('doomed', chunks(mail('late')), { flags: [] }),
        doomed.move(doomed.uids().slice(0, 5), 'Archive'),
        ...(turns % 2 ? [other.renameMailbox('doomed', 'saved')] : [other.createMailbox('doomed/child')]),
      ]
      const outcomes = Promise.allSettled(rivals)
      for (let count = 0; count < turns % 10; count += 1) await Promise.resolve()
      const [deleted] = await Promise.allSettled([open.deleteMailbox('doomed')])
      for (const outcome of [deleted, ...(await outcomes)]) {
        if (outcome.status === 'rejected') assert.ok(isRefusal(outcome.reason), String(outcome.reason))
      }
      const seen = await see(open)
      check(seen)
      if (deleted.status === 'fulfilled') assert.equal(seen.mailboxes['doomed'], undefined)
      if (seen.mailboxes['doomed/child'])
        assert.ok(seen.mailboxes['doomed'], 'no inferior without its superior')
      assert.equal(seen.mailboxes['INBOX']?.messages.length, 20)
      for (const name of ['doomed/child', 'doomed', 'saved'])
        if (open.mailbox(name)) await open.deleteMailbox(name)
    }
    await open.close()
    await other.close()
    const again = await site.accounts.login(address, password(), session)
    check(await see(again))
  })

  it('does not delete what was renamed meanwhile', async () => {
    const site = await makeSite()
    const open = await alice(site)
    await open.createMailbox('a')
    await fill(open, 'a', 5)
    const renaming = open.renameMailbox('a', 'kept')
    await assert.rejects(open.deleteMailbox('a'), refuses('mailbox-not-found'))
    await renaming
    assert.equal((await open.status('kept')).messages, 5)
  })
})

describe('a body that is read while its message is expunged', () => {
  it('is read to its end or said to be expunged, never damaged', async () => {
    const inner = openMemoryStore()
    // What was written takes a while to be heard of.
    const store = overriding(inner, {
      async transact(account, run) {
        const result = await inner.transact(account, run)
        for (let turns = 0; turns < 3; turns += 1) await turn()
        return result
      },
    })
    const site = await makeSite({}, store)
    const open = await alice(site)
    const other = await site.accounts.login(address, password(), session)
    const ends = { read: 0, expunged: 0 }
    for (let turns = 0; turns < 20; turns += 1) {
      await fill(open, 'INBOX', 3)
      const inbox = await open.select('INBOX', { isReadOnly: false })
      const rival = await other.select('INBOX', { isReadOnly: false })
      const contents: MessageContent[] = []
      for await (const content of inbox.contents(inbox.uids())) contents.push(content)
      await rival.storeFlags(rival.uids(), 'add', ['\\Deleted'])
      const expunging = rival.expunge()
      for (let count = 0; count < turns % 7; count += 1) await turn()
      for (const content of contents) {
        try {
          for await (const piece of content.read(0, content.sizeBytes)) ends.read += piece.length > 0 ? 1 : 0
        } catch (error) {
          assert.ok(isRefusal(error, 'message-expunged'), String(error))
          ends.expunged += 1
        }
      }
      await expunging
    }
    assert.ok(ends.read > 0 && ends.expunged > 0)
  })
})

describe('closing a selection', () => {
  it('twice parts nobody else from the mailbox: a session that was ended says so once more', async () => {
    const site = await makeSite()
    const open = await alice(site)
    const other = await site.accounts.login(address, password(), session)
    const ended = await open.select('INBOX', { isReadOnly: false })
    ended.close()
    const inbox = await other.select('INBOX', { isReadOnly: false })
    const events: MailboxEvent['kind'][] = []
    inbox.watch(({ kind }) => events.push(kind))
    ended.close()
    await fill(open, 'INBOX', 1)
    assert.deepEqual(events, ['append'])
  })
})
