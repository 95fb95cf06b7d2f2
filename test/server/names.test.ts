// Aliases, domains, policies and new addresses by command in a running server: what LMTP, SMTP, IMAP and SASL make of them, at once.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { runCli } from '../../src/admin/cli.ts'
import { allCommands } from '../../src/server/cli.ts'
import { beginData } from '../delivery/open-door.ts'
import { RawPeer } from '../delivery/raw-peer.ts'
import { running, type Running } from './running.ts'
import { temporary } from './temporary.ts'

const pass = 'correct horse'

/** Runs a command line against the server of `site`; what it prints on standard output, as JSON where it is. */
async function letterlock(site: Running, line: string, exitCode = 0): Promise<unknown> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  stdin.end(`${pass}\n`)
  const ended = await runCli(['--data', site.config.dataDir, ...line.split(' ')], {
    commands: allCommands,
    streams: {
      stdin: Object.assign(stdin, { isTTY: false }),
      stdout,
      stderr: Object.assign(stderr, { isTTY: false }),
    },
    env: { NO_COLOR: '1' },
    openSite: () => assert.fail('the store was opened beside the server'),
    signal: new AbortController().signal,
    asker: { secret: () => assert.fail('nobody is there'), line: () => assert.fail('nobody is there') },
  })
  const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? ''
  const out = text(stdout)
  assert.equal(ended, exitCode, `${line}: ${text(stderr)}`)
  return line.includes('--json') ? JSON.parse(out) : out
}

async function deliver(
  where: number,
  verb: 'LHLO' | 'EHLO',
  recipient: string,
  subject: string,
): Promise<string> {
  await using peer = await RawPeer.connect(where)
  await peer.reply()
  await peer.ask(`${verb} client.example`)
  await peer.ask('MAIL FROM:<a@b.example>')
  const taken = (await peer.ask(`RCPT TO:<${recipient}>`)) ?? ''
  if (!taken.startsWith('250')) return taken
  await peer.ask('RSET')
  await beginData(peer, [recipient], 'a@b.example')
  peer.write(`Subject: ${subject}\r\n\r\nHello.\r\n.\r\n`)
  return (await peer.reply()) ?? ''
}

async function subjects(site: Running, user: string): Promise<string[]> {
  const imap = new ImapFlow({
    ...{ host: '127.0.0.1', port: site.port('imaps'), secure: true, auth: { user, pass }, logger: false },
    tls: { rejectUnauthorized: false },
  })
  await imap.connect()
  await imap.mailboxOpen('INBOX')
  const found: string[] = []
  for await (const { envelope } of imap.fetch('1:*', { envelope: true })) found.push(envelope?.subject ?? '')
  await imap.logout()
  return found
}

test('aliases and domains hold for the next message and the next login, without a restart', async () => {
  await using site = await running({ 'listen.smtp': '127.0.0.1:0' })
  const [lmtp, smtp] = [site.port('lmtp'), site.port('smtp')]
  for (const name of ['alice', 'bob'])
    await letterlock(site, `user add ${name}@example.org --password-file -`)
  assert.match(await deliver(smtp, 'EHLO', 'info@example.org', 'x'), /^550 5\.7\.1 /)
  await letterlock(site, 'domain add example.org')
  assert.match(await deliver(smtp, 'EHLO', 'info@example.org', 'x'), /^550 5\.1\.1 /)
  assert.match(await deliver(lmtp, 'LHLO', 'info@other.example', 'x'), /^550 5\.1\.2 /)
  await letterlock(site, 'user add eve@other.example --password-file -', 67)
  await letterlock(site, 'alias add info@example.org alice@example.org bob@example.org')
  assert.match(await deliver(smtp, 'EHLO', 'Info@example.org', 'by smtp'), /^250 /)
  assert.match(await deliver(lmtp, 'LHLO', 'info+x@example.org', 'by lmtp'), /^250 /)
  for (const name of ['alice', 'bob'])
    assert.deepEqual(await subjects(site, `${name}@example.org`), ['by smtp', 'by lmtp'])
  await letterlock(site, 'alias remove info@example.org bob@example.org')
  assert.deepEqual(await subjects(site, 'info@example.org'), ['by smtp', 'by lmtp'])
  await letterlock(site, 'domain remove example.org --yes', 65)
  await letterlock(site, 'domain remove example.org --keep-accounts --yes')
  assert.match(await deliver(smtp, 'EHLO', 'alice@example.org', 'x'), /^550 5\.7\.1 /)
  assert.match(await deliver(lmtp, 'LHLO', 'alice@example.org', 'last'), /^250 /)
})

test('a renamed account goes on under its new address, and by its alias under the old one', async () => {
  await using directory = await temporary()
  const socket = join(directory.at('.'), 'sasl')
  await using site = await running({
    'listen.sasl': `unix:${socket}`,
    'auth.allow_plain_login_on_loopback': 'true',
  })
  await letterlock(site, 'user add alice@example.org --password-file -')
  assert.match(await deliver(site.port('lmtp'), 'LHLO', 'alice@example.org', 'before'), /^250 /)
  const renamed = await letterlock(site, 'user rename alice@example.org a@example.org --alias --json')
  assert.ok(
    typeof renamed === 'object' && renamed && 'address' in renamed && renamed.address === 'a@example.org',
  )
  assert.match(await deliver(site.port('lmtp'), 'LHLO', 'alice@example.org', 'after'), /^250 /)
  for (const user of ['a@example.org', 'alice@example.org'])
    assert.deepEqual(await subjects(site, user), ['before', 'after'])
  // Postfix is told the address that the account has.
  const peer = connect(socket)
  const response = Buffer.from(`\0alice@example.org\0${pass}`).toString('base64')
  peer.write(`VERSION\t1\t2\nCPID\t1\nAUTH\t1\tPLAIN\tservice=smtp\trip=127.0.0.1\tresp=${response}\n`)
  let told = ''
  for await (const chunk of peer as AsyncIterable<Buffer>) {
    told += chunk.toString()
    if (/^(OK|FAIL)\t/m.test(told)) break
  }
  assert.match(told, /^OK\t1\tuser=a@example\.org$/m)
})

test('policies by command are in force at the next login', async () => {
  await using site = await running()
  await letterlock(site, 'domain add example.org')
  for (const name of ['alice', 'bob'])
    await letterlock(site, `user add ${name}@example.org --password-file -`)
  await letterlock(site, 'atrest policy set example.org all --admin-recovery forbidden')
  await letterlock(site, 'atrest policy set bob@example.org off')
  for (const name of ['alice', 'bob']) await subjects(site, `${name}@example.org`)
  // The encryption that a login sets going is done when the account is left.
  const stateOf = async (name: string): Promise<string> =>
    (await site.server.accounts.info(`${name}@example.org`)).atRest
  for (let tries = 0; (await stateOf('alice')) !== 'on' && tries < 6000; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual([await stateOf('alice'), await stateOf('bob')], ['on', 'off'])
  const status = await site.server.accounts.atRest.atRestStatus('alice@example.org')
  assert.deepEqual([status.policy, status.adminRecovery], ['all', 'forbidden'])
})
