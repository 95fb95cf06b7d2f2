// Sealed search text: it is built, it shrinks with its messages in the same commit, and nothing of it outlives a rotation.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { boxEpoch } from '../../src/crypto/box.ts'
import type { Uid } from '../../src/account/api.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { transfer } from '../../src/account/copy.ts'
import { expunge } from '../../src/account/expunge.ts'
import type { MailboxTable } from '../../src/account/mailbox-table.ts'
import { deleteMailbox } from '../../src/account/mailboxes.ts'
import { Indexing } from '../../src/account/text-indexing.ts'
import { textState } from '../../src/account/text-state.ts'
import type { UnlockedAccount } from '../../src/account/unlocked-account.ts'
import { FailingStore } from './failing-store.ts'
import { alice, chunks, makeSite, password, session, type TestSite } from './support.ts'
import { indexAll, indexedUids, openedTexts, recordsOf, unlock } from './unlocked.ts'

const address = 'alice@example.org'
const word = (index: number): string => `xyzzy${index}q`

function message(index: number, bodyBytes = 2000): Buffer {
  const filler = Array.from({ length: bodyBytes / 10 }, (_, at) => `w${(at * 7919 + index) % 1000} `).join('')
  return Buffer.from(
    `From: b@example.org\r\nSubject: subject ${word(index)}\r\nX-Word: ${word(index)}x\r\n\r\n${filler} ${word(index)}b\r\n`,
  )
}

interface Prepared {
  readonly site: TestSite
  readonly disk: FailingStore
  readonly inner: Store
}

async function prepared(count: number, bodyBytes?: number): Promise<Prepared> {
  const inner = openMemoryStore()
  const disk = new FailingStore(inner)
  const site = await makeSite({}, disk.store)
  const open = await alice(site)
  for (let index = 1; index <= count; index += 1)
    await open.append('INBOX', chunks(message(index, bodyBytes)), { flags: ['\\Deleted'] })
  await open.close()
  return { site, disk, inner }
}

async function indexed(site: TestSite): Promise<[UnlockedAccount, MailboxTable]> {
  const account = await unlock(site, address)
  const table = await account.mailbox('INBOX')
  await indexAll(account, table)
  return [account, table]
}

const uids = (table: MailboxTable): Uid[] => Array.from(table.uids) as Uid[]
const has = (texts: Buffer, index: number): boolean => texts.includes(word(index))

describe('search text', () => {
  it('holds every message once, in pages that do not overlap', async () => {
    const { site } = await prepared(150)
    const [account, table] = await indexed(site)
    const pages = await indexedUids(account, table)
    assert.deepEqual(pages.flat(), uids(table))
    assert.ok(pages.length > 1)
    await account.lock()
  })

  it('is built while an account is open, and when the last session ends', async () => {
    const { site } = await prepared(40)
    const account = await unlock(site, address)
    const pages = await indexedUids(account, await account.mailbox('INBOX'))
    assert.ok(pages.length > 0)
    await account.lock()
  })

  it('has no word of a message that was expunged, by the same commit', async () => {
    const { site } = await prepared(150)
    const [account, table] = await indexed(site)
    const gone = uids(table).filter((uid) => uid % 40 === 3)
    await expunge(account, table, gone, { all: true }, undefined)
    const texts = await openedTexts(account)
    for (let uid = 1; uid <= 150; uid += 1)
      assert.equal(has(texts, uid), !gone.includes(uid as Uid), `${uid}`)
    assert.deepEqual((await indexedUids(account, table)).flat(), uids(table))
    await account.lock()
  })

  it('goes by whole pages where one commit would write too many again, and is made good later', async () => {
    const { site } = await prepared(200, 45_000)
    const [account, table] = await indexed(site)
    assert.ok((await indexedUids(account, table)).length > 20)
    const gone = uids(table).filter((uid) => uid % 4 === 1)
    await expunge(account, table, gone, { all: true }, undefined)
    const texts = await openedTexts(account)
    for (const uid of gone) assert.ok(!texts.includes(`${word(uid)}b`))
    assert.ok((await indexedUids(account, table)).flat().length < uids(table).length)
    assert.ok(textState(table).missing.size > 0)
    const indexing = new Indexing(account)
    // Somebody waits at the door: it is put off.
    const before = textState(table).missing.size
    await indexing.finish(() => true)
    assert.equal(textState(table).missing.size, before)
    while (textState(table).missing.size > 0) await indexing.finish(() => false)
    assert.deepEqual((await indexedUids(account, table)).flat(), uids(table))
    await account.lock()
  })

  it('leaves with messages that are moved, and with a mailbox that is deleted', async () => {
    const { site } = await prepared(60)
    const [account, table] = await indexed(site)
    await transfer(account, table, 'Archive', uids(table).slice(0, 30), true, undefined)
    assert.deepEqual((await indexedUids(account, table)).flat(), uids(table))
    const archive = await account.mailbox('Archive')
    await indexAll(account, archive)
    assert.equal((await indexedUids(account, archive)).flat().length, 30)
    await deleteMailbox(account, 'Archive', {})
    const letters = (await recordsOf(account)).filter(([key]) => key.subarray(1, 17).equals(archive.idBytes))
    assert.deepEqual(letters, [])
    await account.lock()
  })

  it('does not come back when messages are expunged while they are indexed', async () => {
    const { site } = await prepared(100)
    const account = await unlock(site, address)
    const table = await account.mailbox('INBOX')
    const gone = uids(table).filter((uid) => uid % 3 === 0)
    await Promise.all([indexAll(account, table), expunge(account, table, gone, { all: true }, undefined)])
    assert.deepEqual((await indexedUids(account, table)).flat(), uids(table))
    const texts = await openedTexts(account)
    for (const uid of gone) assert.ok(!has(texts, uid))
    await account.lock()
  })

  it('holds no word of a removed message after any of the commits, wherever the process is killed', async () => {
    for (let kill = 0; ; kill += 1) {
      const { site, disk, inner } = await prepared(90)
      const [account, table] = await indexed(site)
      disk.killAfter(kill)
      let isDone = true
      const gone: Uid[] = []
      try {
        for (const uid of uids(table).filter((each) => each % 20 === 0)) {
          await expunge(account, table, [uid], { all: true }, undefined)
          gone.push(uid)
        }
      } catch {
        isDone = false
      }
      await account.lock()
      const after = await unlock({ ...site, accounts: await site.reopen(inner), store: inner }, address)
      const present = await after.mailbox('INBOX')
      const texts = await openedTexts(after)
      for (let uid = 1; uid <= 90; uid += 1) assert.equal(has(texts, uid), present.has(uid), `${uid}`)
      for (const uid of gone) assert.ok(!present.has(uid))
      await after.lock()
      if (isDone) return
    }
  })

  it('is sealed anew by a rotation: nothing of an older epoch remains', async () => {
    const { site } = await prepared(100)
    const [account] = await indexed(site)
    await account.lock()
    const open = await site.accounts.login(address, password(), session)
    const { finished } = await site.accounts.enableAtRest(address, password())
    await finished
    await open.close()
    const after = await unlock(site, address)
    const pages = (await recordsOf(after)).filter(([key]) => key.toString('latin1', 0, 1) === 't')
    assert.ok(pages.length > 0)
    for (const [, sealed] of pages) assert.equal(boxEpoch(sealed), after.vault.epoch)
    const table = await after.mailbox('INBOX')
    assert.deepEqual((await indexedUids(after, table)).flat(), uids(table))
    await after.lock()
  })
})
