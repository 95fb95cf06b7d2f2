// What has hit other servers lately, by name: each is tested somewhere, and this says where, or here.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Refusal } from '../../src/account/errors.ts'
import { Framer } from '../../src/imap/wire/framer.ts'
import { limitsBeforeLogin } from '../../src/imap/wire/limits.ts'
import { address, mail, makeHarness } from './harness.ts'

/** Under test/ without `.test.ts`, or a wire script; then words that must stand in it. */
const attacks: Readonly<Record<string, readonly (readonly [where: string, words: string])[]>> = {
  'LIST with many wildcards (CVE-2026-33607)': [
    ['imap/wire/list-pattern', 'looks at each character of a name once'],
    ['imap/hostile', 'answers LIST with very many wildcards at once'],
  ],
  'THREAD with huge References (CVE-2026-40014)': [['account/sort-thread', 'references that nobody has']],
  'THREAD with colliding References (CVE-2026-40017)': [
    ['account/sort-thread', 'one identifier for all'],
    ['account/sort-thread', 'put at its beginning'],
  ],
  'ID with a very large list before login (CVE-2026-42391)': [['imap/hostile', 'a list that is too long']],
  'parentheses without end (CVE-2026-27857)': [
    ['imap/hostile', 'a list that is too deep'],
    ['imap/hostile', 'parentheses 5,000 deep'],
  ],
  'memory before login (CVE-2026-42006)': [['imap/hostile', 'a flood of unsynchronised literals']],
  'excessive RFC 2231 parameters (CVE-2026-27859)': [
    ['mail/hostile', 'pieces of one parameter'],
    ['mail/hostile', 'parameters of different names'],
  ],
  'crafted headers (CVE-2026-27852)': [
    ['mail/hostile', '100,000 header fields'],
    ['imap/sections', 'are read again when their turn comes'],
    ['mail/section', 'looks at each of thousands of names once'],
  ],
  'COMPRESS with a bad algorithm (CVE-2026-52687)': [['fixtures/compress-refused', 'COMPRESS LZ4']],
  'deflated chunks that hold nothing (CVE-2026-73209)': [['imap/compression', 'blocks that hold nothing']],
  'base64 with tabs in AUTHENTICATE (CVE-2026-33603)': [['imap/hostile', 'base64 with a tab in it']],
  'a literal as initial response (CVE-2025-59032)': [['imap/hostile', 'a literal as initial response']],
  'dot-stuffing behind a bare CR (CVE-2026-33604)': [
    ['delivery/dot-reader', 'CRLF . CR CRLF'],
    ['delivery/bytes.fuzz', 'only CRLF.CRLF ends a message'],
  ],
  'bad commands without end': [
    ['imap/hostile', 'many bad commands in one packet'],
    ['imap/hostile', 'closes after twenty bad commands in a row'],
  ],
  'long sequence sets': [['imap/hostile', 'a set of 30,000 ranges']],
}

describe('the attacks on other servers', () => {
  for (const [name, places] of Object.entries(attacks)) {
    it(`${name}: tested`, () => {
      for (const [where, words] of places) {
        const path = where.startsWith('fixtures/')
          ? join('fixtures', 'imap', `${where.slice('fixtures/'.length)}.txt`)
          : join('test', `${where}.test.ts`)
        assert.ok(readFileSync(join(process.cwd(), path), 'utf8').includes(words), `${path}: ${words}`)
      }
    })
  }
})

describe('a stranger', () => {
  const floods: [name: string, head: string, repeated: string][] = [
    ['one line', 'a ID (', 'x'],
    ['elements', 'a ID (', '"a" "b" '],
    ['literals', 'a LOGIN ', '{2000+}\r\n'.concat('x'.repeat(2000), ' ')],
    ['one literal', 'a LOGIN {2000000+}\r\n', 'x'],
  ]
  for (const [name, head, repeated] of floods) {
    it(`who floods by ${name} has no more kept of it than the limits say`, () => {
      const framer = new Framer(limitsBeforeLogin)
      framer.push(Buffer.from(head))
      let kept = 0
      let sent = 0
      while (sent < 1_000_000) {
        const chunk = Buffer.from(repeated.repeat(Math.ceil(1000 / repeated.length)))
        sent += chunk.length
        framer.push(chunk)
        for (let event = framer.take(); event; event = framer.take()) {
          if (event.kind === 'hopeless') return
          if (event.kind === 'literal') {
            const pieces = event.command.pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)
            kept = Math.max(kept, pieces)
            assert.ok(kept <= limitsBeforeLogin.commandBytes, `${kept} octets kept`)
            event.accept()
          }
        }
      }
      assert.fail('a megabyte was taken')
    })
  }

  it('who is told to wait and does not is sent away', async () => {
    let asked = 0
    const harness = await makeHarness({
      wrap: (accounts) =>
        new Proxy(accounts, {
          get(target, name) {
            if (name === 'login')
              return () => {
                asked += 1
                return Promise.reject(new Refusal('busy', 'Too many failed logins, try again later'))
              }
            const value: unknown = Reflect.get(target, name)
            return typeof value === 'function' ? (value.bind(target) as unknown) : value
          },
        }),
    })
    try {
      const client = await harness.connect()
      client.write(`a LOGIN ${address} guess\r\n`.repeat(1000))
      const answers = await client.rest()
      assert.equal(answers.at(-1), '* BYE Too many failed logins')
      assert.equal(asked, 5)
    } finally {
      await harness.close()
    }
  })
})

describe('a search of very many keys', () => {
  it('is refused when each of them is a text to be looked for', async () => {
    const harness = await makeHarness()
    try {
      await harness.put(mail('one'))
      const client = await harness.select()
      assert.match(
        (await client.run(`SEARCH ${'NOT BODY abc '.repeat(1000)}ALL`)).at(-1) ?? '',
        /^NO \[LIMIT\] /,
      )
      await client.ok(`SEARCH ${'NOT BODY abc '.repeat(100)}ALL`)
    } finally {
      await harness.close()
    }
  })

  it('lets others have their turn', async () => {
    const harness = await makeHarness()
    try {
      for (let count = 0; count < 300; count += 1) await harness.put(mail(`m${count}`))
      const [busy, other] = [await harness.select(), await harness.select()]
      const order: string[] = []
      busy.send(`a SEARCH ${'NOT KEYWORD x '.repeat(2000)}ALL`)
      const searched = busy.until('a').then(() => order.push('searched'))
      for (let count = 0; count < 2; count += 1) await other.ok('NOOP')
      order.push('answered')
      await searched
      assert.deepEqual(order, ['answered', 'searched'])
    } finally {
      await harness.close()
    }
  })
})
