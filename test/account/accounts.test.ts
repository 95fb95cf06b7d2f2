// An account from creation to recovery, over the memory store.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recoveryWordsOf } from '../../src/crypto/recovery-code.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { alice, chunks, deliverTo, mail, makeSite, password, readAll, session } from './support.ts'

const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)

function missing(): never {
  throw new Error('no such message')
}

describe('an account', () => {
  it('takes mail while locked and shows it, octet for octet, after login', async () => {
    const site = await makeSite()
    await site.accounts.create('alice@example.org', password())
    const sent = [mail('one'), mail('two', 'x'.repeat(200_000)), mail('three')]
    for (const message of sent) await deliverTo(site.accounts, 'Alice@Example.org', message)
    assert.equal((await site.accounts.info('alice@example.org')).pendingArrivals, 3)
    await site.restart()
    const open = await site.accounts.login('alice@example.org', password(), session)
    const inbox = await open.select('inbox', { isReadOnly: false })
    assert.deepEqual(inbox.uids(), [1, 2, 3])
    for (const [index, uid] of inbox.uids().entries()) {
      assert.ok(sent[index]?.equals(await readAll(inbox, uid)))
      assert.ok(inbox.isRecent(uid))
    }
    await open.close()
    assert.equal((await site.accounts.info('alice@example.org')).isUnlocked, false)
  })

  it('adopts mail at once while it is unlocked, and tells the session', async () => {
    const site = await makeSite()
    const open = await alice(site)
    const inbox = await open.select('INBOX', { isReadOnly: false })
    const heard = new Promise((resolve) => inbox.watch(resolve))
    await deliverTo(site.accounts, 'alice@example.org', mail('now'))
    const event = (await heard) as { kind: string; uids: number[] }
    assert.equal(event.kind, 'append')
    assert.deepEqual(event.uids, [1])
  })

  it('refuses a wrong password, an unknown address and an empty password in the same words', async () => {
    const site = await makeSite()
    await site.accounts.create('alice@example.org', password())
    const messages = new Set<string>()
    for (const [address, secret] of [
      ['alice@example.org', 'wrong'],
      ['nobody@example.org', 'wrong'],
      ['alice@example.org', ''],
    ] as const) {
      await assert.rejects(site.accounts.login(address, Buffer.from(secret), session), (error: Error) => {
        messages.add(error.message)
        return isRefusal(error, 'authentication-failed')
      })
    }
    assert.equal(messages.size, 1)
  })

  it('keeps flags, copies, moves and expunges over a restart', async () => {
    const site = await makeSite()
    const open = await alice(site)
    const inbox = await open.select('INBOX', { isReadOnly: false })
    for (let index = 1; index <= 200; index += 1) {
      await open.append('INBOX', chunks(mail(`number ${index}`)), {
        flags: index % 2 ? ['\\Seen'] : ['work'],
      })
    }
    const uids = inbox.uids()
    const { changed } = await inbox.storeFlags(uids.slice(0, 10), 'add', ['\\Deleted', 'Work'])
    assert.equal(changed.length, 10)
    assert.equal((await inbox.copy(uids.slice(0, 20), 'Archive')).destination.length, 20)
    assert.equal((await inbox.move(uids.slice(20, 40), 'Trash')).destination.length, 20)
    assert.equal((await inbox.expunge()).length, 10)
    const before = inbox.uids().map((uid) => inbox.state(uid))
    const bodies = await readAll(inbox, uids.at(150) ?? missing())
    await open.close()
    await site.restart()
    const again = await site.accounts.login('alice@example.org', password(), session)
    const inboxAgain = await again.select('INBOX', { isReadOnly: true })
    assert.deepEqual(
      inboxAgain.uids().map((uid) => inboxAgain.state(uid)),
      before,
    )
    assert.ok(bodies.equals(await readAll(inboxAgain, uids.at(150) ?? missing())))
    const archive = await again.select('Archive', { isReadOnly: true })
    assert.equal(archive.uids().length, 20)
    let seen = 0
    for await (const content of archive.contents(archive.uids())) {
      seen += 1
      assert.ok(content.envelope?.includes(`number ${seen}`))
    }
    assert.equal(seen, 20)
    assert.equal((await again.status('Trash')).messages, 20)
  })

  it('opens again after a mailbox with messages of an earlier session was deleted', async () => {
    const site = await makeSite()
    const open = await alice(site)
    await open.createMailbox('Old')
    for (let index = 1; index <= 150; index += 1) {
      await open.append('Old', chunks(mail(`number ${index}`)), { flags: [] })
    }
    await open.append('INBOX', chunks(mail('stays')), { flags: [] })
    await open.close()
    const second = await site.accounts.login('alice@example.org', password(), session)
    await second.deleteMailbox('Old')
    await second.close()
    await site.restart()
    const third = await site.accounts.login('alice@example.org', password(), session)
    assert.equal(third.mailbox('Old'), undefined)
    assert.equal((await third.status('INBOX')).messages, 1)
  })

  it('turns at-rest encryption on: same mail, no server slot, and a recovery code that works once', async () => {
    const site = await makeSite()
    const open = await alice(site)
    for (let index = 1; index <= 150; index += 1) {
      await open.append('INBOX', chunks(mail(`number ${index}`)), { flags: [] })
    }
    await deliverTo(site.accounts, 'alice@example.org', mail('late'))
    await open.close()
    const { recoveryCode, finished } = await site.accounts.enableAtRest('alice@example.org', password())
    await finished
    const info = await site.accounts.info('alice@example.org')
    assert.equal(info.atRest, 'on')
    assert.deepEqual(info.slots.map((slot) => slot.kind).sort(), ['password', 'recovery'])
    await assert.rejects(
      site.accounts.setPassword('alice@example.org', password('x')),
      refuses('mail-would-be-lost'),
    )
    await deliverTo(site.accounts, 'alice@example.org', mail('after'))
    await site.restart()
    const again = await site.accounts.recover(
      'alice@example.org',
      // The other spelling of it (FORMAT.md §6).
      recoveryWordsOf(recoveryCode),
      password('new one'),
    )
    await assert.rejects(
      site.accounts.recover('alice@example.org', recoveryCode, password('other')),
      refuses('wrong-recovery-code'),
    )
    assert.notDeepEqual(again.recoveryCode, recoveryCode)
    await assert.rejects(
      site.accounts.login('alice@example.org', password(), session),
      refuses('authentication-failed'),
    )
    const opened = await site.accounts.login('alice@example.org', password('new one'), session)
    const inbox = await opened.select('INBOX', { isReadOnly: false })
    assert.equal(inbox.uids().length, 152)
    assert.match((await readAll(inbox, inbox.uids()[151] ?? missing())).toString(), /Subject: after/)
  })

  it('honours its quota in deliveries and appends, and loses nothing by it', async () => {
    const site = await makeSite()
    const open = await alice(site)
    await site.accounts.setQuota('alice@example.org', 1000)
    await open.append('INBOX', chunks(mail('fits')), { flags: [] })
    const large = mail('large', 'x'.repeat(1000))
    await assert.rejects(open.append('INBOX', chunks(large), { flags: [] }), refuses('over-quota'))
    await assert.rejects(deliverTo(site.accounts, 'alice@example.org', large), refuses('over-quota'))
    await open.append('INBOX', chunks(mail('fits too')), { flags: [] })
    await open.close()
    const again = await site.accounts.login('alice@example.org', password(), session)
    assert.equal((await again.status('INBOX')).messages, 2)
  })
})

describe('a checkpoint', () => {
  it('is written while mail waits, and the mail is adopted after the next login', async () => {
    const site = await makeSite()
    const open = await alice(site)
    await open.append('INBOX', chunks(mail('first')), { flags: [] })
    // Logging out writes the checkpoint; the arrivals come in while it is being written.
    for (let index = 0; index < 100; index += 1)
      await open.append('Archive', chunks(mail(`a${index}`)), { flags: [] })
    const deliveries = Array.from({ length: 20 }, (_, index) =>
      deliverTo(site.accounts, 'alice@example.org', mail(`waiting ${index}`)),
    )
    await Promise.all([open.close(), ...deliveries])
    await site.restart()
    const again = await site.accounts.login('alice@example.org', password(), session)
    assert.equal((await again.status('INBOX')).messages, 21)
    assert.equal((await again.status('Archive')).messages, 100)
    await again.close()
  })
})
