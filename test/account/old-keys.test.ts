// After a rotation nothing that was on the disk before opens what is on it now: the old keys with the new store, and the files octet by octet.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OwnerSecret } from '../../src/account/api-lifecycle.ts'
import { slotsKey } from '../../src/account/keys.ts'
import { decodeSlotList } from '../../src/crypto/slot-list.ts'
import type { Store } from '../../src/store/store.ts'
import { LevelHarness } from '../store/level-kit.ts'
import { oldKeys, openedByOldKeys } from './keys-before.ts'
import { piecesOf, remnants, type Piece } from './remnants.ts'
import { iterations, scramLogin } from './scram-logins.ts'
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

const address = 'alice@example.org'
const owner: OwnerSecret = { kind: 'password', password: password() }

async function lived(level: LevelHarness): Promise<TestSite> {
  const site = await makeSite({ scramIterations: iterations }, level.store)
  let open = await alice(site)
  for (let index = 0; index < 90; index += 1)
    await open.append(index % 4 ? 'INBOX' : 'Archive', chunks(mail(`m${index}`)), { flags: [] })
  const inbox = await open.select('INBOX', { isReadOnly: false })
  await inbox.copy(inbox.uids().slice(0, 10), 'Archive')
  const [gone] = inbox.uids().slice(20)
  assert.ok(gone)
  await inbox.storeFlags([gone], 'add', ['\\Deleted'])
  await inbox.expunge()
  await open.close()
  for (let index = 0; index < 5; index += 1) await deliverTo(site.accounts, address, mail(`adopted ${index}`))
  open = await site.accounts.login(address, password(), session)
  await open.status('INBOX')
  await open.close()
  await deliverTo(site.accounts, address, mail('waiting'))
  return site
}

/** Subjects by mailbox, with the identifiers of their messages. */
async function contents(site: TestSite): Promise<string[]> {
  const open = await site.accounts.login(address, password(), session)
  const found: string[] = []
  for (const name of ['INBOX', 'Archive']) {
    const mailbox = await open.select(name, { isReadOnly: true })
    for (const uid of mailbox.uids()) {
      const text = (await readAll(mailbox, uid)).toString()
      const emailId = (await mailbox.content(uid))?.emailId ?? ''
      found.push(`${name} ${uid} ${emailId} ${/^Subject: (.*)$/m.exec(text)?.[1]?.trim() ?? ''}`)
    }
    mailbox.close()
  }
  await open.close()
  return found
}

/** The slot for SCRAM and its verifier, as they lie on the disk. */
async function scramPieces(store: Store, account: Buffer): Promise<Piece[]> {
  const bytes = await store.read(account, (snapshot) => snapshot.get(slotsKey))
  assert.ok(bytes)
  return decodeSlotList(bytes).slots.flatMap(({ scram, capsule, publicKey }) =>
    scram
      ? [
          { name: 'capsule', bytes: capsule.subarray(100, 132) },
          { name: 'verifier', bytes: scram.verifier.subarray(31, 63) },
          { name: 'public key', bytes: publicKey.subarray(100, 132) },
        ]
      : [],
  )
}

describe('what was on the disk before', () => {
  const rows: readonly [name: string, withBodies: boolean, run: (site: TestSite) => Promise<unknown>][] = [
    [
      'turning encryption on',
      false,
      async ({ accounts }) => (await accounts.enableAtRest(address, password())).finished,
    ],
    [
      'a rotation',
      false,
      async ({ accounts }) =>
        (await accounts.atRest.rotateKeys(address, owner, { reencrypt: false })).finished,
    ],
    [
      'a rotation with new bodies',
      true,
      async ({ accounts }) =>
        (await accounts.atRest.rotateKeys(address, owner, { reencrypt: true })).finished,
    ],
  ]
  for (const [name, withBodies, run] of rows)
    it(`opens nothing after ${name}, and is nowhere in the files`, async () => {
      const level = await LevelHarness.start()
      try {
        const site = await lived(level)
        const account = Buffer.from((await site.accounts.info(address)).accountId, 'hex')
        const before = await contents(site)
        await deliverTo(site.accounts, address, mail('waits'))
        const vault = await oldKeys(site, account, 'site')
        // What the volume key was sealed to in the slot for SCRAM goes too; the slot's public key stays, and its verifier.
        const capsules = (await scramPieces(level.store, account)).slice(0, 1)
        const known = [...(await piecesOf(level.store, account, withBodies)), ...capsules]
        assert.ok(known.length > 100)
        assert.ok(
          known.every(({ bytes }) => bytes.length === 32),
          'every piece is one',
        )
        await run(site)
        assert.deepEqual(await openedByOldKeys(level.store, account, vault), [])
        assert.deepEqual(await remnants(level.directory, known), [])
        const after = await contents(site)
        assert.equal(after.length, before.length + 1)
        assert.deepEqual(
          after.filter((line) => !line.endsWith(' waits')),
          before,
        )
        const report = await site.accounts.verify(address, password())
        assert.deepEqual(report.findings, [])
        await site.restart()
        assert.deepEqual(await contents(site), after)
        vault.wipe()
        await site.accounts.close()
      } finally {
        await level.end()
      }
    })

  it('lets no old password in by SCRAM after a change and a rotation, and its slot is nowhere in the files', async () => {
    const level = await LevelHarness.start()
    try {
      const site = await lived(level)
      const { accounts } = site
      const account = Buffer.from((await accounts.info(address)).accountId, 'hex')
      await (
        await accounts.enableAtRest(address, password())
      ).finished
      const known = await scramPieces(level.store, account)
      assert.equal(known.length, 3)
      await accounts.changePassword(address, password(), password('second'))
      await assert.rejects(scramLogin(accounts, address))
      await (await scramLogin(accounts, address, 'second')).close()
      const secret = { kind: 'password', password: password('second') } as const
      await (
        await accounts.atRest.rotateKeys(address, secret, { reencrypt: false })
      ).finished
      assert.deepEqual(await remnants(level.directory, known), [])
      await (await scramLogin(accounts, address, 'second')).close()
      await accounts.close()
    } finally {
      await level.end()
    }
  })
})
