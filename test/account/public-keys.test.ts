import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { noEscrow } from '../../src/account/escrow-keeper.ts'
import { noAudit } from '../../src/account/audit.ts'
import { deliverNotice } from '../../src/account/deliver.ts'
import { silentLog } from '../../src/base/ports.ts'
import { isRefusal } from '../../src/account/errors.ts'
import type { Accounts, OpenAccount, Uid } from '../../src/account/api.ts'
import { sealingKey } from '../../src/account/keys.ts'
import { isEncrypted } from '../../src/pubkey/detect.ts'
import { openAccounts } from '../../src/account/accounts.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { collect, deferred } from '../../src/base/async.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store, Transaction } from '../../src/store/store.ts'
import { FailingStore } from './failing-store.ts'
import { KeyRing } from '../pubkey/keys.ts'
import { indexAll, openedTexts, unlock } from './unlocked.ts'
import {
  alice,
  cheapKdf,
  chunks,
  deliverTo,
  mail,
  makeSite,
  overriding,
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
      await deliverNotice(parts, account, mail('by the way'), alongside)
      await own.restart()
      await assert.rejects(own.accounts.login(address, password(), session), (error) =>
        isRefusal(error, 'damaged'),
      )
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

describe('sealing older mail', () => {
  const own = new KeyRing()
  let key: Buffer
  before(() => {
    key = own.makeGpg('p256')
  })
  after(() => own.close())

  async function prepared(inner: Store): Promise<{ site: TestSite; disk: FailingStore; count: number }> {
    const disk = new FailingStore(inner)
    const site = await makeSite({}, disk.store)
    site.clock.time = Date.now()
    const account = await alice(site)
    for (let index = 0; index < 70; index += 1)
      await account.append(index % 2 ? 'INBOX' : 'Archive', chunks(mail(`m${index}`)), {
        flags: [`k${index}`],
      })
    await account.append('Drafts', chunks(mail('draft')), { flags: ['\\Draft'] })
    await account.close()
    await site.accounts.publicKeys.addPublicKeys(address, owner, key)
    await site.accounts.publicKeys.setSealing(address, owner, { exceptDrafts: true })
    return { site, disk, count: 70 }
  }

  async function seal(accounts: Accounts): Promise<void> {
    const { finished } = await accounts.publicKeys.sealExistingMail(address, owner)
    await finished
  }

  async function checkSealed(accounts: Accounts, count: number): Promise<void> {
    const account = await accounts.login(address, password(), session)
    for (let turns = 0; turns < 4000; turns += 1) {
      if (!(await accounts.publicKeys.publicKeys(address)).job) break
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const flags: string[] = []
    for (const name of ['INBOX', 'Archive']) {
      const mailbox = await account.select(name, { isReadOnly: true })
      for (const uid of mailbox.uids()) {
        flags.push(...(mailbox.state(uid)?.flags ?? []))
        assert.ok(isEncrypted(await readAll(mailbox, uid)), `${name} ${uid}`)
      }
      mailbox.close()
    }
    assert.equal(flags.length, count)
    assert.equal(new Set(flags).size, count)
    const [draft] = await inboxOf(account, 'Drafts')
    assert.deepEqual(draft?.bytes, mail('draft'))
    await account.close()
    const report = await accounts.verify(address, password())
    assert.deepEqual(report.findings, [])
  }

  it('can be cancelled on the way, and stays so: what is sealed is sealed, the rest as it was', async () => {
    const { site, count } = await prepared(openMemoryStore())
    const { publicKeys } = site.accounts
    await assert.rejects(publicKeys.cancelSealing(address, owner), (error) =>
      isRefusal(error, 'nothing-to-do'),
    )
    const cancelled = deferred<undefined>()
    const { finished } = await publicKeys.sealExistingMail(address, owner, () => {
      publicKeys.cancelSealing(address, owner).then(
        () => cancelled.resolve(undefined),
        () => undefined,
      )
    })
    await assert.rejects(finished, /was cancelled/)
    await cancelled.promise
    assert.equal((await publicKeys.publicKeys(address)).job, undefined)
    await assert.rejects(publicKeys.cancelSealing(address, owner), (error) =>
      isRefusal(error, 'nothing-to-do'),
    )
    await site.restart()
    const account = await site.accounts.login(address, password(), session)
    const found: { readonly flag: string; readonly isSealed: boolean }[] = []
    for (const name of ['INBOX', 'Archive']) {
      const mailbox = await account.select(name, { isReadOnly: true })
      for (const uid of mailbox.uids()) {
        const [flag = ''] = mailbox.state(uid)?.flags ?? []
        found.push({ flag, isSealed: isEncrypted(await readAll(mailbox, uid)) })
      }
      mailbox.close()
    }
    assert.equal(new Set(found.map(({ flag }) => flag)).size, count)
    assert.equal(found.length, count)
    assert.ok(found.some(({ isSealed }) => isSealed) && found.some(({ isSealed }) => !isSealed))
    await account.close()
    assert.equal((await site.accounts.publicKeys.publicKeys(address)).job, undefined)
    assert.deepEqual((await site.accounts.verify(address, password())).findings, [])
    // And begun again it takes the rest.
    await seal(site.accounts)
    await checkSealed(site.accounts, count)
  })

  it('can be killed after each of its commits, loses nothing, and goes on at the next login', async () => {
    const whole = await prepared(openMemoryStore())
    const before = whole.disk.transactions
    await seal(whole.site.accounts)
    const commits = whole.disk.transactions - before
    await checkSealed(whole.site.accounts, whole.count)
    assert.ok(commits >= 4, `${commits} commits`)
    let resumed = 0
    for (let after = 1; after <= commits; after += 1) {
      const inner = openMemoryStore()
      const { site, disk, count } = await prepared(inner)
      disk.killAfter(after)
      await seal(site.accounts).catch((error: unknown) => {
        assert.ok(isRefusal(error), String(error))
      })
      const accounts = await site.reopen(inner)
      if ((await accounts.publicKeys.publicKeys(address)).job) resumed += 1
      else await seal(accounts)
      await checkSealed(accounts, count)
      await accounts.close()
    }
    assert.ok(resumed >= 2, `${resumed} resumed`)
  })

  for (const [what, fault] of [
    [
      'a bit of it is another',
      (bytes: Buffer) => void (bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1),
    ],
    ['it is another’s', (bytes: Buffer) => void randomFillSync(bytes)],
    ['its header is another', (bytes: Buffer) => void (bytes[3] = 9)],
  ] as const) {
    it(`leaves the originals where what was stored does not read back: ${what}`, async () => {
      const inner = openMemoryStore()
      const { site, count } = await prepared(inner)
      let written = 0
      // What is on the disk is not what was written.
      const blobs = overriding(inner.blobs, {
        stage: async (id, blob, header, source) => {
          const bytes = Buffer.from(source instanceof Uint8Array ? source : await collect(source))
          if (written++ % 5 === 4) fault(bytes)
          return inner.blobs.stage(id, blob, header, bytes)
        },
      })
      const faulty = await site.reopen(overriding(inner, { blobs }))
      // From before, so that it does not go on with the work while it looks.
      const account = await faulty.login(address, password(), session)
      await assert.rejects(seal(faulty), (error) => isRefusal(error, 'unavailable'))
      assert.match((await faulty.publicKeys.publicKeys(address)).job?.waitsFor ?? '', /read back/)
      const found = [...(await inboxOf(account)), ...(await inboxOf(account, 'Archive'))]
      assert.equal(found.length, count)
      for (const { bytes } of found) assert.equal(isEncrypted(bytes), false)
      await account.close()
      await faulty.close()
      const accounts = await site.reopen(inner)
      await (await accounts.login(address, password(), session)).close()
      await checkSealed(accounts, count)
      await accounts.close()
    })
  }

  it('waits where the quota does not let it, and says so', async () => {
    const { site } = await prepared(openMemoryStore())
    const { usedBytes } = await site.accounts.info(address)
    await site.accounts.setQuota(address, usedBytes + 100)
    await assert.rejects(seal(site.accounts), (error) => isRefusal(error, 'over-quota'))
    assert.match((await site.accounts.publicKeys.publicKeys(address)).job?.waitsFor ?? '', /quota/)
    await site.accounts.setQuota(address, undefined)
    await seal(site.accounts)
    assert.equal((await site.accounts.publicKeys.publicKeys(address)).job, undefined)
    await site.accounts.close()
  })
})

describe('keys of an account', () => {
  const own = new KeyRing()
  after(() => own.close())

  it('are told of 30, 7 and 1 days before they expire, and then, once each, also where no mail comes', async () => {
    const site = await makeSite({ keyNoticesMs: 3600_000 })
    site.clock.time = Date.now()
    await (await alice(site)).close()
    await site.accounts.publicKeys.addPublicKeys(address, owner, own.makeGpg('curve25519', 'forty', '40d'))
    const start = Date.now()
    for (const day of [5, 11, 12, 34, 34.5, 39.2, 39.5, 40.1, 41]) {
      site.clock.time = start + day * 24 * 3600 * 1000
      // It looks around when it is opened.
      await site.restart()
      for (let turns = 0; turns < 200; turns += 1) await new Promise((resolve) => setImmediate(resolve))
    }
    const account = await site.accounts.login(address, password(), session)
    const subjects = (await inboxOf(account)).map(
      ({ bytes }) => /^Subject: (.*)\r$/m.exec(bytes.toString())?.[1],
    )
    assert.deepEqual(subjects, [
      'Your OpenPGP key expires in 29 days',
      'Your OpenPGP key expires in 6 days',
      'Your OpenPGP key expires within a day',
      'Your OpenPGP key has expired: mail for you is being refused',
    ])
    await account.close()
    await site.accounts.close()
  })

  it('are each recipient’s own, and appended mail goes the same way in every form', async () => {
    const site = await makeSite({ sealing: { isEnabled: true, append: true, smimeCipher: 'auto' } })
    site.clock.time = Date.now()
    await (await alice(site)).close()
    const bob = 'bob@example.org'
    await site.accounts.create(bob, password())
    const certificate = own.makeCertificate('p256-cert')
    await site.accounts.publicKeys.addPublicKeys(address, owner, own.makeGpg('p256', 'alices'))
    await site.accounts.publicKeys.addPublicKeys(bob, owner, certificate)
    const message = mail('to both')
    await Promise.all([deliverTo(site.accounts, address, message), deliverTo(site.accounts, bob, message)])
    const bobs = await site.accounts.login(bob, password(), session)
    const [toBob] = await inboxOf(bobs)
    assert.deepEqual(own.openByOpenssl(toBob?.bytes ?? Buffer.alloc(0), 'p256-cert'), message)
    await bobs.close()

    const account = await site.accounts.login(address, password(), session)
    const inbox = await account.select('INBOX', { isReadOnly: false })
    const [first] = inbox.uids()
    assert.ok(first)
    assert.deepEqual(own.openByGpg(await readAll(inbox, first)), message)
    // MULTIAPPEND, then REPLACE of one of them (RFC 3502, RFC 8508).
    const several = account.stageAppend('INBOX')
    for (const name of ['one', 'two']) await several.add(chunks(mail(name)), { flags: [] })
    const { uids } = await several.commit()
    const [one] = uids
    assert.ok(one)
    const replacing = account.stageAppend('INBOX', { mailbox: inbox, uid: one })
    await replacing.add(chunks(mail('three')), { flags: [] })
    const [three] = (await replacing.commit()).uids
    for (const [uid, name] of [
      [uids[1], 'two'],
      [three, 'three'],
    ] as const) {
      assert.ok(uid)
      const stored = await readAll(inbox, uid)
      assert.equal(inbox.state(uid)?.sizeBytes, stored.length)
      assert.deepEqual(own.openByGpg(stored), mail(name))
    }
    // What is sealed already is not sealed again.
    const again = await account.append('Archive', chunks(await readAll(inbox, first)), { flags: [] })
    inbox.close()
    const archive = await account.select('Archive', { isReadOnly: true })
    assert.deepEqual(own.openByGpg(await readAll(archive, again.uid)), message)
    archive.close()
    await account.close()
    await site.accounts.close()
  })

  it('are not used where the site has switched that off: mail is marked, and the owner is told once', async () => {
    const store = openMemoryStore()
    const site = await makeSite({}, store)
    site.clock.time = Date.now()
    await (await alice(site)).close()
    await site.accounts.publicKeys.addPublicKeys(address, owner, own.makeGpg('curve25519', 'off'))
    await site.accounts.close()
    const off = await openAccounts({
      ...{ store, siteKey: site.siteKey, clock: site.clock, log: silentLog, kdf: cheapKdf },
      gate: new KdfGate({ parallel: 2, queue: 64, minimumMemoryKiB: 8 }),
      sealing: { isEnabled: false, append: false, smimeCipher: 'auto' },
    })
    await deliverTo(off, address, mail('a'))
    await deliverTo(off, address, mail('b'))
    await assert.rejects(off.publicKeys.addPublicKeys(address, owner, own.gpg(['--export'])), (error) =>
      isRefusal(error, 'not-permitted'),
    )
    const account = await off.login(address, password(), session)
    const found = (await inboxOf(account)).map(({ bytes }) => bytes.toString())
    assert.equal(found.filter((text) => text.startsWith('X-Letterlock-Not-Sealed: the site has')).length, 2)
    assert.equal(found.filter((text) => /^Subject: Mail is not sealed/m.test(text)).length, 1)
    await account.close()
    await off.close()
  })
})
