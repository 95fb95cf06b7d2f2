import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../src/account/errors.ts'
import { withoutTrace } from './accounts-double.ts'
import { beginData, openDoor, type OpenDoor } from './open-door.ts'

function openSmtp(options: Parameters<typeof openDoor>[0] = {}): Promise<OpenDoor> {
  return openDoor({ dialect: 'smtp', ...options })
}

test('speaks EHLO and HELO, and names itself', async () => {
  await using site = await openSmtp()
  await using peer = await site.connect()
  assert.equal(await peer.reply(), '220 mail.example.org ESMTP')
  assert.match((await peer.ask('LHLO x')) ?? '', /^500 /)
  assert.equal(await peer.ask('HELO x'), '250 mail.example.org')
  assert.match((await peer.ask('EHLO x')) ?? '', /^250-mail\.example\.org\r\n[^]*250 SIZE 1000000$/)
})

test('never relays: only the own domains are taken, whatever their spelling', async () => {
  await using site = await openSmtp()
  await using peer = await site.greeted()
  await peer.ask('MAIL FROM:<a@example.org>')
  for (const address of [
    'x@other.example',
    'x@example.org.evil.example',
    'x@sub.example.org',
    'a%other.example@evil.example',
  ]) {
    assert.match((await peer.ask(`RCPT TO:<${address}>`)) ?? '', /^550 5\.7\.1 /, address)
  }
  assert.match((await peer.ask('RCPT TO:<a@other.example@example.org>')) ?? '', /^501 /)
  assert.match((await peer.ask('RCPT TO:<"a@other.example"@example.org>')) ?? '', /^501 /)
  for (const address of [
    'x@EXAMPLE.org',
    'x@xn--bcher-kva.example',
    'x@bücher.example',
    '@relay.example:x@example.org',
    'postmaster',
  ]) {
    assert.match((await peer.ask(`RCPT TO:<${address}>`)) ?? '', /^250 /, address)
  }
  assert.equal(site.accounts.delivered.length, 0)
})

test('one recipient gets a message with its trace', async () => {
  await using site = await openSmtp()
  await using peer = await site.greeted()
  await beginData(peer, ['bob@example.org'], '')
  peer.write('A: b\r\n\r\nx\r\n.\r\n')
  assert.match((await peer.reply()) ?? '', /^250 2\.0\.0 \S+ saved$/)
  const [delivered] = site.accounts.delivered
  assert.match(
    delivered?.message.toString() ?? '',
    /^Return-Path: <>\r\nDelivered-To: bob@example\.org\r\nReceived: from client\.example \(\[127\.0\.0\.1\]\)\r\n\tby mail\.example\.org with ESMTP id /,
  )
})

test('several recipients have one answer, 250 when all have it', async () => {
  await using site = await openSmtp()
  await using peer = await site.greeted()
  await beginData(peer, ['bob@example.org', 'alice@example.org', 'bob@example.org'])
  peer.write('x\r\n.\r\n')
  assert.match((await peer.reply()) ?? '', /^250 /)
  assert.equal(await peer.ask('NOOP'), '250 2.0.0 OK')
  assert.deepEqual(site.accounts.delivered.map(({ target }) => target.address).sort(), [
    'alice@example.org',
    'bob@example.org',
  ])
})

test('when some have it, the sender comes again, and nobody gets it twice', async () => {
  await using site = await openSmtp()
  await using peer = await site.greeted()
  const send = async (recipients: readonly string[], text = 'x'): Promise<string> => {
    await beginData(peer, recipients)
    peer.write(`${text}\r\n.\r\n`)
    return (await peer.reply()) ?? ''
  }
  let isBroken = true
  site.accounts.before = async ({ address }) => {
    if (isBroken && address.startsWith('alice')) throw new TypeError('no')
  }
  const both = ['bob@example.org', 'alice@example.org']
  assert.match(await send(both), /^451 4\.3\.0 Stored for some/)
  assert.match(await send(both), /^451 4\.3\.0 Stored for some/)
  assert.match(await send(both, 'another message'), /^451 /)
  assert.equal(site.accounts.to('bob@example.org').length, 2)
  isBroken = false
  assert.match(await send(both), /^250 /)
  assert.equal(site.accounts.to('bob@example.org').length, 2)
  assert.deepEqual(
    site.accounts.to('alice@example.org').map((message) => withoutTrace(message).toString()),
    ['x\r\n'],
  )
  // Once all have it, the same octets are a new message.
  assert.match(await send(both), /^250 /)
  assert.equal(site.accounts.to('bob@example.org').length, 3)
})

test('a sender that comes again for those alone who have it is told so, and they get nothing twice', async () => {
  await using site = await openSmtp()
  await using peer = await site.greeted()
  for (const [recipients, answer] of [
    [['bob@example.org', 'deliver-over-quota@example.org'], /^451 /],
    [['bob@example.org'], /^250 /],
  ] as const) {
    await beginData(peer, recipients)
    peer.write('x\r\n.\r\n')
    assert.match((await peer.reply()) ?? '', answer)
  }
  assert.equal(site.accounts.to('bob@example.org').length, 1)
})

const nobody: readonly (readonly [name: string, recipients: readonly string[], answer: RegExp])[] = [
  ['one over quota', ['deliver-over-quota@example.org'], /^452 4\.2\.2 /],
  ['one too large', ['deliver-message-too-large@example.org'], /^552 5\.3\.4 /],
  [
    'one for good and one for now',
    ['deliver-message-too-large@example.org', 'deliver-busy@example.org'],
    /^451 4\.3\.0 Mail cannot/,
  ],
  [
    'all for good',
    ['deliver-message-too-large@example.org', 'deliver-message-too-large+x@example.org'],
    /^552 5\.3\.4 /,
  ],
  [
    'one for good and one that was there at RCPT',
    ['deliver-message-too-large@example.org', 'deliver-no-such-account@example.org'],
    /^451 4\.2\.0 /,
  ],
]
for (const [name, recipients, answer] of nobody) {
  test(`when nobody has it, the answer is that of the hopeful, else of the first: ${name}`, async () => {
    await using site = await openSmtp()
    await using peer = await site.greeted()
    await beginData(peer, recipients)
    peer.write('x\r\n.\r\n')
    assert.match((await peer.reply()) ?? '', answer)
  })
}

test('too large is said once for all recipients', async () => {
  await using site = await openSmtp({ messageBytes: 1000 })
  await using peer = await site.greeted()
  await beginData(peer, ['bob@example.org', 'alice@example.org'])
  peer.write(`${'x'.repeat(1500)}\r\n.\r\n`)
  assert.match((await peer.reply()) ?? '', /^552 5\.3\.4 /)
  assert.equal(await peer.ask('NOOP'), '250 2.0.0 OK')
})

test('who guesses addresses is sent away', async () => {
  await using site = await openSmtp()
  await using peer = await site.greeted()
  await peer.ask('MAIL FROM:<>')
  for (let i = 0; i < 50; i++)
    assert.match((await peer.ask(`RCPT TO:<nobody${i}@example.org>`)) ?? '', /^550 5\.1\.1 /)
  assert.match((await peer.reply()) ?? '', /^421 4\.7\.0 /)
  await peer.closed()
})

test('who talks before the greeting is sent away', async () => {
  await using site = await openSmtp()
  await using peer = await site.connect()
  peer.write('EHLO x\r\n')
  assert.match((await peer.reply()) ?? '', /^421 /)
  await peer.closed()
})

test('web browsers are not talked to', async () => {
  await using site = await openSmtp()
  await using peer = await site.connect()
  await peer.reply()
  assert.match((await peer.ask('POST / HTTP/1.1')) ?? '', /^421 /)
  await peer.closed()
})

test('asks for domains at each RCPT, and defers where nobody can tell', async () => {
  const domains = new Set<string>()
  await using site = await openSmtp({
    isLocal(domain) {
      if (domain === 'damaged.example') throw new Refusal('damaged', 'the record is damaged')
      return domains.has(domain)
    },
  })
  await using peer = await site.greeted()
  await peer.ask('MAIL FROM:<a@example.org>')
  assert.match((await peer.ask('RCPT TO:<x@new.example>')) ?? '', /^550 5\.7\.1 /)
  domains.add('new.example')
  assert.match((await peer.ask('RCPT TO:<x@new.example>')) ?? '', /^250 /)
  assert.match((await peer.ask('RCPT TO:<x@damaged.example>')) ?? '', /^451 4\.3\.5 /)
})
