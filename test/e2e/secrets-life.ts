// The life of accounts at a site, in chapters: each uses every secret that there is for it, rightly and wrongly.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { ImapSession, type ImapTarget } from '../support/imap-session.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import { keysOf } from './canary-keys.ts'
import type { SecretiveSite } from './secrets-site.ts'

export const alice = 'alice@example.org'
export const bob = 'bob@example.org'
export const carol = 'carol@example.org'
const dave = 'dave@example.org'
const erin = 'erin@example.org'
const elsewhere = 'alice@elsewhere.example'

/** What the people know at the moment. */
export interface Known {
  alice: string
  bob: string
  carol: string
  aliceCode: string
  carolCode: string
  appPassword: string
  appPasswordId: string
}

const newPassword = /New password|new password/
const again = /The same again/

export async function targetOf({ server }: SecretiveSite): Promise<ImapTarget> {
  return { port: server.ports.imaps, ca: await readFile(join(server.dataDir, 'tls/cert.pem'), 'utf8') }
}

/** Runs IMAP commands; whatever their answer, it must hold no secret. */
export async function say(
  site: SecretiveSite,
  ...commands: readonly (readonly (string | Buffer)[])[]
): Promise<void> {
  using session = await ImapSession.connect(await targetOf(site))
  for (const words of commands) {
    const { status, untagged } = await session.run(...words).catch(() => ({ status: 'ended', untagged: [] }))
    site.keep('IMAP answer', [status, ...untagged.map(({ text }) => text)].join('\n'))
  }
}

export async function deliver({ server }: SecretiveSite, to: string, subject: string): Promise<void> {
  using session = await LmtpSession.connect(server.ports.lmtp)
  const message = Buffer.from(
    `From: x@sender.test\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\nText of ${subject}\r\n`,
  )
  await session.mustDeliver({ from: 'x@sender.test', to, message })
}

const plain = (address: string, password: string): string =>
  Buffer.from(`\0${address}\0${password}`).toString('base64')

/** A login for sending, as Postfix asks for it. */
async function authenticate(site: SecretiveSite, address: string, password: string): Promise<boolean> {
  const socket = connect(site.saslSocket)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(socket, 'connect')
  socket.write(
    `VERSION\t1\t1\nCPID\t${process.pid}\nAUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp=${plain(address, password)}\n`,
  )
  while (!/^(OK|FAIL)\t/m.test(text)) await once(socket, 'data')
  socket.destroy()
  site.keep('answer of the authentication socket', text)
  return /^OK\t/m.test(text)
}

/** Accounts are made: password in a file, in a pipe, typed, made here, named by a variable. */
export async function makeAccounts(site: SecretiveSite): Promise<Known> {
  const { ledger } = site
  const known: Known = {
    alice: ledger.password('Alice'),
    bob: ledger.password('Bob'),
    carol: ledger.password('Carol'),
    aliceCode: '',
    carolCode: '',
    appPassword: '',
    appPasswordId: '',
  }
  await site.run(['user', 'add', alice], { files: { '--password-file': known.alice } })
  await site.run(['user', 'add', bob, '--password-file', '-'], { input: [known.bob] })
  await site.typed(
    ['user', 'add', carol],
    [
      [newPassword, known.carol],
      [again, known.carol],
    ],
  )
  await site.run(['user', 'add', dave, '--generate'], { reveals: 'password' })
  await site.run(['add_user', erin], {
    program: 'tellmail',
    env: { LETTERLOCK_PASSWORD_FILE: ledger.password('Erin') },
  })
  await site.run(['user', 'add', alice], { files: { '--password-file': known.alice }, exitCode: 73 })
  await site.run(['user', 'add', 'other@example.org', '--password-file', '-'], {
    input: [`${ledger.password('Long')}${'x'.repeat(1100)}`],
    exitCode: 64,
  })
  for (const address of [alice, bob, carol]) await deliver(site, address, 'first')
  return known
}

/** At-rest encryption: by a pipe, as text, and by the page, where the code is typed back. */
export async function enable(site: SecretiveSite, known: Known): Promise<void> {
  await site.run(['user', 'alternate-address', alice, '--to', elsewhere])
  await site.run(['atrest', 'enable', alice, '--password-file', '-'], {
    input: [site.ledger.password('Wrong')],
    exitCode: 65,
  })
  const enabled = await site.run(['atrest', 'enable', alice, '--password-file', '-'], {
    input: [known.alice],
    reveals: 'recoveryCode',
  })
  known.aliceCode = enabled.secret
  site.relay.expect(known.aliceCode)
  await site.run(['atrest', 'enable', bob], { files: { '--password-file': known.bob }, reveals: 'text' })
  const browser = site.browser()
  await browser.signIn(carol, site.ledger.password('Wrong'))
  await browser.signIn(carol, known.carol)
  for (const [name, value] of browser.cookies) site.ledger.text(`cookie ${name}`, value)
  const token = await browser.tokenOf('/turn-on')
  browser.isRevealing = true
  const shown = await browser.post('/turn-on', { token, password: known.carol, understood: 'yes' })
  const groups = [...shown.body.matchAll(/<li>([0-9A-Z]{4})<\/li>/g)].map(([, group]) => group ?? '')
  assert.equal(groups.length, 7)
  known.carolCode = groups.join('-')
  site.ledger.recoveryCode('code on the page', known.carolCode)
  await browser.submit('/confirm-code', { typed: groups.slice(-2).join(' ') })
  for (const path of ['/', '/progress', '/history', '/connections']) await browser.get(path)
  await site.run(['atrest', 'status', carol, '--json'])
}

/** The code: tried, mistyped, made anew. */
export async function useCodes(site: SecretiveSite, known: Known): Promise<void> {
  const first = known.aliceCode
  await site.run(['atrest', 'code', 'test', alice], { files: { '--code-file': first } })
  await site.run(['atrest', 'code', 'test', alice, '--code-file', '-'], { input: [first.toLowerCase()] })
  const mistyped = `${first.slice(0, -1)}${first.endsWith('A') ? 'B' : 'A'}`
  await site.run(['atrest', 'code', 'test', alice, '--code-file', '-'], { input: [mistyped], exitCode: 65 })
  // A code that is typed where there is a terminal is seen there, by whoever types it.
  const made = await site.run(['atrest', 'code', 'regenerate', alice, '--password-file', '-'], {
    input: [known.alice],
    reveals: 'recoveryCode',
  })
  known.aliceCode = made.secret
  site.relay.expect(known.aliceCode)
  await site.run(['atrest', 'code', 'test', alice, '--code-file', '-'], { input: [first], exitCode: 65 })
}

/** Logins of every kind at every door, right and wrong. */
export async function logIn(site: SecretiveSite, known: Known): Promise<void> {
  const wrong = site.ledger.password('Wrong')
  const made = await site.run(['app-password', 'add', alice, '--name', 'Phone', '--password-file', '-'], {
    input: [known.alice],
    reveals: 'appPassword',
  })
  known.appPassword = made.secret
  known.appPasswordId = (JSON.parse(made.stdout) as { readonly made: { readonly id: string } }).made.id
  await site.run(['app-password', 'add', bob, '--name', 'Scanner', '--proto', 'submission'], {
    files: { '--password-file': known.bob },
    reveals: 'text',
    kind: 'appPassword',
  })
  for (const secret of [
    known.alice,
    known.appPassword,
    known.appPassword.replaceAll('-', '').toLowerCase(),
  ]) {
    await say(site, [`AUTHENTICATE PLAIN ${plain(alice, secret)}`], ['SELECT INBOX'])
    await say(site, ['LOGIN ', Buffer.from(alice), ' ', Buffer.from(secret)])
    await say(site, [`LOGIN ${alice} ${secret}`], [`LOGIN ${alice} ${secret}`])
    assert.ok(await authenticate(site, alice, secret))
  }
  await say(
    site,
    [`LOGIN ${alice} ${wrong}`],
    [`LOGIN ${wrong} ${alice}`],
    [`AUTHENTICATE PLAIN ${plain(alice, wrong)}`],
    [`AUTHENTICATE ${wrong}`],
    [wrong],
    [`LOGIN ${alice} "${wrong}`],
    [`LOGIN ${alice} ${wrong} ${wrong}`],
  )
  assert.equal(await authenticate(site, alice, wrong), false)
  await site.run(['app-password', 'list', alice, '--password-file', '-'], { input: [known.alice] })
  await site.run(['atrest', 'slots', 'list', alice, '--password-file', '-'], { input: [known.alice] })
}

/** Passwords and keys change. */
export async function changeKeys(site: SecretiveSite, known: Known): Promise<void> {
  const { ledger } = site
  const own = ['user', 'passwd', alice, '--own']
  const next = ledger.password('AliceSecond')
  await site.run(own, {
    files: { '--old-password-file': ledger.password('Wrong'), '--password-file': next },
    exitCode: 65,
  })
  await site.run([...own, '--old-password-file', '-', '--password-file', '-'], { input: [known.alice, next] })
  known.alice = next
  const typed = ledger.password('AliceThird')
  await site.typed(own, [
    [/Old password/, known.alice],
    [newPassword, typed],
    [again, typed],
  ])
  known.alice = typed
  await site.run(['atrest', 'rotate', alice], { files: { '--password-file': known.alice } })
  await site.run(['atrest', 'rotate', alice, '--reencrypt', '--recovery', '--code-file', '-'], {
    input: [known.aliceCode],
  })
  await site.run(['user', 'passwd', erin, '--password-file', '-'], { input: [ledger.password('ErinSecond')] })
  await site.run(['change_pass', erin], {
    program: 'tellmail',
    env: { LETTERLOCK_PASSWORD_FILE: ledger.password('ErinThird') },
  })
  await site.typed(
    ['change_pass', erin],
    [
      [newPassword, ledger.password('ErinFourth')],
      [again, ledger.password('ErinFourth')],
    ],
    { program: 'tellmail' },
  )
}

/** Keys between a password and the mail, as they are now. */
export async function learnKeys(site: SecretiveSite, known: Known): Promise<void> {
  using session = await ImapSession.login(await targetOf(site), alice, known.alice)
  const { untagged } = await session.ok('LIST "" * RETURN (STATUS (UIDVALIDITY))')
  const uidValidities = untagged.flatMap(({ text }) => Number(/UIDVALIDITY (\d+)/.exec(text)?.[1] ?? 0))
  await session.logout()
  for (const { spelling, bytes } of await keysOf(
    site.server,
    { address: alice, password: known.alice, uidValidities },
    '',
  ))
    site.ledger.key(spelling, bytes)
}

/** All mail of an account, which holds notices of the server. */
export async function readAll(site: SecretiveSite, address: string, password: string): Promise<number> {
  using session = await ImapSession.login(await targetOf(site), address, password)
  await session.ok('SELECT INBOX')
  const { untagged } = await session.ok('FETCH 1:* BODY.PEEK[]')
  for (const { text, literals } of untagged)
    site.keep(`mail of ${address}`, Buffer.concat([Buffer.from(text), ...literals]))
  await session.logout()
  return untagged.length
}
