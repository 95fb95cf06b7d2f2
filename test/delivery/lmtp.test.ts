import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deferred } from '../../src/base/async.ts'
import { Refusal } from '../../src/account/errors.ts'
import { withoutTrace } from './accounts-double.ts'
import { beginData, openDoor } from './open-door.ts'

test('greets by name at once and offers what it keeps', async () => {
  await using site = await openDoor({ messageBytes: 5_000_000 })
  await using peer = await site.connect()
  assert.equal(await peer.reply(), '220 mail.example.org LMTP')
  assert.deepEqual((await peer.ask('LHLO client'))?.split('\r\n'), [
    '250-mail.example.org',
    '250-PIPELINING',
    '250-8BITMIME',
    '250-SMTPUTF8',
    '250-ENHANCEDSTATUSCODES',
    '250 SIZE 5000000',
  ])
})

test('stores a message with its trace before it and every octet as it came', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  const body = 'Subject: x\r\n\r\n.leading\r\n..\r\n\xe9\0 \r\n.\r\n\r\n'
  assert.deepEqual(await beginData(peer, ['Alice+List@example.org'], 'a@b.example'), [
    '250 2.1.0 Accepted',
    '250 2.1.5 Accepted',
  ])
  peer.write(Buffer.from(`${body.replace(/(^|\r\n)\./g, '$1..')}.\r\n`, 'latin1'))
  assert.match((await peer.reply()) ?? '', /^250 2\.0\.0 \S+ saved$/)
  const [delivered] = site.accounts.delivered
  assert.deepEqual(delivered?.target, { address: 'alice@example.org', detail: 'List' })
  assert.equal(delivered.message.toString('latin1').endsWith(body), true)
  const trace = delivered.message.subarray(0, delivered.message.length - body.length).toString()
  assert.match(
    trace,
    new RegExp(
      '^Return-Path: <a@b\\.example>\r\n' +
        'Delivered-To: Alice\\+List@example\\.org\r\n' +
        'Received: from client\\.example \\(\\[127\\.0\\.0\\.1\\]\\)\r\n' +
        '\tby mail\\.example\\.org with LMTP id \\S+\r\n' +
        '\tfor <Alice\\+List@example\\.org>; Sat, 21 Nov 2026 19:00:00 \\+0000\r\n$',
    ),
  )
  assert.deepEqual(withoutTrace(delivered.message).toString('latin1'), body)
})

test('a lone LF becomes CRLF and a lone CR stays', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  await beginData(peer, ['alice@example.org', 'bob@example.org'])
  peer.write('A: b\n\nc\rd\r\n.\r\n')
  await peer.replies(2)
  for (const address of ['alice@example.org', 'bob@example.org']) {
    assert.equal(withoutTrace(site.accounts.to(address)[0] ?? Buffer.of()).toString(), 'A: b\r\n\r\nc\rd\r\n')
  }
})

for (const end of ['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r.\r\n', '\r\n.\r', '\r\n\0.\r\n']) {
  test(`${JSON.stringify(end)} does not end a message: nothing is smuggled behind it`, async () => {
    await using site = await openDoor()
    await using peer = await site.greeted()
    await beginData(peer, ['alice@example.org'])
    peer.write(
      `A: b\r\n\r\nfirst${end}MAIL FROM:<evil@x.example>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nsmuggled\r\n.\r\n`,
    )
    assert.match((await peer.reply()) ?? '', /^250 /)
    assert.equal(await peer.ask('NOOP'), '250 2.0.0 OK')
    assert.equal(site.accounts.delivered.length, 1)
    assert.ok(site.accounts.delivered[0]?.message.includes('smuggled'))
    assert.equal(site.accounts.to('bob@example.org').length, 0)
  })
}

const refusals: readonly (readonly [string, string])[] = [
  ['over-quota', '452 4.2.2'],
  ['message-too-large', '552 5.3.4'],
  ['damaged', '451 4.3.5'],
  ['key-trouble', '451 4.7.5'],
  ['unavailable', '451 4.3.0'],
  ['busy', '451 4.3.0'],
  ['no-such-account', '550 5.1.1'],
  ['account-disabled', '450 4.2.1'],
  ['limit', '451 4.2.0'],
  ['read-only', '451 4.3.0'],
]

for (const [code, start] of refusals) {
  for (const where of ['rcpt', 'check'] as const) {
    test(`${code} by ${where} is ${start} at RCPT`, async () => {
      await using site = await openDoor()
      await using peer = await site.greeted()
      await peer.ask('MAIL FROM:<>')
      assert.ok((await peer.ask(`RCPT TO:<${where}-${code}@example.org>`))?.startsWith(`${start} `))
      assert.match((await peer.ask('DATA')) ?? '', /^503 /)
    })
  }
}

test('each recipient has an answer of its own behind DATA, in the order of RCPT', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  const recipients = [
    'alice@example.org',
    ...refusals.map(([code]) => `deliver-${code}@example.org`),
    'bob@example.org',
  ]
  await beginData(peer, recipients)
  peer.write('A: b\r\n\r\nx\r\n.\r\n')
  const answers = await peer.replies(recipients.length)
  // Who was there at RCPT, and is gone now, may have another address: RCPT tells when the sender comes again.
  const refused = refusals.map(([code, start]) => (code === 'no-such-account' ? '451 4.2.0' : start))
  const starts = ['250 2.0.0', ...refused, '250 2.0.0']
  answers.forEach((answer, index) =>
    assert.ok(answer?.startsWith(starts[index] ?? '?'), `${recipients[index]}: ${answer}`),
  )
  assert.deepEqual(site.accounts.delivered.map(({ target }) => target.address).sort(), [
    'alice@example.org',
    'bob@example.org',
  ])
})

test('over quota can be told to bounce', async () => {
  await using site = await openDoor({ overQuota: 'bounce' })
  await using peer = await site.greeted()
  await beginData(peer, ['deliver-over-quota@example.org'])
  peer.write('.\r\n')
  assert.match((await peer.reply()) ?? '', /^552 5\.2\.2 /)
})

test('a fault is 451 with the number under which it is logged, and its text goes nowhere', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  await beginData(peer, ['fault@example.org'])
  peer.write('Subject: canary-in-a-subject\r\n\r\ncanary-in-a-body\r\n.\r\n')
  const answer = (await peer.reply()) ?? ''
  const id = /^451 4\.3\.0 Internal error (\S+)$/.exec(answer)?.[1]
  assert.ok(id)
  assert.ok(site.lines.some((line) => line.includes('"delivery.fault"') && line.includes(id)))
  assert.doesNotMatch(site.lines.join('\n') + answer, /canary/)
})

test('an unknown user is refused at RCPT, others of the same transaction are served', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  assert.match((await beginData(peer, ['nobody@example.org', 'bob@example.org']))[1] ?? '', /^550 5\.1\.1 /)
  peer.write('x\r\n.\r\n')
  assert.match((await peer.reply()) ?? '', /^250 /)
  assert.equal(await peer.ask('NOOP'), '250 2.0.0 OK')
})

test('a recipient given twice gets one copy and both answers', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  await beginData(peer, ['bob@example.org', 'alice@example.org', 'BOB@example.org', 'bob@example.org'])
  peer.write('x\r\n.\r\n')
  for (const answer of await peer.replies(4)) assert.match(answer ?? '', /^250 /)
  assert.equal(await peer.ask('NOOP'), '250 2.0.0 OK')
  assert.equal(site.accounts.to('bob@example.org').length, 1)
})

test('fifty recipients each get their own trace and nobody else sees them', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  const recipients = Array.from({ length: 50 }, (_, i) => `user${i}@example.org`)
  const commands = ['MAIL FROM:<a@b.example>', ...recipients.map((name) => `RCPT TO:<${name}>`), 'DATA', '']
  peer.write(commands.join('\r\n'))
  await peer.replies(52)
  peer.write('A: b\r\n\r\nhello\r\n.\r\n')
  for (const answer of await peer.replies(50)) assert.match(answer ?? '', /^250 /)
  for (const name of recipients) {
    const message = site.accounts.to(name)[0] ?? Buffer.of()
    assert.ok(message.includes(`for <${name}>`))
    assert.equal(message.toString().match(/user\d+@/g)?.length, 2)
    assert.equal(withoutTrace(message).toString(), 'A: b\r\n\r\nhello\r\n')
  }
})

test('more recipients than allowed are told to come in another transaction', async () => {
  await using site = await openDoor({ maxRecipients: 2 })
  await using peer = await site.greeted()
  const answers = await beginData(peer, ['a@example.org', 'b@example.org', 'c@example.org'])
  assert.match(answers[3] ?? '', /^452 4\.5\.3 /)
})

test('everything of two transactions in one packet is answered in order', async () => {
  await using site = await openDoor()
  await using peer = await site.connect()
  await peer.reply()
  const one = 'MAIL FROM:<a@b.example>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nsay\r\n.\r\n'
  peer.write(`LHLO c\r\n${one}${one}QUIT\r\n`)
  const codes = (await peer.replies(10)).map((answer) => answer?.slice(0, 3))
  assert.deepEqual(codes, ['250', '250', '250', '354', '250', '250', '250', '354', '250', '221'])
  await peer.closed()
  assert.equal(site.accounts.to('bob@example.org').length, 2)
})

test('one octet at a time is as good as all at once', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  await beginData(peer, ['bob@example.org'])
  peer.socket.setNoDelay(true)
  for (const octet of 'a\r\n..b\r\n.\r\n') {
    await new Promise((resolve) => peer.socket.write(octet, resolve))
    await new Promise(setImmediate)
  }
  assert.match((await peer.reply()) ?? '', /^250 /)
  assert.equal(withoutTrace(site.accounts.to('bob@example.org')[0] ?? Buffer.of()).toString(), 'a\r\n.b\r\n')
})

test('250 comes only after the account layer says that it is durable', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  const started = deferred<undefined>()
  const durable = deferred<undefined>()
  site.accounts.before = async () => {
    started.resolve(undefined)
    await durable.promise
  }
  await beginData(peer, ['bob@example.org'])
  peer.write('x\r\n.\r\nNOOP\r\n')
  await started.promise
  let isAnswered = false
  const answer = peer.reply().then((text) => {
    isAnswered = true
    return text
  })
  for (let i = 0; i < 20; i++) await new Promise(setImmediate)
  assert.equal(isAnswered, false)
  durable.resolve(undefined)
  assert.match((await answer) ?? '', /^250 /)
})

for (const [name, sent] of [
  ['half a message', 'A: b\r\n\r\nhalf'],
  ['a message whose last octet is missing', 'A: b\r\n\r\nx\r\n.\r'],
  ['nothing behind 354', ''],
] as const) {
  test(`nothing is stored of ${name} when the peer goes away, and its memory comes back`, async () => {
    const left = deferred<undefined>()
    await using site = await openDoor({ left: () => left.resolve(undefined) })
    const peer = await site.greeted()
    await beginData(peer, ['bob@example.org'])
    await new Promise<void>((resolve) => peer.socket.end(sent, resolve))
    await left.promise
    await new Promise(setImmediate)
    assert.equal(site.accounts.delivered.length, 0)
    assert.equal(site.desk.heldBytes, 0)
  })
}

test('a peer that goes away before its answer gets the mail stored all the same', async () => {
  await using site = await openDoor()
  const peer = await site.greeted()
  const started = deferred<undefined>()
  const goOn = deferred<undefined>()
  const stored = deferred<undefined>()
  site.accounts.before = async () => {
    started.resolve(undefined)
    await goOn.promise
    setImmediate(() => stored.resolve(undefined))
  }
  await beginData(peer, ['bob@example.org'])
  peer.write('x\r\n.\r\n')
  await started.promise
  peer.socket.resetAndDestroy()
  await peer.closed()
  goOn.resolve(undefined)
  await stored.promise
  assert.equal(site.accounts.delivered.length, 1)
})

test('RSET and a new LHLO forget the recipients', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  for (const command of ['RSET', 'LHLO again']) {
    await peer.ask('MAIL FROM:<a@b.example>')
    await peer.ask('RCPT TO:<bob@example.org>')
    await peer.ask(command)
    assert.match((await peer.ask('DATA')) ?? '', /^503 /)
  }
  await beginData(peer, ['alice@example.org'])
  peer.write('x\r\n.\r\n')
  assert.match((await peer.reply()) ?? '', /^250 /)
  assert.equal(await peer.ask('NOOP'), '250 2.0.0 OK')
  assert.equal(site.accounts.to('bob@example.org').length, 0)
})

test('the declared size is refused at MAIL when too large for us, at RCPT when too large for the mailbox', async () => {
  await using site = await openDoor({ messageBytes: 1000 })
  await using peer = await site.greeted()
  assert.match((await peer.ask('MAIL FROM:<a@b.example> SIZE=1001')) ?? '', /^552 5\.3\.4 /)
  assert.match((await peer.ask('MAIL FROM:<a@b.example> SIZE=999')) ?? '', /^250 /)
  await peer.ask('RCPT TO:<bob@example.org>')
  assert.deepEqual(site.accounts.checked, [['bob@example.org', 999]])
})

test('a message larger than allowed is read to its end and refused for everybody', async () => {
  await using site = await openDoor({ messageBytes: 1000 })
  await using peer = await site.greeted()
  await beginData(peer, ['bob@example.org', 'alice@example.org'])
  peer.write(`${'x'.repeat(98)}\r\n`.repeat(11) + '.\r\n')
  for (const answer of await peer.replies(2)) assert.match(answer ?? '', /^552 5\.3\.4 /)
  await beginData(peer, ['bob@example.org'])
  peer.write(`${'x'.repeat(98)}\r\n`.repeat(10) + '.\r\n')
  assert.match((await peer.reply()) ?? '', /^250 /)
  assert.equal(site.accounts.delivered.length, 1)
  assert.equal(site.desk.heldBytes, 0)
})

test('a message without end is cut off', async () => {
  await using site = await openDoor({ messageBytes: 1000 })
  await using peer = await site.greeted()
  await beginData(peer, ['bob@example.org'])
  peer.write('x'.repeat(5000))
  assert.match((await peer.reply()) ?? '', /^421 5\.3\.4 /)
  assert.equal(site.accounts.delivered.length, 0)
})

test('twenty megabytes, mostly dots, come through unchanged', async () => {
  await using site = await openDoor({ messageBytes: 25_000_000, memoryBytes: 100_000_000 })
  await using peer = await site.greeted()
  await beginData(peer, ['bob@example.org'])
  const text = `A: b\r\n\r\n${`.dot\r\n..\r\n${'y'.repeat(60)}\r\n`.repeat(280_000)}`
  peer.write(Buffer.from(text.replace(/\n\./g, '\n..')))
  peer.write('.\r\n')
  assert.match((await peer.reply()) ?? '', /^250 /)
  assert.ok(withoutTrace(site.accounts.delivered[0]?.message ?? Buffer.of()).equals(Buffer.from(text)))
})

test('messages in flight share one budget: beyond it the answer is 452, and the memory comes back', async () => {
  await using site = await openDoor({ messageBytes: 1_000_000, memoryBytes: 1_500_000 })
  await using first = await site.greeted()
  await using second = await site.greeted()
  await beginData(first, ['bob@example.org'])
  first.write('x'.repeat(700_000))
  while (site.desk.heldBytes < 700_000) await new Promise(setImmediate)
  await beginData(second, ['alice@example.org'])
  second.write('y'.repeat(900_000) + '\r\n.\r\n')
  assert.match((await second.reply()) ?? '', /^452 4\.3\.1 /)
  first.write('\r\n.\r\n')
  assert.match((await first.reply()) ?? '', /^250 /)
  assert.equal(site.desk.heldBytes, 0)
  await beginData(second, ['alice@example.org'])
  second.write('y\r\n.\r\n')
  assert.match((await second.reply()) ?? '', /^250 /)
})

test('what was handed to the account layer is wiped afterwards', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  await beginData(peer, ['bob@example.org', 'alice@example.org', 'fault@example.org'])
  peer.write('x\r\n\nlone\r\n.\r\n')
  await peer.replies(3)
  assert.equal(site.accounts.given.length, 3)
  for (const buffer of site.accounts.given) assert.ok(buffer.every((octet) => octet === 0))
})

test('no command of smtp-server that is not ours can be reached', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  for (const command of [
    'AUTH PLAIN',
    'STARTTLS',
    'XCLIENT ADDR=1.2.3.4',
    'WIZ x',
    'SHELL',
    'KILL',
    'HELP',
  ]) {
    assert.match((await peer.ask(command)) ?? '', /^500 5\.5\.2 /, command)
  }
})

test('nonsense is answered twenty times at most', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  for (let i = 0; i < 19; i++) assert.match((await peer.ask('MAIL FROM')) ?? '', /^501 /)
  assert.match((await peer.ask('MAIL FROM')) ?? '', /^501 /)
  assert.match((await peer.reply()) ?? '', /^421 4\.7\.0 /)
  await peer.closed()
})

test('any number of unknown users may be asked about in one connection', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  await peer.ask('MAIL FROM:<>')
  for (let i = 0; i < 200; i++)
    assert.match((await peer.ask(`RCPT TO:<nobody${i}@example.org>`)) ?? '', /^550 5\.1\.1 /)
})

test('a command line without end is cut off', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  peer.write('x'.repeat(10_000))
  assert.match((await peer.reply()) ?? '', /^421 /)
  await peer.closed()
})

test('internationalised addresses are taken with SMTPUTF8 and named in the trace', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  assert.match((await peer.ask('MAIL FROM:<jürgen@bücher.example> SMTPUTF8 BODY=8BITMIME')) ?? '', /^250 /)
  assert.match((await peer.ask('RCPT TO:<жена@example.org>')) ?? '', /^250 /)
  await peer.ask('DATA')
  peer.write('x\r\n.\r\n')
  assert.match((await peer.reply()) ?? '', /^250 /)
  const message = site.accounts.delivered[0]?.message.toString() ?? ''
  assert.ok(message.startsWith('Return-Path: <jürgen@bücher.example>\r\nDelivered-To: жена@example.org\r\n'))
  assert.match(message, / with UTF8LMTP id /)
})

test('a name that the peer gives itself cannot add to the trace', async () => {
  await using site = await openDoor()
  await using peer = await site.connect()
  await peer.reply()
  await peer.ask('LHLO a(b)<c>;"by')
  await beginData(peer, ['bob@example.org'])
  peer.write('x\r\n.\r\n')
  await peer.reply()
  assert.match(
    site.accounts.delivered[0]?.message.toString() ?? '',
    /^Received: from a\?b\?\?c\?\?\?by \(\[127/m,
  )
})

test('postmaster needs no domain', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  await beginData(peer, ['Postmaster'])
  peer.write('x\r\n.\r\n')
  assert.match((await peer.reply()) ?? '', /^250 /)
  assert.equal(site.accounts.delivered[0]?.target.address, 'postmaster@example.org')
})

test('a connection that may not enter is told so and closed', async () => {
  const seen: string[] = []
  await using site = await openDoor({
    enter: async (address) => {
      seen.push(address)
      return false
    },
    left: () => assert.fail('was never in'),
  })
  await using peer = await site.connect()
  assert.match((await peer.reply()) ?? '', /^421 4\.3\.2 /)
  await peer.closed()
  assert.deepEqual(seen, ['127.0.0.1'])
})

test('a message that trickles is cut off after its time', async () => {
  await using site = await openDoor({ transferMs: 1 })
  await using peer = await site.greeted()
  await beginData(peer, ['bob@example.org'])
  assert.match((await peer.reply()) ?? '', /^421 4\.4\.2 /)
  assert.equal(site.accounts.delivered.length, 0)
})

test('a silent peer is sent away', async () => {
  await using site = await openDoor({ idleMs: 20 })
  await using peer = await site.connect()
  await peer.reply()
  assert.match((await peer.reply()) ?? '', /^421 /)
  await peer.closed()
})

test('stopping sends idle peers away and lets a message under way finish', async () => {
  await using site = await openDoor()
  await using idle = await site.greeted()
  await using busy = await site.greeted()
  const started = deferred<undefined>()
  const goOn = deferred<undefined>()
  site.accounts.before = async () => {
    started.resolve(undefined)
    await goOn.promise
  }
  await beginData(busy, ['bob@example.org'])
  busy.write('x\r\n.\r\n')
  await started.promise
  const stopped = site.door.stop(60_000)
  assert.match((await idle.reply()) ?? '', /^421 4\.3\.2 /)
  goOn.resolve(undefined)
  assert.match((await busy.reply()) ?? '', /^250 /)
  assert.match((await busy.reply()) ?? '', /^421 4\.3\.2 /)
  await stopped
  await assert.rejects(site.connect())
  assert.equal(site.accounts.delivered.length, 1)
})

test('stopping cuts off after the grace who sends for ever', async () => {
  await using site = await openDoor()
  await using peer = await site.greeted()
  await beginData(peer, ['bob@example.org'])
  peer.write('half a mess')
  await site.door.stop(10)
  await peer.closed()
  assert.equal(site.accounts.delivered.length, 0)
})

test('a domain is found in either spelling, and its trace is ASCII unless SMTPUTF8 was asked for', async () => {
  await using site = await openDoor()
  const resolve = site.accounts.resolve.bind(site.accounts)
  const asked: unknown[] = []
  site.accounts.resolve = async (...spellings: readonly string[]) => {
    asked.push(spellings)
    return resolve(spellings[1] ?? '')
  }
  await using peer = await site.greeted()
  await beginData(peer, ['bob@xn--bcher-kva.example'], 'a@xn--bcher-kva.example')
  peer.write('x\r\n.\r\n')
  assert.match((await peer.reply()) ?? '', /^250 /)
  assert.deepEqual(asked, [['bob@bücher.example', 'bob@xn--bcher-kva.example']])
  const message = site.accounts.delivered[0]?.message.toString() ?? ''
  assert.ok(
    message.startsWith(
      'Return-Path: <a@xn--bcher-kva.example>\r\nDelivered-To: bob@xn--bcher-kva.example\r\n',
    ),
  )
  assert.match(message, /^[\r\n\t -~]+$/)
})

test('an alias has one answer for all whom it leads to, and a second try gives nobody a second copy', async () => {
  await using site = await openDoor()
  site.accounts.aliases.set('team@example.org', ['bob@example.org', 'eve@example.org', 'ann@example.org'])
  let isTrouble = true
  site.accounts.before = async ({ address }) => {
    if (isTrouble && address.startsWith('eve')) throw new Refusal('unavailable', 'not now')
  }
  await using peer = await site.greeted()
  const send = async (): Promise<(string | undefined)[]> => {
    await beginData(peer, ['team@example.org', 'ann@example.org'])
    peer.write('Subject: x\r\n\r\nhello\r\n.\r\n')
    return [await peer.reply(), await peer.reply()]
  }
  const [team, ann] = await send()
  assert.match(team ?? '', /^451 4\.3\.0 Stored for some/)
  assert.match(ann ?? '', /^250 /)
  isTrouble = false
  assert.ok((await send()).every((reply) => reply?.startsWith('250 ')))
  for (const name of ['bob', 'eve', 'ann']) {
    const copies = site.accounts.to(`${name}@example.org`)
    assert.equal(copies.length, 1, name)
    // ann was named herself as well; whoever comes by the alias sees that in the trace.
    assert.match(copies[0]?.toString() ?? '', /\r\nDelivered-To: team@example\.org\r\n/)
  }
  // The message once more, as another one: it is not taken for the same.
  await send()
  assert.equal(site.accounts.to('bob@example.org').length, 2)
})

test('an alias is refused at RCPT only when nobody of it can take the message', async () => {
  await using site = await openDoor()
  site.accounts.aliases.set('some@example.org', ['check-over-quota@example.org', 'bob@example.org'])
  site.accounts.aliases.set('none@example.org', [
    'check-message-too-large@example.org',
    'check-over-quota@example.org',
  ])
  await using peer = await site.greeted()
  await peer.ask('MAIL FROM:<a@example.org>')
  assert.match((await peer.ask('RCPT TO:<some@example.org>')) ?? '', /^250 /)
  assert.match((await peer.ask('RCPT TO:<none@example.org>')) ?? '', /^452 4\.2\.2 /)
  assert.match((await peer.ask('RCPT TO:<rcpt-no-such-domain@example.org>')) ?? '', /^550 5\.1\.2 /)
  assert.match((await peer.ask('RCPT TO:<rcpt-damaged@example.org>')) ?? '', /^451 4\.3\.5 /)
})
