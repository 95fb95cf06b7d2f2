// What the peer and the log are told when something goes wrong, and that nothing wrong is ever sent.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MessageContent } from '../../src/account/api.ts'
import { Refusal, type RefusalCode } from '../../src/account/errors.ts'
import { silentLog } from '../../src/base/ports.ts'
import { Answer, answerTo, codeOf } from '../../src/imap/errors.ts'
import { BadSyntax } from '../../src/imap/wire/bad-syntax.ts'
import { plainContent } from '../support/plain-content.ts'
import { withFaults, type Faults } from './faulty-accounts.ts'
import { address, KeptLog, mail, makeHarness, passwordText, type Harness } from './harness.ts'

async function withHarness(
  faults: Faults,
  test: (harness: Harness, log: KeptLog) => Promise<void>,
): Promise<void> {
  const log = new KeptLog()
  const harness = await makeHarness({ log, wrap: (accounts) => withFaults(accounts, faults) })
  try {
    await test(harness, log)
  } finally {
    await harness.close()
  }
}

const damaged = (): Refusal => new Refusal('damaged', 'The message is damaged')
const kilobytes = (count: number): string => `${'0123456789abcde'.repeat(4)}12\r\n`.repeat(16 * count)

/** A body that fails to open once `goodBytes` have been read. */
function failingAfter(content: MessageContent, goodBytes: number): MessageContent {
  return {
    ...plainContent(content),
    async *read(start, end) {
      let left = goodBytes
      for await (const piece of content.read(start, end)) {
        if (piece.length > left) throw damaged()
        left -= piece.length
        yield piece
      }
    },
  }
}

describe('a message that is expunged while it is fetched', () => {
  it('is left out and said to be expunged; the others come', () =>
    withHarness(
      {
        content: (content) =>
          content.uid === 2
            ? {
                ...plainContent(content),
                async *read() {
                  throw new Refusal('message-expunged', 'The message was expunged')
                },
              }
            : content,
      },
      async ({ select, put }) => {
        for (const subject of ['one', 'two', 'three']) await put(mail(subject))
        const client = await select()
        const bySequence = await client.run('FETCH 1:3 (BODY.PEEK[TEXT])')
        assert.match(bySequence.at(-1) ?? '', /^NO \[EXPUNGEISSUED\]/)
        assert.equal(bySequence.length, 3)
        const byUid = await client.run('UID FETCH 1:3 (BODY.PEEK[TEXT])')
        assert.match(byUid.at(-1) ?? '', /^OK /)
        assert.equal(byUid.length, 3)
      },
    ))
})

describe('a fault', () => {
  it('is answered with a number that stands in the log, and with nothing else', () =>
    withHarness(
      {
        mailbox: (method) => {
          if (method === 'storeFlags') throw new TypeError(`secret ${passwordText}`)
        },
      },
      async ({ select, put }, log) => {
        await put(mail('one'))
        const client = await select()
        const [answer = ''] = await client.run('STORE 1 FLAGS (\\Seen)')
        const [, id = ''] = /^NO \[SERVERBUG\] Internal error ([a-z0-9]{8})$/.exec(answer) ?? []
        const line = log.lines.find(({ event }) => event === 'imap.fault')
        assert.equal(line?.fields['id'], id)
        assert.equal(line.fields['command'], 'STORE')
        assert.equal(line.fields['error'], 'TypeError')
        assert.doesNotMatch(JSON.stringify(log.lines), /secret|correct horse/)
        await client.ok('NOOP')
      },
    ))

  it('in storing \\Seen does not keep anybody from reading', () =>
    withHarness(
      {
        mailbox: (method) => {
          if (method === 'storeFlags') throw new Refusal('unavailable', 'The disk is full')
        },
      },
      async ({ select, put }) => {
        await put(mail('one'))
        const client = await select()
        assert.deepEqual(await client.run('FETCH 1 BODY[TEXT]'), [
          '* 1 FETCH (BODY[TEXT] {8}\r\nHello.\r\n)',
          'OK FETCH completed',
        ])
      },
    ))

  it('in CLOSE leaves the mailbox selected', () =>
    withHarness(
      {
        mailbox: (method) => {
          if (method === 'expunge') throw new Refusal('unavailable', 'The disk is full')
        },
      },
      async ({ select }) => {
        const client = await select()
        assert.deepEqual(await client.run('CLOSE'), ['NO [UNAVAILABLE] The disk is full'])
        await client.ok('CHECK')
      },
    ))
})

describe('the log', () => {
  it('holds neither addresses of mail, nor subjects, mailbox names, passwords, or what a client searches for', () =>
    withHarness({}, async ({ select, put }, log) => {
      await put(mail('canary-subject'))
      const client = await select()
      await client.ok('CREATE canary-mailbox')
      await client.ok('SEARCH TEXT canary-word')
      await client.ok('STORE 1 +FLAGS (canary-flag)')
      await client.run('SELECT canary-nowhere')
      await client.run('canary-command canary')
      await client.ok('LOGOUT')
      assert.ok(log.lines.length > 5)
      assert.doesNotMatch(JSON.stringify(log.lines), /canary|correct horse/)
    }))
})

describe('damage', () => {
  it('of one message is told in words, and the others are sent', async () => {
    let badUid = 0
    const faults: Faults = {
      content: (content) => (content.uid === badUid ? failingAfter(content, 0) : content),
    }
    await withHarness(faults, async ({ select, put }) => {
      for (const subject of ['one', 'two', 'three']) await put(mail(subject))
      badUid = 2
      const client = await select()
      const responses = await client.run('FETCH 1:3 BODY.PEEK[TEXT]')
      assert.deepEqual(responses, [
        '* 1 FETCH (BODY[TEXT] {8}\r\nHello.\r\n)',
        '* 3 FETCH (BODY[TEXT] {8}\r\nHello.\r\n)',
        'NO [CORRUPTION] 1 damaged or unreadable, nothing of them was sent',
      ])
    })
  })

  it('of a record does not hide the messages beside it', async () => {
    const faults: Faults = {
      content: (content) => {
        if (content.uid === 2) throw damaged()
        return content
      },
    }
    await withHarness(faults, async ({ select, put }) => {
      for (const subject of ['one', 'two', 'three']) await put(mail(subject))
      const client = await select()
      const responses = await client.run('FETCH 1:3 (UID ENVELOPE)')
      assert.deepEqual(
        responses.map((response) => response.slice(0, 19)),
        ['* 1 FETCH (UID 1 EN', '* 3 FETCH (UID 3 EN', 'NO [CORRUPTION] 1 d'],
      )
      const found = await client.run('SEARCH SUBJECT t')
      assert.deepEqual(found.slice(1), ['* SEARCH 3', 'OK SEARCH completed'])
      assert.match(found[0] ?? '', /^\* NO \[CORRUPTION\] 1 /)
    })
  })

  it('in the first chunk of a large message is noticed before anything is promised', () =>
    withHarness({ content: (content) => failingAfter(content, 0) }, async ({ select, put }) => {
      await put(mail('large', kilobytes(300)))
      const client = await select()
      assert.match((await client.run('FETCH 1 BODY.PEEK[]'))[0] ?? '', /^NO \[CORRUPTION\]/)
      await client.ok('NOOP')
    }))

  it('inside a literal ends the connection, without a byte that could be taken for mail', async () => {
    const original: string[] = []
    const faults: Faults = { content: (content) => failingAfter(content, 128 * 1024) }
    await withHarness(faults, async ({ select, put, handles }, log) => {
      const text = mail('large', kilobytes(300))
      original.push(text)
      await put(text)
      const client = await select()
      const received: Buffer[] = []
      client.socket.on('data', (chunk) => received.push(chunk))
      client.send('a FETCH 1 BODY.PEEK[]')
      assert.equal(await client.next(), undefined)
      await handles[0]?.closed
      const bytes = Buffer.concat(received).toString('latin1')
      const head = `* 1 FETCH (BODY[] {${text.length}}\r\n`
      assert.ok(bytes.startsWith(head))
      assert.ok(text.startsWith(bytes.slice(head.length)), 'all that came is of the message')
      assert.ok(bytes.length < text.length)
      assert.ok(log.lines.some(({ event }) => event === 'imap.damaged'))
    })
  })

  it('that makes a body too short ends the connection', () =>
    withHarness(
      {
        content: (content) => ({
          ...plainContent(content),
          async *read(start, end) {
            yield* content.read(start, Math.max(start, end - 1))
          },
        }),
      },
      async ({ select, put }) => {
        await put(mail('large', kilobytes(300)))
        await put(mail('small'))
        const client = await select()
        assert.match((await client.run('FETCH 2 BODY.PEEK[]'))[0] ?? '', /^NO \[CORRUPTION\]/)
        client.send('a FETCH 1 BODY.PEEK[]')
        assert.equal(await client.next(), undefined)
      },
    ))
})

describe('a lost connection', () => {
  it('in the middle of APPEND stores nothing', () =>
    withHarness({}, async ({ login, handles, accounts }) => {
      const client = await login()
      client.send('a APPEND INBOX {1000}')
      await client.next()
      client.write(mail('half'))
      client.socket.end()
      await handles[0]?.closed
      const other = await accounts.login(address, Buffer.from(passwordText), {
        ...{ protocol: 'imap', remoteAddress: '', isTls: true },
        end: () => undefined,
      })
      assert.equal((await other.status('INBOX')).messages, 0)
      await other.close()
    }))

  it('right behind the literal of APPEND, before the command ended, stores nothing', () =>
    withHarness({}, async ({ login, handles, connect }) => {
      const client = await login()
      const text = mail('whole')
      client.write(`a APPEND INBOX {${text.length}+}\r\n${text}`)
      client.socket.end()
      await handles[0]?.closed
      const other = await connect()
      await other.ok(`LOGIN ${address} "${passwordText}"`)
      assert.equal((await other.ok('STATUS INBOX (MESSAGES)'))[0], '* STATUS INBOX (MESSAGES 0)')
    }))
})

describe('answers', () => {
  const codes: Record<RefusalCode, string> = {
    'authentication-failed': 'AUTHENTICATIONFAILED',
    'account-disabled': 'CONTACTADMIN',
    'not-accepted-here': 'ALERT',
    'no-such-slot': 'CANNOT',
    busy: 'UNAVAILABLE',
    'no-such-account': 'AUTHENTICATIONFAILED',
    'account-exists': 'ALREADYEXISTS',
    'over-quota': 'OVERQUOTA',
    'message-too-large': 'TOOBIG',
    'not-encodable': 'UNKNOWN-CTE',
    'mailbox-not-found': 'NONEXISTENT',
    'message-expunged': 'EXPUNGEISSUED',
    'mailbox-exists': 'ALREADYEXISTS',
    'mailbox-name-invalid': 'CANNOT',
    'mailbox-has-children': 'HASCHILDREN',
    'mailbox-not-deletable': 'CANNOT',
    'read-only': 'READ-ONLY',
    limit: 'LIMIT',
    damaged: 'CORRUPTION',
    unavailable: 'UNAVAILABLE',
    'not-enabled': 'CANNOT',
    'nothing-to-do': 'CANNOT',
    'no-admin-key': 'CANNOT',
    'wrong-admin-password': 'CANNOT',
    'no-own-key': 'CANNOT',
    'already-enabled': 'CANNOT',
    'wrong-recovery-code': 'AUTHENTICATIONFAILED',
    'mail-would-be-lost': 'CANNOT',
    'not-permitted': 'NOPERM',
    'offer-expired': 'CANNOT',
    'rolled-back': 'ALERT',
    'bad-key': 'CANNOT',
    'key-trouble': 'CANNOT',
    'no-such-alias': 'CANNOT',
    'bad-alias': 'CANNOT',
    'no-such-domain': 'CANNOT',
    'domain-exists': 'CANNOT',
    'in-use': 'CANNOT',
  }
  for (const [code, expected] of Object.entries(codes)) {
    it(`give ${expected} for ${code}`, () => {
      const refusal = new Refusal(code as RefusalCode, 'In words')
      assert.equal(codeOf(refusal, false), expected)
      const answer = answerTo(refusal, silentLog, { command: 'X', wantsDestination: false })
      assert.deepEqual(answer, { kind: 'NO', code: expected, text: 'In words' })
    })
  }

  it('give TRYCREATE where a missing mailbox is a destination', () => {
    assert.equal(codeOf(new Refusal('mailbox-not-found', ''), true), 'TRYCREATE')
  })

  it('give BAD for bad syntax, and where', () => {
    const answer = answerTo(new BadSyntax('expected a space', 7), silentLog, {
      command: 'X',
      wantsDestination: false,
    })
    assert.deepEqual(answer, { kind: 'BAD', text: 'Expected a space, at octet 7' })
  })

  it('give what IMAP itself has to say', () => {
    const answer = answerTo(new Answer('NO', 'No', 'CANNOT'), silentLog, {
      command: 'X',
      wantsDestination: false,
    })
    assert.deepEqual(answer, { kind: 'NO', code: 'CANNOT', text: 'No' })
  })
})
