// No secret of a site's whole life is in a command line, an environment, a log, an audit line, a store, a backup, a temporary file, or in
// what was printed or sent, but for the one place where it belongs.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { skipUnless, skipWithout } from '../support/programs.ts'
import {
  backUpAndRestore,
  lockAndRecover,
  lookOver,
  moveMail,
  recoverByAdmins,
} from './secrets-admin-life.ts'
import {
  alice,
  bob,
  carol,
  changeKeys,
  enable,
  learnKeys,
  logIn,
  makeAccounts,
  readAll,
  useCodes,
  type Known,
} from './secrets-life.ts'
import { SecretiveSite } from './secrets-site.ts'
import { canWatch } from './secrets-watch.ts'

type Leak = (site: SecretiveSite, known: Known) => Promise<unknown>

/** A process that does nothing until the watch has seen it. */
async function idleProcess(
  { watch }: SecretiveSite,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()', '--', ...words], { env })
  watch.look()
  child.stdin.end()
  await once(child, 'close')
}

/** What would go unnoticed if the search were blind there: each is a finding that was none before. */
const leaks: Readonly<Record<string, Leak>> = {
  'a password among the words of a real command': (site) =>
    site.run(['change_pass', bob, site.ledger.password('OnTheCommandLine')], { program: 'tellmail' }),
  'a password in the environment': (site) =>
    idleProcess(site, [], { ...process.env, PASSWORD: site.ledger.password('InTheEnvironment') }),
  'a login’s SASL PLAIN in base64, on a command line': (site, { alice: password }) =>
    idleProcess(site, [Buffer.from(`\0${alice}\0${password}`).toString('base64')], process.env),
  'a recovery code without dashes, in the audit log': ({ server }, { aliceCode }) =>
    appendFile(join(server.dataDir, 'audit.log'), `${aliceCode.replaceAll('-', '').toLowerCase()}\n`),
  'half of an app password, in a temporary file': ({ server }, { appPassword }) =>
    writeFile(join(server.temporaryDir, 'letterlock.tmp'), `x${appPassword.slice(10, 31)}y`),
  'a password in quoted-printable, in the backup': ({ ledger, outside }) =>
    writeFile(
      join(outside, 'backup/notes'),
      Buffer.from(ledger.password('Quoted')).toString('hex').replace(/../g, '=$&'),
    ),
  'a password in the name of a file': ({ ledger, server }) =>
    writeFile(join(server.dataDir, `store-${ledger.password('Name')}`), ''),
  'a code’s octets in base64 for links, in the store’s directory': async ({ server, ledger }) => {
    const octets = Buffer.alloc(16, 0xfb)
    ledger.key('a code made here', octets)
    await writeFile(join(server.dataDir, 'store/x'), octets.toString('base64url'))
  },
  'a password in hexadecimal, in mail of the server': (site) => {
    const text = Buffer.from(site.ledger.password('Mail')).toString('hex')
    site.relay.mail.push({ to: alice, text })
    return Promise.resolve()
  },
  'a code that is printed twice': (site, { alice: password }) =>
    site
      .run(['atrest', 'code', 'regenerate', alice, '--password-file', '-'], {
        input: [password],
        reveals: 'recoveryCode',
      })
      .then(({ secret }) => {
        site.relay.expect(secret)
        site.keep('standard error', `Your code is ${secret}`)
      }),
}

suite('the secrets of a whole life', { timeout: 1_200_000 }, () => {
  test(
    'are nowhere but where they belong, and a search that would find one is what says so',
    {
      skip:
        skipUnless(canWatch, 'the system does not say what a process has started') || skipWithout('script'),
    },
    async (t) => {
      await using site = await SecretiveSite.open()
      const known = await makeAccounts(site)
      await enable(site, known)
      await useCodes(site, known)
      await logIn(site, known)
      await learnKeys(site, known)
      await changeKeys(site, known)
      await recoverByAdmins(site, known)
      await lockAndRecover(site, known)
      await learnKeys(site, known)
      await moveMail(site, known)
      await backUpAndRestore(site, known)
      assert.ok((await readAll(site, alice, known.alice)) > 2)
      await readAll(site, carol, known.carol)
      await lookOver(site, known)
      const { found, files, evidence } = await site.findings()
      t.diagnostic(
        `${site.ledger.patterns.length} spellings, ${files} files, ${evidence} outputs and processes`,
      )
      assert.deepEqual(found, [])
      assert.deepEqual(site.unwatched, [])
      assert.ok(site.relay.mail.length > 5, 'notices were sent')

      const seen = new Set<string>()
      for (const [name, plant] of Object.entries(leaks)) {
        const since = Date.now() - 1000
        await plant(site, known)
        const now = (await site.findings(since)).found
        assert.ok(
          now.some((text) => !seen.has(text)),
          `${name} was not found`,
        )
        for (const text of now) seen.add(text)
      }
    },
  )
})
