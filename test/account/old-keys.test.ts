// After a rotation nothing that was on the disk before opens what is on it now: the old keys with the new store, and the files octet by octet.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { silentLog } from '../../src/base/ports.ts'
import { noAudit } from '../../src/account/audit.ts'
import { noEscrow } from '../../src/account/escrow-keeper.ts'
import type { OwnerSecret } from '../../src/account/api-lifecycle.ts'
import { headerEpoch, openHeader } from '../../src/account/recovery-header.ts'
import { openVault } from '../../src/account/slots.ts'
import type { Vault } from '../../src/account/vault.ts'
import { boxEpoch } from '../../src/crypto/box.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import type { Store } from '../../src/store/store.ts'
import { LevelHarness } from '../store/level-kit.ts'
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
const gate = new KdfGate({ parallel: 1, queue: 8, minimumMemoryKiB: 8 })

interface Piece {
  readonly name: string
  readonly bytes: Buffer
}

/** What would give something away, each as 32 octets that occur once: of every record and header, and of bodies if wanted. */
async function pieces(store: Store, account: Buffer, withBodies: boolean): Promise<Piece[]> {
  const found: Piece[] = []
  await store.read(account, async (snapshot) => {
    for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) }))
      for (const [key, value] of page) {
        // A chain head is no secret and no key, and so is the mark of a job.
        if (value.length < 100) continue
        const name = Buffer.from(key.subarray(0, 2)).toString('latin1')
        found.push({ name, bytes: Buffer.from(value.subarray(value.length - 48, value.length - 16)) })
      }
  })
  for await (const { blobId, recoveryHeader, lengthBytes, count } of store.blobs.scan(account)) {
    found.push({
      name: 'header',
      bytes: Buffer.from(recoveryHeader.subarray(recoveryHeader.length - 40, -8)),
    })
    if (withBodies && count > 0)
      found.push({
        name: 'body',
        bytes: await store.blobs.read(account, blobId, lengthBytes - 64, lengthBytes - 32),
      })
  }
  return found
}

async function filesBelow(directory: string): Promise<Buffer[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile())
  return Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name))))
}

async function remnants(directory: string, before: readonly Piece[]): Promise<string[]> {
  const files = await filesBelow(directory)
  return before.filter(({ bytes }) => files.some((file) => file.includes(bytes))).map(({ name }) => name)
}

async function lived(level: LevelHarness): Promise<TestSite> {
  const site = await makeSite({}, level.store)
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

/** The keys as somebody has them who copied the key records and the site key before. */
async function oldKeys(site: TestSite, account: Buffer, secret: 'site' | 'password'): Promise<Vault> {
  const parts = {
    store: site.store,
    siteKey: site.siteKey,
    clock: site.clock,
    log: silentLog,
    audit: noAudit,
    escrow: noEscrow,
  }
  const slot =
    secret === 'site'
      ? ({ kind: 'server', siteKey: site.siteKey } as const)
      : ({ kind: 'password', password: password() } as const)
  return (await openVault(parts, account, slot, gate)).vault
}

async function openedByOldKeys(store: Store, account: Buffer, vault: Vault): Promise<string[]> {
  const opened: string[] = []
  await store.read(account, async (snapshot) => {
    for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) }))
      for (const [key, value] of page) {
        const name = Buffer.from(key.subarray(0, 2)).toString('latin1')
        if (['ks', 'kk', 'kc', 'kj'].includes(name) || 'hd'.includes(name[0] ?? '')) continue
        // The epoch is authenticated with the box and part of what its key comes from: another root does not open it.
        if (boxEpoch(value) <= vault.epoch) opened.push(name)
      }
  })
  for await (const { blobId, recoveryHeader } of store.blobs.scan(account)) {
    if (headerEpoch(recoveryHeader) <= vault.epoch) opened.push('header of an older epoch')
    if (openHeader(vault, blobId, recoveryHeader)) opened.push('header')
  }
  return opened
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
        const known = await pieces(level.store, account, withBodies)
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
})
