// Responses: what bytes go out, and in how few pieces.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatResponseCode, type ResponseCode } from '../../../src/imap/wire/response-code.ts'
import { ResponseWriter } from '../../../src/imap/wire/writer.ts'
import { lit, readerOf } from './reader-harness.ts'

function written(write: (writer: ResponseWriter) => unknown, isUtf8 = false): string {
  const writer = new ResponseWriter()
  writer.isUtf8 = isUtf8
  write(writer)
  const size = writer.sizeBytes
  const bytes = Buffer.concat(writer.take())
  assert.equal(bytes.length, size)
  return bytes.toString('latin1')
}

const latin = (text: string): Buffer => Buffer.from(text, 'latin1')

const rows: readonly (readonly [string, (writer: ResponseWriter) => unknown, string])[] = [
  ['a tagged response', (w) => w.tagged('a1', 'OK', 'Done it'), 'a1 OK Done it\r\n'],
  [
    'a code',
    (w) => w.tagged('a1', 'NO', 'No such mailbox', 'TRYCREATE'),
    'a1 NO [TRYCREATE] No such mailbox\r\n',
  ],
  ['BYE', (w) => w.untaggedStatus('BYE', 'Going down'), '* BYE Going down\r\n'],
  [
    'status text that is not fit to print',
    (w) => w.tagged('a', 'NO', 'a\r\n* OK b\0é'),
    'a NO a??* OK b??\r\n',
  ],
  ['status text that looks like a code', (w) => w.tagged('a', 'OK', '[ALERT] x'), 'a OK (ALERT] x\r\n'],
  ['status text that is empty', (w) => w.tagged('a', 'OK', '', 'ALERT'), 'a OK [ALERT] Done\r\n'],
  ['a continuation, with its space', (w) => w.continuation(''), '+ \r\n'],
  ['an untagged line', (w) => w.untaggedLine('3 EXISTS'), '* 3 EXISTS\r\n'],
  [
    'a line made of parts',
    (w) => w.untagged().number(3).text(' FETCH (FLAGS ').flags(['\\Seen', 'x']).text(')').end(),
    '* 3 FETCH (FLAGS (\\Seen x))\r\n',
  ],
  ['no flags', (w) => w.flags([]), '()'],
  ['an atom', (w) => w.astring('INBOX'), 'INBOX'],
  ['an atom with ]', (w) => w.astring('a]'), 'a]'],
  ['what would be read as NIL', (w) => w.astring('nil'), '"nil"'],
  ['an empty astring', (w) => w.astring(''), '""'],
  ['an astring with a space', (w) => w.astring('a b'), '"a b"'],
  ['an astring with wildcards', (w) => w.astring('a*'), '"a*"'],
  ['quotes and backslashes', (w) => w.string('a"b\\c'), '"a\\"b\\\\c"'],
  ['text beyond ASCII', (w) => w.string('é'), '{2}\r\n\xc3\xa9'],
  ['bytes beyond ASCII', (w) => w.string(latin('\xe9')), '{1}\r\n\xe9'],
  ['line ends', (w) => w.string('a\r\nb'), '{4}\r\na\r\nb'],
  ['a lone CR', (w) => w.string('\r'), '{1}\r\n\r'],
  ['a long string', (w) => w.string('x'.repeat(1001)), `{1001}\r\n${'x'.repeat(1001)}`],
  ['a string that is just not long', (w) => w.string('x'.repeat(1000)), `"${'x'.repeat(1000)}"`],
  ['NIL', (w) => w.nstring(undefined), 'NIL'],
  ['a string that is there', (w) => w.nstring('NIL'), '"NIL"'],
  ['a literal', (w) => w.literal(latin('\0\xff')), '{2}\r\n\0\xff'],
  ['a literal in two steps', (w) => w.literalHead(2).bytes(latin('ab')), '{2}\r\nab'],
  ['a mailbox', (w) => w.mailbox('INBOX'), 'INBOX'],
  ['a mailbox with a space', (w) => w.mailbox('Sent Items'), '"Sent Items"'],
  ['a mailbox beyond ASCII', (w) => w.mailbox('Entwürfe & mehr'), '"Entw&APw-rfe &- mehr"'],
  ['a date', (w) => w.dateTime(760686745000, -480), '" 7-Feb-1994 21:52:25 -0800"'],
]

const codes: readonly (readonly [ResponseCode, string])[] = [
  ['READ-ONLY', 'READ-ONLY'],
  [{ code: 'UIDNEXT', value: 4392 }, 'UIDNEXT 4392'],
  [{ code: 'HIGHESTMODSEQ', value: 715194045007 }, 'HIGHESTMODSEQ 715194045007'],
  [{ code: 'PERMANENTFLAGS', flags: ['\\Deleted', '\\*'] }, 'PERMANENTFLAGS (\\Deleted \\*)'],
  [{ code: 'CAPABILITY', capabilities: ['IMAP4rev1', 'IDLE'] }, 'CAPABILITY IMAP4rev1 IDLE'],
  [{ code: 'BADCHARSET', charsets: ['US-ASCII', 'UTF-8'] }, 'BADCHARSET (US-ASCII UTF-8)'],
  [{ code: 'APPENDUID', uidValidity: 38505, uids: [3955] }, 'APPENDUID 38505 3955'],
  [
    { code: 'COPYUID', uidValidity: 38505, source: [304, 319, 320], destination: [3956, 3957, 3958] },
    'COPYUID 38505 304,319:320 3956:3958',
  ],
  [{ code: 'MODIFIED', numbers: [7, 9] }, 'MODIFIED 7,9'],
]

describe('ResponseWriter', () => {
  for (const [name, write, expected] of rows) {
    it(`writes ${name}`, () => {
      assert.equal(written(write), expected)
    })
  }

  it('writes mailbox names in UTF-8 once that is enabled', () => {
    assert.equal(
      written((w) => w.mailbox('é&"'), true),
      '"\xc3\xa9&\\""',
    )
    assert.equal(
      written((w) => w.mailbox('a&b'), true),
      'a&b',
    )
  })

  it('keeps long bytes by reference and gathers short ones', () => {
    const writer = new ResponseWriter()
    const body = Buffer.alloc(100_000, 0x61)
    for (let count = 0; count < 20; count += 1) writer.text('* 1 FETCH (FLAGS ())\r\n')
    writer.untagged().text('1 FETCH (BODY[] ').literal(body).text(')').end()
    const taken = writer.take()
    assert.ok(taken.includes(body))
    assert.ok(taken.length <= 4)
    assert.equal(writer.sizeBytes, 0)
    assert.deepEqual(writer.take(), [])
  })

  it('goes on with large buffers behind a long answer, and with small ones behind a short one', () => {
    const writer = new ResponseWriter()
    const rooms = [50_000, 50_000, 10, 10].map((length) => {
      for (let written = 0; written < length; written += 10) writer.text('1234567890')
      return writer.take().map(({ buffer, length: used }) => (used < 4096 ? 0 : buffer.byteLength))
    })
    assert.ok((rooms[0]?.length ?? 0) > 1, 'an idle session needs no large buffer')
    assert.deepEqual(rooms[1], [50_000])
    assert.deepEqual(rooms.slice(2), [[0], [0]])
    writer.text('x')
    // A small one lies in Node's pool.
    assert.equal(writer.take()[0]?.buffer.byteLength, Buffer.poolSize)
  })

  it('does not change what was taken', () => {
    const writer = new ResponseWriter()
    const first = writer.text('first').take()
    writer.text('second')
    assert.equal(Buffer.concat(first).toString(), 'first')
    assert.equal(Buffer.concat(writer.take()).toString(), 'second')
  })

  it('writes the same bytes whatever the sizes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 30 }),
        fc.boolean(),
        (sizes, isText) => {
          const parts = sizes.map((size, index) => String.fromCharCode(97 + (index % 26)).repeat(size))
          const output = written((w) => {
            for (const part of parts) w.bytes(isText ? Buffer.alloc(0) : latin(part)).text(isText ? part : '')
          })
          assert.equal(output, parts.join(''))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('writes strings that are read back as they were', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }).filter((bytes) => !bytes.includes(0)),
        (bytes) => {
          const output = written((w) => w.astring(bytes))
          const mark = /^\{\d+\}\r\n/.exec(output)
          const text = mark ? lit(output.slice(mark[0].length)) : output
          assert.deepEqual(readerOf(latin(text)).astring(), Buffer.from(bytes))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('writes mailbox names that are read back as they were', () => {
    const name = fc
      .string({ unit: 'binary', maxLength: 20 })
      .filter((text) => !/\p{Cc}/u.test(text) && text.toUpperCase() !== 'INBOX')
    fc.assert(
      fc.property(name, fc.boolean(), (text, isUtf8) => {
        const output = written((w) => w.mailbox(text), isUtf8)
        assert.equal(readerOf(latin(output), { isUtf8 }).mailbox(), text)
      }),
    )
  })
})

describe('formatResponseCode', () => {
  for (const [code, expected] of codes) {
    it(`writes ${expected}`, () => {
      assert.equal(formatResponseCode(code), expected)
    })
  }

  it('refuses sets that are empty or do not pair', () => {
    const wrong: readonly ResponseCode[] = [
      { code: 'MODIFIED', numbers: [] },
      { code: 'APPENDUID', uidValidity: 1, uids: [] },
      { code: 'COPYUID', uidValidity: 1, source: [], destination: [] },
      { code: 'COPYUID', uidValidity: 1, source: [1], destination: [1, 2] },
    ]
    for (const code of wrong) assert.throws(() => formatResponseCode(code), RangeError)
  })
})
