// Other people's SCRAM: gsasl, mbsync with Cyrus SASL, mutt and Python log in to the real program without showing it the password.
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ImapFlow } from 'imapflow'
import { readFile } from 'node:fs/promises'
import { skipUnless, skipWithout } from '../support/programs.ts'
import { ServerProcess } from '../support/server-process.ts'
import { makeHome, readWithMbsync, readWithMutt, runProgram, type Login } from './mail-programs.ts'

const address = 'alice@example.org'
const password = 'Correct, horse = battery 42'
const message = Buffer.from('From: bob@example.org\r\nSubject: by SCRAM\r\n\r\nHello.\r\n')

/** Whether Cyrus SASL has its mechanism, which is a package of its own. */
function hasCyrusScram(): boolean {
  const libraries = existsSync('/usr/lib') ? readdirSync('/usr/lib') : []
  return ['', ...libraries].some((name) => existsSync(join('/usr/lib', name, 'sasl2/libscram.so')))
}

describe('a login by SCRAM with other people’s programs', () => {
  let site: ServerProcess
  let login: Login

  before(async () => {
    site = await ServerProcess.start({ tables: { auth: 'scram = true' } })
    const passwordFile = join(site.root, 'password')
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
    await site.command(['user', 'add', address, '--password-file', passwordFile])
    const caFile = join(site.dataDir, 'tls/cert.pem')
    login = { imapsPort: site.ports.imaps, caFile, address, password }
    const client = new ImapFlow({
      ...{ host: '127.0.0.1', port: site.ports.imaps, secure: true, logger: false },
      tls: { ca: await readFile(caFile, 'utf8'), servername: 'localhost' },
      auth: { user: address, pass: password },
    })
    await client.connect()
    await client.append('INBOX', message)
    await client.logout()
    await site.command(['atrest', 'enable', '--all', '--yes'])
    const { stdout } = await site.command([
      'atrest',
      'slots',
      'list',
      address,
      '--password-file',
      passwordFile,
    ])
    assert.match(stdout, / scram .*65536 iterations/)
  })
  after(() => site[Symbol.asyncDispose]())

  for (const [mechanism, ...more] of [['SCRAM-SHA-256-PLUS'], ['SCRAM-SHA-256', '--no-cb']] as const)
    it(`gsasl, ${mechanism}`, { skip: skipWithout('gsasl') }, async () => {
      const home = await makeHome(site.root, `gsasl-${mechanism}`, login)
      const options = [
        '--imap',
        `--connect=localhost:${site.ports.imap}`,
        '--starttls',
        `--mechanism=${mechanism}`,
      ]
      const who = [`--authentication-id=${address}`, `--x509-ca-file=${login.caFile}`, ...more]
      const run = (secret: string): Promise<Buffer> =>
        runProgram('gsasl', [...options, ...who, `--password=${secret}`], { home })
      assert.match((await run(password)).toString(), /^\. OK \[CAPABILITY/m)
      await assert.rejects(run('another'), /AUTHENTICATIONFAILED|server error/)
    })

  const skip = skipWithout('mbsync') || skipUnless(hasCyrusScram(), 'libsasl2-modules is not installed')
  it('mbsync, with Cyrus SASL', { skip }, async () => {
    const home = await makeHome(site.root, 'mbsync', login)
    const found = await readWithMbsync(login, home, 'AuthMechs SCRAM-SHA-256')
    assert.ok(found.some((one) => one.equals(message)))
  })

  it('mutt', { skip: skipWithout('mutt', 'script') }, async () => {
    const home = await makeHome(site.root, 'mutt', login)
    const saved = await readWithMutt(login, home, 'set imap_authenticators = "scram-sha-256"')
    assert.match(saved.toString(), /Subject: by SCRAM/)
  })

  it('Python, bound to the certificate', { skip: skipWithout('python3') }, async () => {
    const home = await makeHome(site.root, 'python', login)
    const script = join(process.cwd(), 'test/e2e/read-by-scram.py')
    const parameters = [script, String(login.imapsPort), login.caFile, address]
    const output = await runProgram('python3', parameters, { home, input: `${password}\n` })
    assert.deepEqual(output, message)
  })
})
