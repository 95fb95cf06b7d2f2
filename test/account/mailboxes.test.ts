// Names, numbers, uses and subscriptions of mailboxes.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OpenAccount, SpecialUse } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { alice, chunks, deliverTo, mail, makeSite, password, session } from './support.ts'
import { check, see } from './views.ts'

const address = 'alice@example.org'
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function fill(open: OpenAccount, name: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1)
    await open.append(name, chunks(mail(`${name} ${index}`)), { flags: [] })
}

describe('the name of a mailbox', () => {
  const same: readonly [made: string, asked: string, stored: string][] = [
    ['cafe\u0301', 'caf\u00e9', 'caf\u00e9'],
    ['caf\u00e9', 'cafe\u0301', 'caf\u00e9'],
    ['inbox/sub', 'InBox/sub', 'INBOX/sub'],
    ['trailing/', 'trailing', 'trailing'],
    ['\u0131nbox', '\u0131nbox', '\u0131nbox'],
  ]
  for (const [made, asked, stored] of same) {
    it(`is found again: ${JSON.stringify(made)} as ${JSON.stringify(asked)}`, async () => {
      const site = await makeSite()
      let open = await alice(site)
      assert.equal((await open.createMailbox(made)).name, stored)
      await open.append(asked, chunks(mail('x')), { flags: [] })
      await open.subscribe(asked)
      await open.close()
      open = await site.accounts.login(address, password(), session)
      assert.equal((await open.status(asked)).messages, 1)
      assert.equal(open.mailbox(asked)?.isSubscribed, true)
      assert.equal((await open.select(asked, { isReadOnly: false })).uids().length, 1)
      await open.unsubscribe(asked)
      await open.renameMailbox(asked, 'elsewhere')
      await open.deleteMailbox('elsewhere')
      assert.equal((await open.status('INBOX')).messages, 0)
    })
  }

  const bad = [
    '',
    '/',
    '//',
    'a//b',
    '/a',
    '.',
    'a/..',
    'a*',
    'a%b',
    'a\u0000',
    'a\u0085b',
    'a\ud800',
    '\udc00b',
    'a\ufffd',
  ]
  for (const name of [...bad, 'x'.repeat(1001), 'a/'.repeat(32) + 'b']) {
    it(`is refused in every command that makes one: ${JSON.stringify(name.slice(0, 20))}`, async () => {
      const open = await alice(await makeSite())
      await assert.rejects(open.createMailbox(name), refuses('mailbox-name-invalid'))
      await assert.rejects(open.renameMailbox('Trash', name), refuses('mailbox-name-invalid'))
      await assert.rejects(open.subscribe(name), refuses('mailbox-name-invalid'))
      assert.equal(open.mailboxes().length, 6)
    })
  }

  it('may be that of INBOX in no other mailbox', async () => {
    const open = await alice(await makeSite())
    await assert.rejects(open.createMailbox('inbox'), refuses('mailbox-exists'))
    await assert.rejects(open.createMailbox('Inbox/'), refuses('mailbox-exists'))
    await assert.rejects(open.renameMailbox('Trash', 'iNbOx'), refuses('mailbox-exists'))
    await assert.rejects(open.deleteMailbox('inbox'), refuses('mailbox-not-deletable'))
  })
})

describe('renaming', () => {
  it('takes inferiors along, makes missing superiors, and keeps messages, identifiers and UIDVALIDITY', async () => {
    const site = await makeSite()
    let open = await alice(site)
    for (const name of ['a/b/c', 'a/bb', 'ab']) await open.createMailbox(name)
    await fill(open, 'a/b/c', 2)
    const before = (await see(open)).mailboxes
    await open.renameMailbox('a', 'x/y/z')
    const after = await see(open)
    assert.deepEqual(
      Object.keys(after.mailboxes).filter((name) => /^[ax]/.test(name)),
      ['ab', 'x', 'x/y', 'x/y/z', 'x/y/z/b', 'x/y/z/b/c', 'x/y/z/bb'],
    )
    assert.deepEqual(after.mailboxes['x/y/z/b/c'], before['a/b/c'])
    await open.close()
    open = await site.accounts.login(address, password(), session)
    assert.deepEqual(await see(open), after)
  })

  const refused: readonly [from: string, to: string, code: Parameters<typeof isRefusal>[1]][] = [
    ['a', 'a', 'mailbox-exists'],
    ['a', 'a/b/c', 'mailbox-name-invalid'],
    ['a', 'a/new', 'mailbox-name-invalid'],
    ['a', 'Trash', 'mailbox-exists'],
    ['nothing', 'x', 'mailbox-not-found'],
    ['a', 'x'.repeat(999), 'mailbox-name-invalid'], // the inferior's name would be too long
  ]
  for (const [from, to, code] of refused) {
    it(`is refused as a whole: ${from} to ${to.slice(0, 10)}`, async () => {
      const open = await alice(await makeSite())
      await open.createMailbox('a/b')
      const before = open.mailboxes()
      await assert.rejects(open.renameMailbox(from, to), refuses(code))
      assert.deepEqual(open.mailboxes(), before)
    })
  }

  it('of INBOX moves its messages and leaves its inferiors', async () => {
    const open = await alice(await makeSite())
    await open.createMailbox('INBOX/sub')
    await fill(open, 'INBOX', 3)
    const { uidNext, uidValidity } = await open.status('INBOX')
    await open.renameMailbox('inbox', 'old/mail')
    const inbox = await open.status('INBOX')
    assert.equal(inbox.messages, 0)
    assert.equal(inbox.uidNext, uidNext)
    assert.equal(inbox.uidValidity, uidValidity)
    assert.equal((await open.status('old/mail')).messages, 3)
    assert.ok(open.mailbox('INBOX/sub'))
    check(await see(open))
  })
})

describe('UIDVALIDITY', () => {
  it('is new for a mailbox made again under its name, whatever the clock does', async () => {
    const site = await makeSite()
    let open = await alice(site)
    const given = new Set<number>()
    const { time } = site.clock
    for (const clock of [
      time,
      time,
      time - 1e9,
      time - 1e12,
      0,
      -5000,
      time + 5000,
      4_000_000_000_000,
      9e15,
      time,
    ]) {
      site.clock.time = clock
      await open.createMailbox('again')
      const { uidValidity } = await open.status('again')
      assert.ok(
        uidValidity > 0 && uidValidity < 2 ** 32 && !given.has(uidValidity),
        `${uidValidity} at ${clock}`,
      )
      given.add(uidValidity)
      await open.deleteMailbox('again')
      if (given.size % 3 === 0) {
        await open.close()
        open = await site.accounts.login(address, password(), session)
      }
    }
  })
})

describe('a special use', () => {
  it('belongs to one mailbox, goes along when it is renamed, and is free when it is deleted', async () => {
    const open = await alice(await makeSite())
    const use = (name: string): SpecialUse | undefined => open.mailbox(name)?.specialUse
    await assert.rejects(open.createMailbox('Bin', { specialUse: '\\Trash' }), refuses('mailbox-exists'))
    await open.renameMailbox('Trash', 'Papierkorb')
    assert.equal(use('Papierkorb'), '\\Trash')
    await open.deleteMailbox('Papierkorb')
    await open.createMailbox('a/Bin', { specialUse: '\\Trash' })
    assert.equal(use('a/Bin'), '\\Trash')
    assert.equal(use('a'), undefined)
  })
})

describe('a subscription', () => {
  it('outlives its mailbox and stays with its name (RFC 3501 §6.3.6)', async () => {
    const open = await alice(await makeSite())
    await open.renameMailbox('Trash', 'Bin')
    await open.deleteMailbox('Junk')
    assert.ok(open.subscriptions().includes('Trash'))
    assert.ok(open.subscriptions().includes('Junk'))
    assert.equal(open.mailbox('Bin')?.isSubscribed, false)
    await open.unsubscribe('Junk')
    await open.unsubscribe('was never there')
    assert.ok(!open.subscriptions().includes('Junk'))
  })
})

describe('\\Recent', () => {
  it('is each message for exactly one session that may write, and for none twice', async () => {
    const site = await makeSite()
    const open = await alice(site)
    await fill(open, 'INBOX', 3)
    const others = await Promise.all([1, 2, 3].map(() => site.accounts.login(address, password(), session)))
    const reading = await open.select('INBOX', { isReadOnly: true })
    assert.equal(reading.uids().filter((uid) => reading.isRecent(uid)).length, 3)
    const inboxes = await Promise.all(others.map((other) => other.select('INBOX', { isReadOnly: false })))
    for (let index = 0; index < 10; index += 1) {
      await deliverTo(site.accounts, address, mail(`m${index}`))
      if (index % 2) await open.append('INBOX', chunks(mail(`a${index}`)), { flags: [] })
    }
    for (let turns = 0; reading.uids().length < 18 && turns < 10_000; turns += 1) await turn()
    assert.equal(reading.uids().length, 18)
    for (const uid of reading.uids())
      assert.equal(inboxes.filter((inbox) => inbox.isRecent(uid)).length, 1, `UID ${uid}`)
    assert.equal((await open.status('INBOX')).recent, 0)
    for (const inbox of inboxes) inbox.close()
    await open.append('INBOX', chunks(mail('last')), { flags: [] })
    assert.equal((await open.status('INBOX')).recent, 1)
    const again = await open.select('INBOX', { isReadOnly: false })
    assert.deepEqual(
      again.uids().filter((uid) => again.isRecent(uid)),
      [19],
    )
  })
})
