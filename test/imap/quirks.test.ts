// The quirks of clients that trip new servers, by their numbers in the design: each names its scripts, or is tested here, or both.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readWire, type Wire } from '../mail/wire-reader.ts'
import type { Client } from './client.ts'
import { mail, makeHarness, type Harness } from './harness.ts'
import { scriptsDirectory } from './script.ts'

interface Quirk {
  readonly about: string
  /** In fixtures/imap, without `.txt`. */
  readonly scripts?: readonly string[]
  /** In test/imap, without `.test.ts`, each with words of the name of a test in it. */
  readonly tests?: readonly (readonly [file: string, words: string])[]
  readonly run?: (harness: Harness) => Promise<void>
}

const samples = join(process.cwd(), 'fixtures', 'mail')

async function capabilities(client: Client): Promise<string[]> {
  return ((await client.ok('CAPABILITY'))[0] ?? '').split(' ').slice(2)
}

const quirks: Readonly<Record<number, Quirk>> = {
  1: {
    about: 'UIDONLY, which Outlook turns on and then cannot live with, is neither offered nor turned on',
    scripts: ['enable'],
    async run({ connect, select }) {
      assert.equal((await capabilities(await connect())).includes('UIDONLY'), false)
      const client = await select()
      assert.equal((await capabilities(client)).includes('UIDONLY'), false)
      assert.deepEqual(await client.ok('ENABLE UIDONLY'), ['* ENABLED', 'OK ENABLE completed'])
      await client.ok('FETCH 1:* (UID)')
    },
  },
  2: {
    about:
      'iOS fetches by pieces: the origin is told as asked for, beyond the end comes nothing, and no piece is empty by request',
    scripts: ['fetch-partial'],
    async run({ put, select }) {
      await put(mail('pieces'))
      const client = await select()
      assert.deepEqual(await client.ok('UID FETCH 1 (UID BODY.PEEK[]<99999.393216>)'), [
        '* 1 FETCH (UID 1 BODY[]<99999> {0}\r\n)',
        'OK FETCH completed',
      ])
      assert.match((await client.run('UID FETCH 1 (UID BODY.PEEK[]<5.0>)')).at(-1) ?? '', /^BAD /)
    },
  },
  3: {
    about:
      'RETURN (SPECIAL-USE) hides nothing, attributes come in plain LIST, and each use has one subscribed mailbox',
    scripts: ['list', 'list-return-special-use'],
    async run({ login }) {
      const client = await login()
      const rows = (await client.ok('LIST "" "*" RETURN (SPECIAL-USE SUBSCRIBED)')).slice(0, -1)
      assert.ok(rows.some((row) => row.endsWith(' INBOX')))
      for (const use of ['\\Sent', '\\Drafts', '\\Trash', '\\Junk', '\\Archive']) {
        const having = rows.filter((row) => row.includes(use))
        assert.equal(having.length, 1, use)
        assert.match(having[0] ?? '', /\\Subscribed/)
      }
    },
  },
  4: {
    about: 'commands in one packet, and sets with commas',
    scripts: ['namespace-pipelined'],
    tests: [['hostile', 'may send everything at once']],
  },
  5: { about: 'CHANGEDSINCE 0', scripts: ['fetch-changedsince'] },
  6: {
    about:
      'VANISHED reaches what went above all that is there, ENABLED names what was on before, HIGHESTMODSEQ is the last one used',
    scripts: ['fetch-vanished', 'enable', 'enable-qresync', 'select-highestmodseq', 'select-qresync'],
    async run({ put, select }) {
      await put(mail('one'))
      const client = await select()
      const [answer] = await client.ok('STATUS INBOX (HIGHESTMODSEQ)')
      const [, highest] = /HIGHESTMODSEQ ([0-9]+)/.exec(answer ?? '') ?? []
      const [own] = await client.ok('FETCH 1 (MODSEQ)')
      assert.match(own ?? '', new RegExp(`MODSEQ \\(${highest}\\)`))
    },
  },
  7: {
    about:
      'SELECT tells UIDNEXT and UIDVALIDITY, UIDs never come back, COPYUID is never empty and comes before EXPUNGE',
    scripts: ['select', 'move', 'move-uids-never-return', 'copy-missing', 'append'],
  },
  8: {
    about:
      'EXPUNGE never in answer to FETCH, STORE and SEARCH, and no other message in place of one that went',
    scripts: [
      'expunge-pipelined',
      'fetch-expunged',
      'store-expunged',
      'copy-unannounced',
      'fetch-pipelined-store',
    ],
    tests: [['stress', 'never see a number change its message']],
  },
  9: {
    about: 'STORE answers for every message, changed by it or by another',
    scripts: ['store-unchanged', 'store'],
  },
  10: {
    about: 'sizes are exact: of the message, of each part, of pieces together',
    tests: [['fetch', 'piece']],
    async run({ put, select }) {
      const files = readdirSync(samples).filter((file) => file.endsWith('.eml'))
      for (const file of files) {
        const bytes = readFileSync(join(samples, file))
        if (bytes.length > 0 && !bytes.includes(0)) await put(bytes)
      }
      const client = await select()
      const count = Number(
        /^\* ([0-9]+)/.exec(
          (await client.ok('STATUS INBOX (MESSAGES)'))[0]?.replace(/.*MESSAGES /, '* ') ?? '',
        )?.[1],
      )
      assert.ok(count > 20)
      for (let number = 1; number <= count; number += 1) await sizesAgree(client, number)
    },
  },
  11: { about: 'quotes and backslashes in ENVELOPE are escaped', scripts: ['fetch-envelope-quoting'] },
  12: {
    about: 'INTERNALDATE goes with a copy, SAVEDATE does not',
    scripts: ['move-keeps', 'fetch-savedate'],
  },
  13: {
    about:
      'Thunderbird: five connections, a trailing delimiter, LSUB parents, tags by \\*, and "list (subscribed)" in small letters',
    scripts: [
      'create',
      'enable-utf8-accept',
      'list-subscribed',
      'list-trailing-delimiter',
      'lsub',
      'store-keyword',
    ],
    async run({ put, select }) {
      await put(mail('one'))
      const clients = await Promise.all([1, 2, 3, 4, 5].map(() => select()))
      for (const client of clients) await client.ok('list (subscribed) "" "*" return (special-use)')
      await clients[0]?.ok('STORE 1 +FLAGS ($label1)')
      for (const client of clients.slice(1)) {
        const news = await client.ok('NOOP')
        assert.ok(news.some((line) => line.startsWith('* FLAGS ') && line.includes('$label1')))
        assert.ok(news.some((line) => /^\* 1 FETCH .*\$label1/.test(line)))
      }
    },
  },
  14: {
    about: 'STATUS of the selected mailbox is answered and does not replace EXISTS',
    scripts: ['status-selected'],
  },
  15: { about: 'IDLE is kept alive and does not end by itself', tests: [['connection', 'IDLE']] },
  16: {
    about: 'literals wherever a string may stand, "=" as initial response, a space behind every +',
    scripts: [
      'append-literal-name',
      'fetch-sections',
      'authenticate-empty-initial-response',
      'login-literals',
    ],
    async run({ connect, login }) {
      const stranger = await connect()
      stranger.send('a AUTHENTICATE PLAIN')
      assert.match((await stranger.next()) ?? '', /^\+ /)
      const client = await login()
      for (const line of ['a IDLE', 'b CREATE {3}']) {
        client.send(line)
        assert.match((await client.next()) ?? '', /^\+ /)
        client.send(line.startsWith('a') ? 'DONE' : 'abc')
        assert.match((await client.next()) ?? '', /^[ab] OK /)
      }
    },
  },
  17: {
    about: 'a stranger is told of everything that comes after login, and login tells it again',
    scripts: ['capability', 'capability-after-login', 'login'],
    async run({ connect, login }) {
      const before = new Set(await capabilities(await connect()))
      // COMPRESS is for those who have logged in: no password is ever compressed. UNAUTHENTICATE is nothing for a stranger.
      const later = ['COMPRESS=DEFLATE', 'UNAUTHENTICATE']
      const after = (await capabilities(await login())).filter((name) => !later.includes(name))
      assert.deepEqual(
        after.filter((name) => !before.has(name)),
        [],
      )
    },
  },
  18: {
    about: 'levels above a created mailbox are created with it and can be selected',
    scripts: ['create'],
  },
  19: {
    about:
      'a session that has not asked for IMAP4rev2 keeps RECENT, LSUB and the plain SEARCH; one session sees \\Recent',
    scripts: ['select-recent', 'lsub', 'search', 'enable', 'select-imap4rev2', 'enable-several'],
  },
  20: {
    about: 'COMPRESS flushes every answer and shares no window between two',
    scripts: ['compress', 'compress-stranger'],
    tests: [['compression', 'shares no window']],
  },
}

/** RFC822.SIZE against BODY[], every part against its BODYSTRUCTURE, and BODY[] in pieces against BODY[] whole. */
async function sizesAgree(client: Client, number: number): Promise<void> {
  const literal = async (item: string): Promise<string> => {
    const [response = ''] = await client.ok(`FETCH ${number} (${item})`)
    const [, head = '', size] = /^(.*? )(?:\{([0-9]+)\}\r\n|"")/s.exec(response) ?? []
    const from = head.length + `{${size ?? ''}}\r\n`.length
    return size === undefined ? '' : response.slice(from, from + Number(size))
  }
  const whole = await literal('BODY.PEEK[]')
  assert.deepEqual(
    (await client.ok(`FETCH ${number} (RFC822.SIZE)`))[0],
    `* ${number} FETCH (RFC822.SIZE ${whole.length})`,
  )
  let pieces = ''
  for (let at = 0; at <= whole.length; at += 100) pieces += await literal(`BODY.PEEK[]<${at}.100>`)
  assert.equal(pieces, whole)
  const [response = ''] = await client.ok(`FETCH ${number} (BODYSTRUCTURE)`)
  const structure = readWire(
    Buffer.from(response.replace(/^\* [0-9]+ FETCH \(BODYSTRUCTURE /, '').slice(0, -1), 'latin1'),
  )
  for (const { path, octets, lines } of leaves(structure, '')) {
    const part = await literal(`BODY.PEEK[${path}]`)
    assert.equal(part.length, octets, `${number}: BODY[${path}]`)
    if (lines === undefined) continue
    const ends = part.split('\r\n').length - 1
    // A last line without an end may be counted or not.
    assert.ok(
      lines === ends || (lines === ends + 1 && !part.endsWith('\r\n')),
      `${number}: lines of BODY[${path}]`,
    )
  }
}

function leaves(wire: Wire, path: string): { path: string; octets: number; lines: number | undefined }[] {
  if (!Array.isArray(wire)) return []
  const body = wire as readonly Wire[]
  const prefix = path === '' ? '' : `${path}.`
  if (Array.isArray(body[0])) {
    return body
      .filter((part) => Array.isArray(part))
      .flatMap((part, index) =>
        // Only the parts are in front; extension data is behind the subtype.
        index < body.findIndex((member) => typeof member === 'string')
          ? leaves(part, `${prefix}${index + 1}`)
          : [],
      )
  }
  const here = path === '' ? '1' : path
  const lines = body[0] === 'text' || body[0] === 'TEXT' ? Number(body[7]) : undefined
  return [{ path: here, octets: Number(body[6]), lines }]
}

describe('the quirks of clients', () => {
  it('are all in the table', () => {
    assert.deepEqual(
      Object.keys(quirks).map(Number),
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
    for (const [number, { scripts = [], tests = [], run }] of Object.entries(quirks)) {
      assert.ok(scripts.length + tests.length > 0 || run, `${number} tests nothing`)
      for (const script of scripts)
        assert.ok(existsSync(join(scriptsDirectory, `${script}.txt`)), `${number}: ${script}`)
      for (const [file, words] of tests) {
        const source = readFileSync(join(process.cwd(), 'test', 'imap', `${file}.test.ts`), 'utf8')
        assert.ok(source.includes(words), `${number}: ${file} has no test of ${words}`)
      }
    }
  })

  for (const [number, { about, run }] of Object.entries(quirks)) {
    if (!run) continue
    it(`${number}: ${about}`, async () => {
      const harness = await makeHarness()
      try {
        await run(harness)
      } finally {
        await harness.close()
      }
    })
  }
})
