// Mail that is locked must not look empty: programs set up to carry every deletion over keep their copies, and go on when it opens again.
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { ImapSession } from '../../support/imap-session.ts'
import { skipWithout } from '../../support/programs.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { makeHome, type Login } from '../mail-programs.ts'
import { twoWayPrograms, type TwoWayProgram } from './two-way-programs.ts'

const password = 'the words that open it'
const given = 'words an admin made up'
const afterwards = 'words from now on'

/** Every message file below the home, by what it says. */
async function copies(home: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(join(home, 'mail'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/[\\/](cur|new)$/.test(entry.parentPath)) continue
    const text = await readFile(join(entry.parentPath, entry.name), 'latin1')
    found.push(/^Subject: (.*)$/m.exec(text)?.[1] ?? '')
  }
  return found.sort()
}

suite('locked mail', { timeout: 900_000 }, () => {
  let site: ServerProcess
  before(async () => {
    site = await ServerProcess.start()
  })
  after(() => site[Symbol.asyncDispose]())

  async function prepared(address: string): Promise<void> {
    await site.addSealedUser(address, password)
    using session = await ImapSession.login({ port: site.ports.imap }, address, password)
    await session.ok('CREATE "Work/2026"')
    for (const [mailbox, name] of [
      ['INBOX', 'one'],
      ['INBOX', 'two'],
      ['Work/2026', 'three'],
    ])
      await session.ok(`APPEND "${mailbox}" () `, Buffer.from(`Subject: ${name}\r\n\r\nBody of ${name}\r\n`))
  }

  const lock = (address: string): Promise<unknown> =>
    site.command(['user', 'passwd', address, '--lock-mail', '--yes', '--password-file', '-'], [given])
  const unlock = (address: string): Promise<unknown> =>
    site.command(
      ['atrest', 'unlock-mail', address, '--old-password-file', '-', '--password-file', '-'],
      [password, afterwards],
    )

  test('says so on the wire, and opens nothing else', async () => {
    const address = 'wire@example.org'
    await prepared(address)
    await lock(address)
    using session = await ImapSession.connect({ port: site.ports.imap })
    const { untagged } = await session.ok(`LOGIN ${address} "${given}"`)
    assert.ok(untagged.some(({ text }) => /^\* OK \[ALERT\] Your mail is locked/.test(text)))
    for (const command of ['LIST "" "*"', 'LIST "" "INBOX"', 'LSUB "" "*"', 'LIST (SUBSCRIBED) "" "*"']) {
      const answer = await session.run(command)
      assert.match(answer.status, /^NO \[UNAVAILABLE\]/, command)
      const rows = answer.untagged.filter(({ text }) => /^\* L(IST|SUB)/.test(text))
      assert.equal(rows.length, command.includes('INBOX') ? 0 : 1)
    }
    await session.ok('LIST "" "Your mail is locked"')
    for (const command of [
      'SELECT INBOX',
      'EXAMINE "Work/2026"',
      'STATUS INBOX (MESSAGES)',
      'CREATE INBOX',
      'CREATE Work',
      'DELETE "Work/2026"',
      'RENAME INBOX Old',
      'SUBSCRIBE INBOX',
    ])
      assert.match((await session.run(command)).status, /^NO \[UNAVAILABLE\]/, command)
    const selected = await session.ok('SELECT "Your mail is locked"')
    assert.ok(selected.untagged.some(({ text }) => text === '* 1 EXISTS'))
    const fetched = await session.ok('FETCH 1 (FLAGS ENVELOPE BODYSTRUCTURE BODY[])')
    assert.match(JSON.stringify(fetched.untagged.map(({ text }) => text)), /Your mail is locked/)
    assert.match((await session.run('STORE 1 +FLAGS (\\Deleted)')).status, /^(NO|BAD)/)
    await session.ok('SEARCH TEXT "NOTHING IS LOST"')
    await session.ok('CLOSE')
    await session.ok('LOGOUT')
    const { stdout } = await site.command(['audit', 'show', address, '--json'])
    const { entries } = JSON.parse(stdout) as { readonly entries: readonly { readonly event: string }[] }
    const events = entries.map(({ event }) => event).filter((event) => !event.startsWith('slot.'))
    assert.deepEqual(events, ['account.created', 'atrest.enabled', 'mail.locked'])
    await site.command(['audit', 'verify'])
    const written = await readFile(join(site.dataDir, 'audit.log'), 'utf8')
    for (const secret of [password, given, 'Work/2026', 'Body of']) assert.ok(!written.includes(secret))
  })

  test('is no empty INBOX to imapflow', async () => {
    const address = 'flow@example.org'
    await prepared(address)
    await lock(address)
    const client = new ImapFlow({
      host: '127.0.0.1',
      port: site.ports.imaps,
      secure: true,
      tls: { ca: await readFile(join(site.dataDir, 'tls/cert.pem'), 'utf8'), servername: 'localhost' },
      auth: { user: address, pass: given },
      logger: false,
    })
    await client.connect()
    await assert.rejects(client.mailboxOpen('INBOX'))
    const mailbox = await client.mailboxOpen('Your mail is locked')
    assert.equal(mailbox.exists, 1)
    await client.logout()
  })

  for (const program of twoWayPrograms)
    test(`${program.name} keeps its copies`, { skip: skipWithout(program.program) }, () => keeps(program))

  async function keeps(program: TwoWayProgram): Promise<void> {
    const address = `${program.program}@example.org`
    await prepared(address)
    const caFile = join(site.dataDir, 'tls/cert.pem')
    const login: Login = { imapsPort: site.ports.imaps, caFile, address, password }
    const home = await makeHome(site.root, `locked-${program.program}`, login)
    await program.prepare(login, home)
    const say = (words: string): Promise<void> =>
      writeFile(join(home, 'password'), `${words}\n`, { mode: 0o600 })
    await program.sync(home)
    assert.deepEqual(await copies(home), ['one', 'three', 'two'])
    await lock(address)
    await say(given)
    for (let run = 0; run < 2; run += 1) {
      // It may end with an error: what counts is that nothing of the copies goes.
      await program.sync(home).catch(() => undefined)
      const kept = await copies(home)
      for (const name of ['one', 'two', 'three']) assert.ok(kept.includes(name), `${name} is gone`)
    }
    await unlock(address)
    await say(afterwards)
    await program.sync(home)
    const found = await copies(home)
    for (const name of ['one', 'two', 'three']) assert.equal(found.filter((one) => one === name).length, 1)
    using session = await ImapSession.login({ port: site.ports.imap }, address, afterwards)
    const inbox = await session.ok('EXAMINE INBOX')
    // Two of its own, and the notice that a password was set.
    assert.ok(inbox.untagged.some(({ text }) => text === '* 3 EXISTS'))
  }
})
