// Peers that flood, trickle, break off or nest: they get an answer or a closed door, and harm nobody else.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { breathe } from '../../src/base/async.ts'
import type { Client } from './client.ts'
import { address, mail, makeHarness, passwordText, type Harness, type HarnessOptions } from './harness.ts'
import { closed } from '../support/closed.ts'

async function withHarness(
  test: (harness: Harness) => Promise<void>,
  options: HarnessOptions = {},
): Promise<void> {
  const harness = await makeHarness(options)
  try {
    await test(harness)
  } finally {
    await harness.close()
  }
}

async function stillServes({ connect }: Harness): Promise<void> {
  const client = await connect()
  await client.ok(`LOGIN ${address} "${passwordText}"`)
  await client.ok('SELECT INBOX')
  await client.ok('LOGOUT')
}

const last = (responses: readonly string[]): string => responses.at(-1) ?? ''

describe('before login', () => {
  const endings: [name: string, bytes: string][] = [
    ['a line without an end', 'a'.repeat(200_000)],
    ['many bad commands in one packet', 'a b\r\n'.repeat(5000)],
    ['many lines without a tag', '\r\n'.repeat(5000)],
    ['a web browser', 'GET / HTTP/1.1\r\nHost: mail.example\r\nAccept: */*\r\n\r\n'],
    ['a mail server', 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n'],
    [
      'a flood of unsynchronised literals',
      `a LOGIN ${'{2000+}\r\n'.concat('x'.repeat(2000), ' ').repeat(200)}\r\n`,
    ],
    ['a literal of four gigabytes without asking', `a LOGIN {4294967295+}\r\n${'x'.repeat(300_000)}`],
    [
      'binary rubbish',
      Array.from({ length: 4096 }, (_, index) => String.fromCharCode((index * 7919) % 256)).join('') +
        '\r\n'.repeat(9),
    ],
  ]
  for (const [name, bytes] of endings) {
    it(`ends ${name} with BYE`, () =>
      withHarness(async (harness) => {
        const client = await harness.connect()
        client.write(bytes)
        assert.match(last(await client.rest()), /^\* BYE /)
        await stillServes(harness)
      }))
  }

  const refused: [name: string, command: string][] = [
    ['a literal larger than any password', 'LOGIN {4294967295}'],
    ['a list that is too deep', `ID ${'('.repeat(1000)}`],
    ['a list that is too long', `ID (${'"a" "b" '.repeat(300)}"a" "b")`],
    ['a command of the selected state', 'FETCH 1:* (FLAGS)'],
    ['a mechanism nobody has', 'AUTHENTICATE X-OAUTH9 AAAA'],
    ['base64 with a tab in it', 'AUTHENTICATE PLAIN AGE\tAYg=='],
    ['a literal as initial response', 'AUTHENTICATE PLAIN {4+}\r\nAAAA'],
    ['NUL in a password', 'LOGIN a "b\0c"'],
  ]
  for (const [name, command] of refused) {
    it(`refuses ${name} and reads on`, () =>
      withHarness(async ({ connect }) => {
        const client = await connect()
        assert.match(last(await client.run(command)), /^(BAD|NO) /)
        await client.ok('NOOP')
      }))
  }

  it('refuses an initial response of a kilobyte of nonsense in AUTHENTICATE, and lines without end', () =>
    withHarness(async ({ connect }) => {
      const client = await connect()
      assert.match(last(await client.run(`AUTHENTICATE PLAIN ${'A'.repeat(1000)}`)), /^BAD /)
      client.send('a AUTHENTICATE LOGIN')
      await client.next()
      client.send('A'.repeat(6000))
      assert.match((await client.next()) ?? '', /^a BAD /)
      await client.ok('NOOP')
    }))
})

describe('after login', () => {
  const refused: [name: string, command: string][] = [
    ['a line of 100 kilobytes', `SEARCH TEXT ${'a'.repeat(100_000)}`],
    ['a literal of 100 megabytes that is no message', 'SEARCH TEXT {104857600}'],
    ['NOT inside NOT 5,000 times', `SEARCH ${'NOT '.repeat(5000)}ALL`],
    ['parentheses 5,000 deep', `SEARCH ${'('.repeat(5000)}ALL${')'.repeat(5000)}`],
    ['a set of 30,000 ranges', `FETCH ${'1,'.repeat(30_000)}1 UID`],
    ['a number beyond 32 bits', 'FETCH 99999999999 UID'],
    [
      '5,000 items of one message',
      `FETCH 1 (${Array.from({ length: 5000 }, (_, index) => `BODY.PEEK[${index + 1}]`).join(' ')})`,
    ],
    ['a part 500 levels down', `FETCH 1 BODY.PEEK[${'1.'.repeat(500)}1]`],
    ['a keyword longer than any', `STORE 1 +FLAGS (${'k'.repeat(200)})`],
    ['a mailbox name longer than any', `CREATE ${'n'.repeat(2000)}`],
    ['a mailbox 1,000 levels down', `CREATE ${'n/'.repeat(1000)}n`],
    ['a name with a control character', 'CREATE "a\x07b"'],
    ['STATUS with very many items', `STATUS INBOX (${'MESSAGES '.repeat(5000)}MESSAGES)`],
  ]
  for (const [name, command] of refused) {
    it(`refuses ${name}`, () =>
      withHarness(async ({ select, put }) => {
        await put(mail('one'))
        const client = await select()
        assert.match(last(await client.run(command)), /^(BAD|NO) /)
        await client.ok('FETCH 1 UID')
      }))
  }

  it('answers LIST with very many wildcards at once', () =>
    withHarness(async ({ login }) => {
      const client = await login()
      await client.ok(`CREATE ${'a'.repeat(900)}`)
      await client.ok(`LIST "" "${'*a%'.repeat(300)}b"`)
      await client.ok(`LIST "" "${'%a'.repeat(30)}b"`)
    }))

  it('takes a full range of numbers without walking through it', () =>
    withHarness(async ({ select, put }) => {
      await put(mail('one'))
      const client = await select()
      assert.deepEqual(await client.ok('UID FETCH 1:4294967295 UID'), [
        '* 1 FETCH (UID 1)',
        'OK FETCH completed',
      ])
      assert.deepEqual(await client.ok('SEARCH UID 1:4294967295'), ['* SEARCH 1', 'OK SEARCH completed'])
      await client.ok('UID STORE 2:4294967295 FLAGS ()')
    }))

  it('closes after twenty bad commands in a row', () =>
    withHarness(async ({ login }) => {
      const client = await login()
      for (let count = 0; count < 19; count += 1) await client.run('NONSENSE')
      await client.ok('NOOP')
      for (let count = 0; count < 20; count += 1) await client.run('NONSENSE')
      assert.deepEqual(await client.rest(), ['* BYE Too many bad commands'])
    }))

  it('is never led to take the bytes of a refused message for commands', () =>
    withHarness(async ({ login }) => {
      const client = await login()
      const evil = 'x DELETE Archive\r\n'.repeat(10)
      client.write(`a APPEND Nowhere {${evil.length}+}\r\n${evil}\r\n`)
      assert.match((await client.next()) ?? '', /^a NO \[TRYCREATE\]/)
      assert.equal((await client.ok('LIST "" Archive')).length, 2)
    }))

  it('refuses NUL in a message and stores nothing of it', () =>
    withHarness(async ({ login }) => {
      const client = await login()
      const text = mail('nul', `${'x'.repeat(100_000)}\0\r\n`)
      client.write(`a APPEND INBOX {${text.length}+}\r\n${text}\r\n`)
      assert.match((await client.next()) ?? '', /^a NO \[CANNOT\]/)
      assert.equal((await client.ok('STATUS INBOX (MESSAGES)'))[0], '* STATUS INBOX (MESSAGES 0)')
    }))
})

describe('a slow peer', () => {
  it('may send one byte at a time', () =>
    withHarness(async ({ connect }) => {
      const client = await connect()
      const text = mail('trickle')
      const dialogue =
        `a LOGIN {${address.length}+}\r\n${address} "${passwordText}"\r\n` +
        `b APPEND INBOX (\\Seen) {${text.length}+}\r\n${text}\r\nc SELECT INBOX\r\nd FETCH 1 (FLAGS BODY.PEEK[TEXT])\r\n`
      for (const character of dialogue) {
        client.write(character)
        await breathe()
      }
      await client.until('c')
      assert.deepEqual(await client.until('d'), [
        '* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {8}\r\nHello.\r\n)',
        'd OK FETCH completed',
      ])
    }))
})

describe('a hasty peer', () => {
  it('may send everything at once', () =>
    withHarness(async ({ connect }) => {
      const client = await connect()
      const text = mail('all at once')
      client.write(
        `a LOGIN ${address} "${passwordText}"\r\nb CREATE Box\r\nc APPEND Box {${text.length}+}\r\n${text}\r\n` +
          'd SELECT Box\r\ne STORE 1 +FLAGS (\\Deleted)\r\nf IDLE\r\nDONE\r\ng EXPUNGE\r\nh CLOSE\r\ni LOGOUT\r\n',
      )
      const responses = await client.rest()
      const tagged = responses.filter((line) => /^[a-i] /.test(line)).map((line) => line.slice(0, 4))
      assert.deepEqual(tagged, ['a OK', 'b OK', 'c OK', 'd OK', 'e OK', 'f OK', 'g OK', 'h OK', 'i OK'])
    }))

  it('gets two thousand answers to two thousand commands in one go', () =>
    withHarness(async ({ select, put }) => {
      await put(mail('one'))
      const client = await select()
      let commands = ''
      for (let count = 0; count < 2_000; count += 1) commands += `t${count} FETCH 1 UID\r\n`
      client.write(commands)
      for (let count = 0; count < 2_000; count += 1) {
        assert.equal(await client.next(), '* 1 FETCH (UID 1)')
        assert.equal(await client.next(), `t${count} OK FETCH completed`)
      }
    }))
})

describe('a peer that goes away', () => {
  const moments: [name: string, send: (client: Client) => void | Promise<void>][] = [
    ['at once', () => undefined],
    ['in a line', (client) => client.write('a LOG')],
    ['in a literal of LOGIN', (client) => client.write('a LOGIN {20+}\r\nali')],
    ['in AUTHENTICATE', (client) => client.send('a AUTHENTICATE LOGIN')],
    ['while its password is checked', (client) => client.send(`a LOGIN ${address} "${passwordText}"`)],
    [
      'in APPEND',
      async (client) => {
        await client.ok(`LOGIN ${address} "${passwordText}"`)
        client.write(`a APPEND INBOX {1000+}\r\nSubject: half`)
      },
    ],
    [
      'in IDLE',
      async (client) => {
        await client.ok(`LOGIN ${address} "${passwordText}"`)
        await client.ok('SELECT INBOX')
        client.send('a IDLE')
        await client.next()
      },
    ],
    [
      'while it is being answered',
      async (client) => {
        await client.ok(`LOGIN ${address} "${passwordText}"`)
        await client.ok('SELECT INBOX')
        client.socket.pause()
        for (let count = 0; count < 5; count += 1) client.send(`a${count} FETCH 1:* BODY[]`)
        await breathe()
      },
    ],
    [
      'in SEARCH',
      async (client) => {
        await client.ok(`LOGIN ${address} "${passwordText}"`)
        await client.ok('SELECT INBOX')
        client.send('a SEARCH TEXT nothing')
      },
    ],
  ]
  for (const [name, send] of moments) {
    for (const how of ['reset', 'end'] as const) {
      it(`${name} by ${how}: everything is given up`, () =>
        withHarness(async (harness) => {
          for (let count = 0; count < 20; count += 1)
            await harness.put(mail(`m${count}`, 'x'.repeat(100_000)))
          const client = await harness.connect()
          await send(client)
          if (how === 'reset') client.socket.resetAndDestroy()
          else {
            client.socket.end()
            client.socket.resume()
          }
          await closed(client.socket)
          await harness.handles[0]?.closed
          assert.equal(harness.site.accounts.sessions().length, 1)
          await stillServes(harness)
        }))
    }
  }
})
