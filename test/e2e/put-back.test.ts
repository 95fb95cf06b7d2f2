// An account that is put back to an older state on a running site: noticed, explained, accepted by its owner or an admin, by IMAP and by command.
import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ImapSession } from '../support/imap-session.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import { ServerProcess } from '../support/server-process.ts'

const alice = 'alice@example.org'
const password = 'a password that nobody has to change'

suite('an account that is put back', { timeout: 900_000 }, () => {
  let site: ServerProcess
  let backup = ''
  before(async () => {
    site = await ServerProcess.create()
    await site.configure({
      integrity: `witness_dir = "${join(site.root, 'witnesses')}"\nwitness_interval = "1s"`,
    })
    await site.start()
    backup = join(site.root, 'backup')
    await site.addSealedUser(alice, password)
  })
  after(() => site[Symbol.asyncDispose]())

  async function deliver(...subjects: readonly string[]): Promise<void> {
    using session = await LmtpSession.connect(site.ports.lmtp)
    for (const subject of subjects) {
      const message = Buffer.from(
        `From: x@sender.test\r\nTo: ${alice}\r\nSubject: ${subject}\r\n\r\nText\r\n`,
      )
      await session.mustDeliver({ from: 'x@sender.test', to: alice, message })
    }
  }

  const target = () => ({ port: site.ports.imap })

  /** Subjects in INBOX, and its UIDVALIDITY. */
  async function inbox(): Promise<{ readonly subjects: readonly string[]; readonly uidValidity: string }> {
    using session = await ImapSession.login(target(), alice, password)
    const selected = await session.ok('SELECT INBOX')
    const { untagged } = await session.ok('FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]')
    await session.logout()
    const uidValidity = /UIDVALIDITY (\d+)/.exec(selected.untagged.map(({ text }) => text).join())?.[1] ?? ''
    const fields = untagged.flatMap(({ literals }) => literals.map(String))
    return { subjects: fields.map((field) => /^Subject: (.*)\r$/m.exec(field)?.[1] ?? ''), uidValidity }
  }

  async function login(): Promise<string> {
    using session = await ImapSession.connect(target())
    return (await session.run(`LOGIN ${alice} "${password}"`)).status
  }

  async function json<T>(...words: readonly string[]): Promise<T> {
    return JSON.parse((await site.command([...words, '--json'])).stdout) as T
  }

  async function events(command: 'audit show' | 'atrest trail'): Promise<string> {
    const words = command.split(' ')
    const { stdout } =
      command === 'audit show'
        ? await site.command([...words, '--json'])
        : await site.command([...words, alice, '--password-file', '-', '--json'], [password])
    return stdout
  }

  const accept = ['atrest', 'rollback', 'accept', alice, '--yes', '--json']

  test('by a restore over the live account: clients are told, mail is kept, and its owner accepts it', async () => {
    await deliver('one', 'two', 'three')
    const first = await inbox()
    await site.command(['backup', backup])
    await deliver('four', 'five')
    assert.deepEqual((await inbox()).subjects, ['one', 'two', 'three', 'four', 'five'])
    using connected = await ImapSession.login(target(), alice, password)
    await connected.ok('SELECT INBOX')
    await site.command(['restore', backup, '--user', alice, '--replace', '--yes'])
    await connected.ended

    // A mail program shows this to its user.
    const refused = await login()
    assert.match(refused, /^NO \[[A-Z]+\] /)
    assert.match(refused, /restored from a backup .* New mail is kept\. .* accept/)
    await deliver('six')
    await assert.rejects(site.command(['atrest', 'rollback', 'status', alice, '--json']), (error: Error) => {
      assert.match(error.message, /: 65: /)
      const { seenVersion, presentVersion } = JSON.parse(/\{.*\}/s.exec(error.message)?.[0] ?? '{}') as {
        seenVersion: number
        presentVersion: number
      }
      assert.ok(seenVersion > presentVersion)
      return true
    })
    const own = [...accept, '--own', '--password-file', '-']
    await assert.rejects(site.command(own, ['not the password']), /: 65: /)
    assert.match(await login(), /^NO /)
    const { stdout } = await site.command(own, [password])
    assert.equal((JSON.parse(stdout) as { isAccepted: boolean }).isAccepted, true)

    const present = await inbox()
    assert.deepEqual(present.subjects, ['one', 'two', 'three', 'six'])
    assert.notEqual(present.uidValidity, first.uidValidity, 'clients must load it anew')
    await site.command(['atrest', 'rollback', 'status', alice])
    const [audit, trail] = [await events('audit show'), await events('atrest trail')]
    for (const event of ['restore.begun', 'backup.restored', 'rollback.noticed', 'rollback.accepted'])
      assert.ok(audit.includes(event), event)
    assert.match(trail, /"rolled-back","by":"owner"/)
    assert.deepEqual((await json<{ findings: unknown[] }>('audit', 'verify')).findings, [])
  })

  test('with the whole store: a copy of the disk from before is not taken for the present, and an admin accepts it', async () => {
    const store = join(site.dataDir, 'store')
    await site.stop()
    await cp(store, join(site.root, 'older'), { recursive: true })
    await site.start()
    await deliver('seven')
    const newer = await inbox()
    for (let looks = 0; looks < 2; looks += 1) await site.command(['audit', 'show'])
    assert.ok(newer.subjects.includes('seven'))
    await site.stop()
    await rm(store, { recursive: true })
    await cp(join(site.root, 'older'), store, { recursive: true })
    await site.start()
    assert.match(await login(), /^NO /)
    await assert.rejects(site.command(['atrest', 'verify', alice, '--password-file', '-'], [password]))
    await site.command(accept)
    const present = await inbox()
    assert.deepEqual(present.subjects, ['one', 'two', 'three', 'six'])
    assert.notEqual(present.uidValidity, newer.uidValidity, 'clients must load it anew')
    assert.match(await events('atrest trail'), /"rolled-back","by":"admin"/)
    // The audit log, which was not put back, holds more than the store remembers.
    await assert.rejects(site.command(['audit', 'verify', '--json']), /: 65: /)
  })
})
