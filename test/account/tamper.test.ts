// A hostile disk: every stored record of an account flipped, cut, removed, replaced by an older one or moved. Nothing wrong may be shown.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal } from '../../src/account/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { look, refusedOrTrue, type Shown } from './looks.ts'
import { chunks, deliverTo, mail, makeSite, password, session, type TestSite } from './support.ts'
import { TamperingStore } from './tampering-store.ts'

async function prepared(): Promise<{ site: TestSite; disk: TamperingStore; truth: Shown }> {
  const disk = new TamperingStore(openMemoryStore())
  const site = await makeSite({}, disk.store)
  await site.accounts.create('alice@example.org', password())
  await site.accounts.create('mallory@example.org', password('mallory'))
  let open = await site.accounts.login('alice@example.org', password(), session)
  for (let index = 0; index < 100; index += 1) {
    await open.append('INBOX', chunks(mail(`early ${index}`)), { flags: index % 3 ? ['\\Seen'] : ['work'] })
  }
  await open.close()
  open = await site.accounts.login('alice@example.org', password(), session)
  const inbox = await open.select('INBOX', { isReadOnly: false })
  await inbox.copy(inbox.uids().slice(0, 3), 'Archive')
  await inbox.storeFlags(inbox.uids().slice(5, 9), 'add', ['\\Flagged'])
  await open.append('Drafts', chunks(mail('long', 'x'.repeat(150_000))), { flags: ['\\Draft'] })
  await open.close()
  await deliverTo(site.accounts, 'alice@example.org', mail('waiting'))
  await disk.capture()
  const truth = await look(site.accounts)
  disk.restore()
  return { site, disk, truth }
}

describe('a tampered store', () => {
  it('never shows wrong or less mail, whichever record is flipped, cut or removed', async () => {
    const { site, disk, truth } = await prepared()
    const alice = (await site.accounts.info('alice@example.org')).accountId
    const kinds = new Map<string, number>()
    for (const { key, value } of disk.records(alice)) {
      const kind =
        key.toString('latin1', 0, 1) === 'k' ? key.toString('latin1', 0, 2) : key.toString('latin1', 0, 1)
      const tried = kinds.get(kind) ?? 0
      kinds.set(kind, tried + 1)
      // Search text is derived: what becomes of it is in search-text.test.ts.
      if (tried >= 4 || kind === 't') continue
      const places = [0, 1, 5, 20, 40, 63, 70, value.length >> 1, value.length - 1]
      for (const at of places) {
        const flipped = Buffer.from(value)
        flipped[at % value.length] = (flipped[at % value.length] ?? 0) ^ 0x10
        const what = `${kind} flipped at ${at}`
        disk.replace(alice, key, flipped)
        const refused = await refusedOrTrue(site.accounts, truth, what)
        // The conversion mark and the spare recovery header decide nothing; every other bit must matter.
        assert.ok(refused, what)
        disk.restore()
      }
      disk.replace(alice, key, value.subarray(0, value.length - 1))
      assert.ok(await refusedOrTrue(site.accounts, truth, `${kind} cut`), `${kind} cut`)
      disk.restore()
      disk.replace(alice, key, undefined)
      assert.ok(await refusedOrTrue(site.accounts, truth, `${kind} removed`), `${kind} removed`)
      disk.restore()
    }
    assert.deepEqual([...kinds.keys()].sort(), [
      'L',
      'c',
      'd',
      'h',
      'kc',
      'kk',
      'ks',
      'm',
      'n',
      'p',
      't',
      'x',
    ])
    assert.equal(await refusedOrTrue(site.accounts, truth, 'untouched'), false)
  })

  it('refuses records of another account, another mailbox and another UID in their place', async () => {
    const { site, disk, truth } = await prepared()
    const alice = (await site.accounts.info('alice@example.org')).accountId
    const mallory = (await site.accounts.info('mallory@example.org')).accountId
    const own = disk.records(alice)
    for (const { key, value } of disk.records(mallory)) {
      disk.replace(alice, key, value)
      if (own.some((record) => record.key.equals(key))) {
        assert.ok(
          await refusedOrTrue(site.accounts, truth, 'foreign'),
          `foreign ${key.toString('latin1', 0, 2)}`,
        )
      }
      disk.restore()
    }
    for (const kind of ['m', 'p', 'x', 'c', 'L']) {
      const same = own.filter(({ key }) => key.toString('latin1', 0, 1) === kind)
      const [first, second] = same
      if (!first || !second) continue
      disk.replace(alice, first.key, second.value)
      disk.replace(alice, second.key, first.value)
      assert.ok(await refusedOrTrue(site.accounts, truth, `swapped ${kind}`), `swapped ${kind}`)
      disk.restore()
    }
  })

  it('refuses bodies that are flipped, cut, or another message’s', async () => {
    const { site, disk, truth } = await prepared()
    const alice = (await site.accounts.info('alice@example.org')).accountId
    const blobs = await disk.blobs(alice)
    for (const tamper of ['flip', 'cut', 'swap'] as const) {
      disk.tamperBlobs(tamper, blobs)
      assert.ok(await refusedOrTrue(site.accounts, truth, tamper), tamper)
      disk.restore()
    }
  })

  it('notices a single record put back as it was before', async () => {
    const { site, disk } = await prepared()
    const alice = (await site.accounts.info('alice@example.org')).accountId
    const old = disk.records(alice)
    const open = await site.accounts.login('alice@example.org', password(), session)
    const inbox = await open.select('INBOX', { isReadOnly: false })
    for (const uid of inbox.uids().slice(0, 40)) await inbox.storeFlags([uid], 'add', ['\\Deleted'])
    await inbox.expunge()
    await open.close()
    await site.accounts.changePassword('alice@example.org', password(), password('second'))
    await site.accounts.changePassword('alice@example.org', password('second'), password())
    const truth = await look(site.accounts)
    await disk.capture()
    const now = new Map(disk.records(alice).map(({ key, value }) => [key.toString('hex'), value]))
    let replayed = 0
    for (const { key, value } of old) {
      if (now.get(key.toString('hex'))?.equals(value)) continue
      // Records that nothing names any more, and pages that hold expunged messages besides, change nothing. Others are refused.
      const kind = key.toString('latin1', 0, 1)
      const isLive = now.has(key.toString('hex'))
      disk.replace(alice, key, value)
      const refused = await refusedOrTrue(site.accounts, truth, `replayed ${key.toString('latin1', 0, 2)}`)
      if ((isLive && kind !== 'p' && kind !== 't') || kind === 'd')
        assert.ok(refused, `replayed ${key.toString('latin1', 0, 2)}`)
      disk.restore()
      replayed += 1
    }
    assert.ok(replayed >= 5)
  })

  it('gives a temporary refusal to mail when the delivery key is missing, damaged or another’s', async () => {
    const { site, disk } = await prepared()
    const alice = (await site.accounts.info('alice@example.org')).accountId
    const mallory = (await site.accounts.info('mallory@example.org')).accountId
    const card = Buffer.from('kc')
    const own = disk.records(alice).find(({ key }) => key.equals(card))?.value ?? Buffer.alloc(0)
    const foreign = disk.records(mallory).find(({ key }) => key.equals(card))?.value
    const flipped = Buffer.from(own)
    flipped[100] = (flipped[100] ?? 0) ^ 1
    for (const value of [undefined, flipped, own.subarray(0, 50), foreign]) {
      disk.replace(alice, card, value)
      const before = disk.records(alice).length
      await assert.rejects(deliverTo(site.accounts, 'alice@example.org', mail('secret')), (error) =>
        isRefusal(error, 'damaged'),
      )
      assert.equal(disk.records(alice).length, before)
      disk.restore()
    }
  })
})
