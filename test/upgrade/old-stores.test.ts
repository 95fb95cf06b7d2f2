// Stores that earlier releases wrote, and left by kill -9, are opened whole by this one: every message, flag, UID, secret and backup.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { LmtpSession } from '../support/lmtp-session.ts'
import { frozenNames, FrozenSite } from './frozen.ts'
import type { AccountPromise } from './promise.ts'
import { sha256, snapshot, type MailboxView } from './snapshot.ts'

/** All messages of an account, by what they hold. */
const hashesOf = (mail: readonly MailboxView[] | undefined): readonly string[] =>
  (mail ?? []).flatMap((mailbox) => mailbox.messages.map((message) => message.sha256))

/** What waits for an account is in its mail, once, as it was sent: a delivery puts fields in front, nothing else. */
async function requireWaiting(site: FrozenSite, address: string, password: string): Promise<void> {
  const sent: string[] = []
  const seen = await snapshot(site.port('imap'), address, password, (source) => {
    sent.push(sha256(source.subarray(source.indexOf('From: s@else.test\r\n'))))
  })
  assert.ok(seen, address)
  const waited = site.promise.waiting[address] ?? []
  assert.ok(waited.length > 0, address)
  for (const hash of waited) assert.equal(sent.filter((one) => one === hash).length, 1, address)
}

async function requireMail(site: FrozenSite, account: AccountPromise): Promise<void> {
  const seen = await snapshot(site.port('imap'), account.address, account.password)
  assert.ok(seen, account.address)
  // In the form in which the promise was kept.
  const mail = JSON.parse(JSON.stringify(seen)) as readonly MailboxView[]
  if (!account.hasMoreInInbox) {
    assert.deepEqual(mail, account.mail, account.address)
    return
  }
  for (const before of account.mail) {
    const now = mail.find(({ path }) => path === before.path)
    assert.equal(now?.uidValidity, before.uidValidity, `${account.address} ${before.path}`)
    assert.deepEqual(now.messages.slice(0, before.messages.length), before.messages, account.address)
    assert.ok(now.messages.slice(before.messages.length).every(({ uid }) => uid >= before.uidNext))
  }
}

/** Ends with 0. */
async function done(site: FrozenSite, words: readonly string[], ...input: readonly string[]): Promise<void> {
  const ran = await site.run(words, ...input)
  assert.equal(ran.exitCode, 0, `${words.join(' ')}: ${ran.out}${ran.err}`)
}

async function adminFiles(site: FrozenSite): Promise<readonly string[]> {
  const words = ['--admins', '2']
  for (const [index, password] of site.promise.admins.entries()) {
    const path = join(site.root, `admin-${index}`)
    await writeFile(path, password)
    words.push(`--admin-password-${index === 0 ? '' : `${index + 1}-`}file`, path)
  }
  return words
}

assert.ok(frozenNames.length > 0)

for (const name of frozenNames) {
  test(`the store ${name}: mail is as it was, and every secret does what it did`, async () => {
    await using site = await FrozenSite.open(name)
    const { promise } = site
    await site.start()
    await done(site, ['fsck', '--all'])
    for (const account of promise.accounts) {
      await requireMail(site, account)
      const { address, password, recoveryCode } = account
      await done(site, ['atrest', 'verify', address, '--password-file', '-'], password)
      if (recoveryCode !== undefined && address !== 'recovering@frozen.test')
        await done(site, ['atrest', 'code', 'test', address, '--code-file', '-'], recoveryCode)
    }
    for (const { address, password } of promise.appPasswords)
      assert.ok(await snapshot(site.port('imap'), address, password), address)
    for (const { address, password } of promise.refused)
      assert.equal(await snapshot(site.port('imap'), address, password), undefined, address)

    const { half, locked, helped } = promise
    await requireWaiting(site, half.address, half.password)
    await done(site, ['atrest', 'code', 'test', half.address, '--code-file', '-'], half.recoveryCode)

    await done(
      site,
      [...['atrest', 'unlock-mail', locked.address], '--old-password-file', '-', '--password-file', '-'],
      ...[locked.oldPassword, 'opened again'],
    )
    await requireWaiting(site, locked.address, 'opened again')

    const reset = ['atrest', 'admin', 'reset-password', helped, ...(await adminFiles(site))]
    await done(site, [...reset, '--password-file', '-'], 'by the admins')
    await requireWaiting(site, helped, 'by the admins')

    const message = Buffer.from('Subject: new\r\n\r\nto an alias\r\n')
    using lmtp = await LmtpSession.connect(site.port('lmtp'))
    const reply = await lmtp.deliver({ from: 's@else.test', to: promise.alias.address, message })
    assert.match(reply, /^250/)
    for (const target of promise.alias.targets) {
      const account = promise.accounts.find(({ address }) => address === target)
      const mail = await snapshot(site.port('imap'), target, account?.password ?? '')
      const inbox = mail?.find(({ path }) => path === 'INBOX')
      const before = account?.mail.find(({ path }) => path === 'INBOX')
      assert.equal(inbox?.messages.length, (before?.messages.length ?? 0) + 1, target)
    }
    await done(site, ['audit', 'verify'])
    await done(site, ['fsck', '--all'])
    // What this release wrote into the old store, it reads again.
    await site.stop()
    await site.start()
    for (const { address, password } of promise.appPasswords)
      assert.ok(await snapshot(site.port('imap'), address, password), address)
  })

  test(`the store ${name}: a recovery that waited goes on when its time has come`, async () => {
    await using site = await FrozenSite.open(name)
    const account = site.promise.accounts.find(({ address }) => address.startsWith('recovering'))
    assert.ok(account)
    const recover = ['atrest', 'recover', account.address, '--code-file', '-', '--password-file', '-']
    await site.start()
    const early = await site.run(recover, account.recoveryCode ?? '', 'after the waiting')
    assert.equal(early.exitCode, 77, early.err)
    site.laterMs = 2 * 3600_000
    await done(site, recover, account.recoveryCode ?? '', 'after the waiting')
    await requireMail(site, { ...account, password: 'after the waiting' })
  })

  test(`the store ${name}: its backup verifies, takes another copy, and restores`, async () => {
    await using site = await FrozenSite.open(name)
    await site.start()
    await done(site, ['verify', site.backup])
    await done(site, ['backup', site.backup, '--incremental'])
    await done(site, ['verify', site.backup])
    const account = site.promise.accounts.find(({ address }) => address.startsWith('sealed'))
    assert.ok(account)
    await done(site, ['user', 'delete', account.address, '--yes'])
    const restore = ['restore', site.backup, '--user', account.address, '--accept-rollback', '--yes']
    await done(site, [...restore, '--generation', '1'])
    const mail = await snapshot(site.port('imap'), account.address, account.password)
    assert.deepEqual([...hashesOf(mail)].sort(), [...hashesOf(account.mail)].sort())
  })
}

test('a store of a later format is refused in words, and nothing is written to it', async () => {
  await using site = await FrozenSite.open(frozenNames[0] ?? '')
  await site.setFormatVersion(2)
  await assert.rejects(site.start(), (error: Error & { readonly exitCode?: number }) => {
    assert.equal(error.exitCode, 78)
    assert.match(error.message, /format version 2, this program knows only 1: use the program that wrote it/)
    return true
  })
  for (const words of [['user', 'list'], ['fsck'], ['backup', join(site.root, 'another')]]) {
    const ran = await site.run(words)
    assert.equal(ran.exitCode, 78, words.join(' '))
    assert.match(ran.err, /format version 2/)
  }
  await site.setFormatVersion(1)
  await site.start()
  await done(site, ['fsck', '--all'])
})
