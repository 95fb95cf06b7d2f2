import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { connectControl } from '../../src/admin/client.ts'
import { beginData } from '../delivery/open-door.ts'
import { RawPeer } from '../delivery/raw-peer.ts'
import { running, type Running } from './running.ts'

const secretWords = ['Canary-Subject', 'Canary-Body', 'canary-sender', 'Canary-Password']

async function deliver(
  where: number | string,
  recipients: readonly string[],
): Promise<(string | undefined)[]> {
  await using peer = await RawPeer.connect(where)
  await peer.reply()
  await peer.ask('LHLO client.example')
  await beginData(peer, recipients, 'canary-sender@b.example')
  peer.write('Subject: Canary-Subject\r\n\r\nCanary-Body\r\n.\r\n')
  return await peer.replies(recipients.length)
}

function client(site: Running, options: { readonly secure: boolean; readonly pass?: string }): ImapFlow {
  return new ImapFlow({
    host: '127.0.0.1',
    port: site.port(options.secure ? 'imaps' : 'imap'),
    secure: options.secure,
    auth: { user: 'bob@example.org', pass: options.pass ?? 'Canary-Password' },
    tls: { rejectUnauthorized: false },
    logger: false,
  })
}

async function readFirst(imap: ImapFlow): Promise<string> {
  await imap.connect()
  await imap.mailboxOpen('INBOX')
  const { source } = (await imap.fetchOne('1', { source: true })) || {}
  await imap.logout()
  return source?.toString() ?? ''
}

async function filesBelow(path: string): Promise<Buffer[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name))),
  )
}

test('mail comes in by LMTP over TCP and a Unix socket and is read over TLS and STARTTLS, and no log or file shows it', async () => {
  await using site = await running()
  const { accounts } = site.server
  await accounts.create('bob@example.org', Buffer.from('Canary-Password'))
  for (const where of [site.port('lmtp'), site.path('lmtp')]) {
    assert.match((await deliver(where, ['Bob+tag@Example.org']))[0] ?? '', /^250 2\.0\.0 /)
  }
  for (const secure of [true, false]) {
    const text = await readFirst(client(site, { secure }))
    assert.match(
      text,
      /^Return-Path: <canary-sender@b\.example>\r\n[^]*\r\nSubject: Canary-Subject\r\n\r\nCanary-Body\r\n$/,
    )
  }
  await assert.rejects(readFirst(client(site, { secure: true, pass: 'wrong' })))
  await site.server.stop(5000)
  assert.match(site.lines.join('\n'), /"auth\.failed"/)
  assert.match(site.lines.join('\n'), /"delivery\.stored"/)
  const everything = [...(await filesBelow(site.config.dataDir)), Buffer.from(site.lines.join('\n'))]
  for (const word of secretWords) {
    for (const bytes of everything) assert.equal(bytes.includes(word), false, word)
  }
})

test('unknown users and full mailboxes are known before the message is sent', async () => {
  await using site = await running()
  const { accounts } = site.server
  await accounts.create('full@example.org', Buffer.from('x'), { quotaBytes: 1 })
  await accounts.create('bob@example.org', Buffer.from('x'))
  await using peer = await RawPeer.connect(site.port('lmtp'))
  await peer.reply()
  await peer.ask('LHLO x')
  await peer.ask('MAIL FROM:<a@b.example> SIZE=5000')
  assert.match((await peer.ask('RCPT TO:<none@example.org>')) ?? '', /^550 5\.1\.1 /)
  assert.match((await peer.ask('RCPT TO:<full@example.org>')) ?? '', /^452 4\.2\.2 /)
  assert.match((await peer.ask('RCPT TO:<bob@example.org>')) ?? '', /^250 /)
})

test('no password is taken in the clear, and who speaks another protocol over TLS is refused', async () => {
  await using site = await running()
  await using peer = await RawPeer.connect(site.port('imap'))
  peer.write('a LOGIN bob@example.org secret\r\n')
  const seen = await new Promise<string>((resolve) => {
    let text = ''
    peer.socket.on('data', (chunk: string) => {
      text += chunk
      if (text.includes('\r\na ')) resolve(text)
    })
  })
  assert.match(seen, /LOGINDISABLED/)
  assert.match(seen, /a NO \[PRIVACYREQUIRED\]/)
  const error = await new Promise<Error & { code?: string }>((resolve) => {
    connectTls({
      host: '127.0.0.1',
      port: site.port('imaps'),
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: false,
    }).once('error', resolve)
  })
  assert.match(error.code ?? '', /NO_APPLICATION_PROTOCOL/)
})

test('wrong passwords make the next login wait', async () => {
  await using site = await running({ 'auth.account_failures': '2' })
  await site.server.accounts.create('bob@example.org', Buffer.from('right'))
  const attempt = (password: string): Promise<unknown> =>
    site.server.accounts.login('bob@example.org', Buffer.from(password), {
      protocol: 'imap',
      remoteAddress: '203.0.113.9',
      isTls: true,
      end: () => undefined,
    })
  await assert.rejects(attempt('wrong'), { code: 'authentication-failed' })
  await assert.rejects(attempt('wrong'), { code: 'authentication-failed' })
  await assert.rejects(attempt('right'), { code: 'busy' })
})

test('one address has so many IMAP connections, and they come free', async () => {
  await using site = await running({ 'limits.connections': '1' })
  const first = await RawPeer.connect(site.port('imap'))
  await new Promise((resolve) => first.socket.once('data', resolve))
  await using second = await RawPeer.connect(site.port('imap'))
  const words = await new Promise<string>((resolve) => second.socket.once('data', resolve))
  assert.match(words, /^\* BYE \[UNAVAILABLE\] Too many connections/)
  await second.closed()
  await first[Symbol.asyncDispose]()
  for (;;) {
    await using third = await RawPeer.connect(site.port('imap'))
    const greeting = await new Promise<string>((resolve) => third.socket.once('data', resolve))
    if (greeting.startsWith('* OK')) break
  }
})

test('stopping says BYE to IMAP and 421 to LMTP, and nothing listens afterwards', async () => {
  await using site = await running()
  await using imap = await RawPeer.connect(site.port('imap'))
  await new Promise((resolve) => imap.socket.once('data', resolve))
  await using lmtp = await RawPeer.connect(site.path('lmtp'))
  await lmtp.reply()
  const bye = new Promise<string>((resolve) => imap.socket.once('data', resolve))
  const stopped = site.server.stop(5000)
  assert.match(await bye, /^\* BYE \[UNAVAILABLE\] Server is shutting down/)
  assert.match((await lmtp.reply()) ?? '', /^421 4\.3\.2 /)
  await stopped
  await assert.rejects(RawPeer.connect(site.port('imap')))
  await assert.rejects(RawPeer.connect(site.path('lmtp')))
  assert.equal(await connectControl(site.config.controlSocket), undefined)
  await site.server.stop(5000)
})

test('a port that is taken stops the start, and leaves nothing open', async () => {
  await using site = await running()
  await assert.rejects(running({ 'listen.lmtp': `127.0.0.1:${site.port('lmtp')}` }), {
    code: 'configuration',
    message: /cannot listen at 127\.0\.0\.1:\d+ \(EADDRINUSE\)/,
  })
})
