import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { noEscrow } from '../../src/account/escrow-keeper.ts'
import { noAudit } from '../../src/account/audit.ts'
import { deliver } from '../../src/account/deliver.ts'
import { silentLog } from '../../src/base/ports.ts'
import { isRefusal } from '../../src/account/errors.ts'
import type { OpenAccount, Uid } from '../../src/account/api.ts'
import { sealingKey } from '../../src/account/keys.ts'
import { isEncrypted } from '../../src/pubkey/detect.ts'
import type { Transaction } from '../../src/store/store.ts'
import { KeyRing } from '../pubkey/keys.ts'
import { indexAll, openedTexts, unlock } from './unlocked.ts'
import {
  alice,
  chunks,
  deliverTo,
  mail,
  makeSite,
  password,
  readAll,
  session,
  type TestSite,
} from './support.ts'

const ring = new KeyRing()
const owner = {
  kind: 'password',
  get password() {
    return password()
  },
} as const
const address = 'alice@example.org'

async function inboxOf(account: OpenAccount, name = 'INBOX'): Promise<{ uid: Uid; bytes: Buffer }[]> {
  const inbox = await account.select(name, { isReadOnly: true })
  const found: { uid: Uid; bytes: Buffer }[] = []
  for (const uid of inbox.uids()) found.push({ uid, bytes: await readAll(inbox, uid) })
  inbox.close()
  return found
}

describe('mail for an account with a key of its own', () => {
  let site: TestSite
  let key: Buffer
  before(async () => {
    key = ring.makeGpg('curve25519')
    site = await makeSite()
    // Keys that gpg makes are of this moment.
    site.clock.time = Date.now()
    await (await alice(site)).close()
    await site.accounts.publicKeys.addPublicKeys(address, owner, key)
  })
  after(async () => {
    await site.accounts.close()
    ring.close()
  })

  it('is sealed to it, and gpg opens what was delivered', async () => {
    const sent = mail('Secret plans', 'Attack at dawn.')
    await deliverTo(site.accounts, address, sent)
    const account = await site.accounts.login(address, password(), session)
    const stored = (await inboxOf(account)).at(-1)?.bytes ?? Buffer.alloc(0)
    assert.ok(isEncrypted(stored))
    assert.equal(stored.includes('Attack at dawn'), false)
    assert.deepEqual(ring.openByGpg(stored), sent)
    await account.close()
  })

  it('is what RFC822.SIZE says, also when it was appended', async () => {
    await site.accounts.publicKeys.setSealing(address, owner, { append: true, exceptDrafts: true })
    const account = await site.accounts.login(address, password(), session)
    const { uid } = await account.append('Sent', chunks(mail('Sent by me')), { flags: ['\\Seen'] })
    const draft = await account.append('Drafts', chunks(mail('A draft')), { flags: ['\\Draft'] })
    const sent = await account.select('Sent', { isReadOnly: true })
    const stored = await readAll(sent, uid)
    assert.equal(sent.state(uid)?.sizeBytes, stored.length)
    assert.deepEqual(ring.openByGpg(stored), mail('Sent by me'))
    sent.close()
    const drafts = await account.select('Drafts', { isReadOnly: true })
    assert.deepEqual(await readAll(drafts, draft.uid), mail('A draft'))
    drafts.close()
    await account.close()
  })

  it('is refused and told of when every key has expired, and stored marked where the owner prefers that', async () => {
    const short = ring.makeGpg('curve25519', 'short', '10d')
    const own = await makeSite()
    own.clock.time = Date.now()
    await (await alice(own)).close()
    await own.accounts.publicKeys.addPublicKeys(address, owner, short)
    own.clock.time = Date.now() + 11 * 24 * 3600 * 1000
    await assert.rejects(deliverTo(own.accounts, address, mail('late')), (error) =>
      isRefusal(error, 'key-trouble'),
    )
    await assert.rejects(deliverTo(own.accounts, address, mail('late')), (error) =>
      isRefusal(error, 'key-trouble'),
    )
    await own.accounts.publicKeys.setSealing(address, owner, { onTrouble: 'store-marked' })
    await deliverTo(own.accounts, address, mail('marked'))
    const account = await own.accounts.login(address, password(), session)
    const found = (await inboxOf(account)).map(({ bytes }) => bytes.toString())
    assert.equal(
      found.filter((text) => /^Subject: Your OpenPGP key expires in 10 days/m.test(text)).length,
      1,
    )
    assert.equal(found.filter((text) => /^Subject: Your OpenPGP key has expired/m.test(text)).length, 1)
    assert.equal(
      found.filter((text) => text.startsWith('X-Letterlock-Not-Sealed: every key has expired\r\n')).length,
      1,
    )
    assert.equal(found.length, 3)
    await account.close()
    await own.accounts.close()
  })

  for (const [what, change] of [
    ['taken away', (tx: Transaction) => tx.delete(sealingKey)],
    ['altered', async (tx: Transaction) => tx.put(sealingKey, flipped(await tx.get(sealingKey)))],
  ] as const) {
    it(`is not stored readable, nor is the account opened, when its keys were ${what}`, async () => {
      const own = await makeSite()
      own.clock.time = Date.now()
      await (await alice(own)).close()
      await own.accounts.publicKeys.addPublicKeys(address, owner, key)
      const account = Buffer.from((await own.accounts.info(address)).accountId, 'hex')
      // Beside an arrival, so that nothing else is amiss.
      const parts = { ...own, log: silentLog, audit: noAudit, escrow: noEscrow }
      const alongside = async (tx: Transaction): Promise<void> => change(tx)
      await deliver(parts, account, mail('by the way'), { isNotice: true, alongside })
      await own.restart()
      await assert.rejects(own.accounts.login(address, password(), session), (error) =>
        isRefusal(error, 'damaged'),
      )
      if (what === 'altered')
        await assert.rejects(deliverTo(own.accounts, address, mail('x')), (error) =>
          isRefusal(error, 'damaged'),
        )
      await own.accounts.close()
    })
  }
})

function flipped(bytes: Uint8Array | undefined): Uint8Array {
  const copy = Uint8Array.from(bytes ?? [])
  copy[40] = (copy[40] ?? 0) ^ 1
  return copy
}

describe('older mail', () => {
  const own = new KeyRing()
  after(() => own.close())

  it('is sealed on request: all of it, with dates and flags, resumable, and out of the search text', async () => {
    const site = await makeSite()
    site.clock.time = Date.now()
    const account = await alice(site)
    const internalDate = Date.UTC(2020, 1, 2, 3, 4, 5)
    const flags = ['\\Seen', '$Label1']
    const originals = Array.from({ length: 40 }, (_, index) => mail(`Old ${index}`, `unmistakable ${index}`))
    for (const original of originals)
      await account.append('Archive', chunks(original), { flags, internalDate, zoneMinutes: 60 })
    await site.accounts.publicKeys.addPublicKeys(address, owner, own.makeGpg('curve25519'))
    const seen: number[] = []
    const { finished } = await site.accounts.publicKeys.sealExistingMail(address, owner, (done) =>
      seen.push(done),
    )
    await finished
    assert.ok(seen.length > 1)
    assert.equal((await site.accounts.publicKeys.publicKeys(address)).job, undefined)
    const archive = await account.select('Archive', { isReadOnly: true })
    const uids = archive.uids()
    assert.deepEqual(
      uids,
      Array.from({ length: 40 }, (_, index) => 41 + index),
    )
    for (const [index, uid] of uids.entries()) {
      const state = archive.state(uid)
      assert.deepEqual([...(state?.flags ?? [])].sort(), [...flags].sort())
      assert.equal(state?.internalDate, internalDate)
      const stored = await readAll(archive, uid)
      assert.equal(state.sizeBytes, stored.length)
      if (index % 13 === 0) assert.deepEqual(own.openByGpg(stored), originals[index])
    }
    archive.close()
    await account.close()
    await site.restart()
    const unlocked = await unlock(site, address)
    for (const table of unlocked.state.mailboxes.values()) await indexAll(unlocked, table)
    assert.equal((await openedTexts(unlocked)).includes('unmistakable'), false)
    await unlocked.lock()
    const report = await site.accounts.verify(address, password())
    assert.deepEqual(report.findings, [])
    await site.accounts.close()
  })
})
