// Operations on as much as an account may hold: many messages, many keywords, many mailboxes. None may be too much for one commit.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OpenAccount, SelectedMailbox, Uid } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { alice, chunks, mail, makeSite, password, session } from './support.ts'
import { check, see } from './views.ts'

const address = 'alice@example.org'
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)

/** How many records of each kind alice's account has, by their letter. */
async function countRecords(store: Store): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for await (const account of store.accounts()) {
    await store.read(account, async (snapshot) => {
      for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) {
        for (const [key] of page) {
          const letter = String.fromCharCode(key[0] ?? 0)
          counts.set(letter, (counts.get(letter) ?? 0) + 1)
        }
      }
    })
  }
  return counts
}

const words = (count: number, length: number): string[] =>
  Array.from({ length: count }, (_, index) => `k${index}-`.padEnd(length, 'x'))

/** Fills a mailbox by copying what is in it, which is much faster than appending. */
async function fill(open: OpenAccount, name: string, count: number): Promise<SelectedMailbox> {
  const mailbox = await open.select(name, { isReadOnly: false })
  while (mailbox.uids().length < count) {
    const uids = mailbox.uids()
    await mailbox.copy(uids.slice(0, count - uids.length), name)
  }
  return mailbox
}

describe('messages with many keywords', () => {
  /** 240 messages, each with another set of long keywords: about 5 KB of names each. */
  async function prepared(): Promise<{ store: Store; open: OpenAccount; inbox: SelectedMailbox }> {
    const store = openMemoryStore()
    const open = await alice(await makeSite({}, store))
    const known = words(120, 128)
    for (let index = 0; index < 240; index += 1) {
      const flags = known.filter((_, at) => (at * 7 + index) % 3 === 0 || at === index % 120)
      await open.append('INBOX', chunks(mail(`m${index}`)), { flags })
    }
    return { store, open, inbox: await open.select('INBOX', { isReadOnly: false }) }
  }

  it('are stored, copied, moved and expunged, all of them at once', async () => {
    const { open, inbox } = await prepared()
    const uids = inbox.uids()
    const { changed } = await inbox.storeFlags(uids, 'add', ['\\Seen'])
    assert.deepEqual(changed, uids)
    assert.equal((await inbox.copy(uids, 'Archive')).destination.length, 240)
    assert.equal((await inbox.move(uids, 'Trash')).destination.length, 240)
    const trash = await open.select('Trash', { isReadOnly: false })
    await trash.storeFlags(trash.uids(), 'add', ['\\Deleted'])
    assert.equal((await trash.expunge()).length, 240)
    check(await see(open))
  })

  it('do not keep a checkpoint from being written', async () => {
    const { store, open, inbox } = await prepared()
    await inbox.copy(inbox.uids(), 'INBOX')
    await inbox.copy(inbox.uids(), 'INBOX')
    const before = await see(open)
    await open.close()
    const counts = await countRecords(store)
    assert.ok((counts.get('c') ?? 0) <= 2, `the log has ${counts.get('c')} entries`)
    assert.ok((counts.get('x') ?? 0) >= 2)
    assert.ok(before.mailboxes['INBOX']?.messages.length === 960)
  })
})

describe('keywords', () => {
  it('are refused beyond the limits of a message, of a mailbox and of a name, and nothing is changed', async () => {
    const open = await alice(await makeSite())
    const append = (flags: string[]): Promise<unknown> => open.append('INBOX', chunks(mail('x')), { flags })
    await append(words(200, 10))
    await assert.rejects(append(words(256, 10).slice(200).concat('one-more')), refuses('limit'))
    await append(words(256, 10).slice(200, 255))
    const inbox = await open.select('INBOX', { isReadOnly: false })
    await inbox.storeFlags(inbox.uids(), 'add', ['last'])
    await assert.rejects(inbox.storeFlags(inbox.uids(), 'add', ['no-more']), refuses('limit'))
    await inbox.storeFlags([1 as Uid], 'add', words(254, 10))
    await assert.rejects(inbox.storeFlags([1 as Uid], 'add', words(255, 10)), refuses('limit'))
    for (const bad of [
      'two words',
      'a]b',
      'a\\b',
      'caf\u00e9',
      '',
      'x'.repeat(129),
      'a%b',
      'a"b',
      '{1}',
      'a\r\nb',
    ])
      await assert.rejects(append([bad]), refuses('limit'), bad)
    assert.equal(inbox.uids().length, 2)
    assert.equal(inbox.keywords.length, 256)
  })

  it('are refused when their names together would not fit the mailbox list', async () => {
    const open = await alice(await makeSite())
    await open.append('INBOX', chunks(mail('x')), { flags: words(120, 128) })
    const inbox = await open.select('INBOX', { isReadOnly: false })
    await assert.rejects(inbox.storeFlags([1 as Uid], 'replace', words(140, 127)), refuses('limit'))
  })

  it('take the spelling of the mailbox they are copied to, and can be removed there', async () => {
    const open = await alice(await makeSite())
    await open.append('Archive', chunks(mail('a')), { flags: ['Work'] })
    await open.append('INBOX', chunks(mail('b')), { flags: ['wORK'] })
    const inbox = await open.select('INBOX', { isReadOnly: false })
    await inbox.copy(inbox.uids(), 'Archive')
    const archive = await open.select('Archive', { isReadOnly: false })
    assert.deepEqual(archive.keywords, ['Work'])
    await archive.storeFlags(archive.uids(), 'remove', ['work'])
    assert.deepEqual(
      archive.uids().map((uid) => archive.state(uid)?.flags),
      [[], []],
    )
  })

  it('are refused when copies would bring too many, and no copy is left', async () => {
    const open = await alice(await makeSite())
    await open.append('Archive', chunks(mail('a')), { flags: words(250, 8) })
    for (let index = 0; index < 10; index += 1)
      await open.append('INBOX', chunks(mail(`m${index}`)), { flags: [`new-${index}`] })
    const inbox = await open.select('INBOX', { isReadOnly: false })
    await assert.rejects(inbox.copy(inbox.uids(), 'Archive'), refuses('limit'))
    const archive = await open.select('Archive', { isReadOnly: true })
    assert.equal(archive.uids().length, 1)
    assert.equal(archive.keywords.length, 250)
  })
})

describe('many messages with large headers', () => {
  it('are expunged and moved one here and one there', async () => {
    const site = await makeSite()
    let open = await alice(site)
    const large = (subject: string): Buffer => mail(subject + '\r\nX-Long: ' + 'x'.repeat(8_900))
    for (let index = 0; index < 50; index += 1)
      await open.append('INBOX', chunks(large(`m${index}`)), { flags: [] })
    await fill(open, 'INBOX', 2500)
    await open.close()
    // Packed by now: five records to a page, so each message that goes takes 36 KB to write.
    open = await site.accounts.login(address, password(), session)
    const inbox = await open.select('INBOX', { isReadOnly: false })
    const fifth = (rest: number): Uid[] => inbox.uids().filter((uid) => uid % 5 === rest)
    await inbox.storeFlags(fifth(0), 'add', ['\\Deleted'])
    assert.equal((await inbox.expunge(fifth(0))).length, 500)
    assert.equal((await inbox.move(fifth(1), 'Archive')).source.length, 500)
    const seen = await see(open)
    check(seen)
    assert.equal(seen.mailboxes['INBOX']?.messages.length, 1500)
    assert.equal(seen.mailboxes['Archive']?.messages.length, 500)
  })
})

describe('state pages', () => {
  it('become few again when most messages have gone', async () => {
    const store = openMemoryStore()
    const site = await makeSite({}, store)
    let open = await alice(site)
    for (let index = 0; index < 20; index += 1)
      await open.append('INBOX', chunks(mail(`m${index}`)), { flags: [] })
    await fill(open, 'INBOX', 5000)
    await open.close()
    const full = (await countRecords(store)).get('x') ?? 0
    assert.ok(full >= 4 && full <= 9, `${full} pages`)
    open = await site.accounts.login(address, password(), session)
    const inbox = await open.select('INBOX', { isReadOnly: false })
    const doomed = inbox.uids().filter((uid) => uid % 100 !== 0)
    await inbox.storeFlags(doomed, 'add', ['\\Deleted'])
    await inbox.expunge()
    const before = await see(open)
    await open.close()
    assert.equal((await countRecords(store)).get('x'), 1)
    open = await site.accounts.login(address, password(), session)
    assert.deepEqual(await see(open), before)
  })

  it('and the log stay short in a session that goes on for long, without any mail coming', async () => {
    const store = openMemoryStore()
    const open = await alice(await makeSite({}, store))
    await open.append('INBOX', chunks(mail('m')), { flags: [] })
    const inbox = await open.select('INBOX', { isReadOnly: false })
    for (let index = 0; index < 2500; index += 1)
      await inbox.storeFlags(inbox.uids(), index % 2 ? 'remove' : 'add', ['\\Seen'])
    const entries = (await countRecords(store)).get('c') ?? 0
    assert.ok(entries < 1000, `${entries} entries`)
  })
})

describe('many mailboxes', () => {
  it('are renamed with the one they are below', async () => {
    const site = await makeSite()
    let open = await alice(site)
    const names = Array.from({ length: 1500 }, (_, index) => `projects/${String(index).padStart(60, '0')}`)
    for (const name of names) await open.createMailbox(name)
    await open.append(names[700] ?? '', chunks(mail('kept')), { flags: [] })
    const renamed = 'old/' + 'long '.repeat(20).trim()
    await open.renameMailbox('projects', renamed)
    const after = new Set(open.mailboxes().map(({ name }) => name))
    assert.equal(after.size, 1500 + 6 + 2)
    for (const name of names) assert.ok(after.has(renamed + name.slice('projects'.length)))
    assert.equal((await open.status(renamed + (names[700] ?? '').slice('projects'.length))).messages, 1)
    await open.close()
    open = await site.accounts.login(address, password(), session)
    assert.deepEqual(new Set(open.mailboxes().map(({ name }) => name)), after)
  })
})
