// Argument readers: one table of productions, what they read and where they refuse.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ArgumentReader } from '../../../src/imap/wire/arguments.ts'
import { limitsBeforeLogin } from '../../../src/imap/wire/limits.ts'
import { lit, outcome, readerOf } from './reader-harness.ts'

type Read = (reader: ArgumentReader) => unknown

const atom: Read = (reader) => reader.atom()
const astring: Read = (reader) => reader.astring().toString('latin1')
const text: Read = (reader) => reader.astringText()
const string: Read = (reader) => reader.string().toString('latin1')
const nstring: Read = (reader) => reader.nstring()?.toString('latin1')
const number: Read = (reader) => reader.number()
const nzNumber: Read = (reader) => reader.nzNumber()
const number64: Read = (reader) => reader.number64()
const nzNumber64: Read = (reader) => reader.nzNumber64()
const mailbox: Read = (reader) => reader.mailbox()
const pattern: Read = (reader) => reader.listMailbox()
const set: Read = (reader) => reader.sequenceSet().toString()
const flag: Read = (reader) => reader.flag()
const flags: Read = (reader) => reader.flagList()
const date: Read = (reader) => reader.date()
const dateTime: Read = (reader) => reader.dateTime()
const keyword: Read = (reader) => reader.keyword('BODY', 'BODY.PEEK', 'UID')
const initial: Read = (reader) => reader.initialResponse()?.toString()
const tree = (reader: ArgumentReader): unknown =>
  reader.peek() === '(' ? reader.list(() => tree(reader), { mayBeEmpty: true }) : reader.atom()

/** Production, text, value or `bad` with the offset. All read to the end. */
const rows: readonly (readonly [string, Read, string, unknown])[] = [
  ['atom', atom, 'abc', 'abc'],
  ['atom', atom, '+$a:&;!', '+$a:&;!'],
  ['atom', atom, '', 'bad 0'],
  ['atom', atom, 'a]', 'bad 1'],
  ['atom', atom, 'a\xe4', 'bad 1'],
  ['atom', atom, 'a  ', 'a'],
  ['astring', astring, 'a]b', 'a]b'],
  ['astring', astring, 'NIL', 'NIL'],
  ['astring', astring, '"a b"', 'a b'],
  ['astring', astring, '""', ''],
  ['astring', astring, '"\\"\\\\"', '"\\'],
  ['astring', astring, '"\\a"', 'bad 2'],
  ['astring', astring, '"abc', 'bad 4'],
  ['astring', astring, '"abc\\', 'bad 5'],
  ['astring', astring, '"abc\\"', 'bad 6'],
  ['astring', astring, '"a\rb"', 'bad 2'],
  ['astring', astring, '"a\0b"', 'bad 5'],
  ['astring', astring, '"\xc3\xa4"', '\xc3\xa4'],
  ['astring', astring, lit('a\r\n"{1}'), 'a\r\n"{1}'],
  ['astring', astring, lit(''), ''],
  ['astring', astring, lit('a\0'), 'bad 2'],
  ['astring', astring, `~${lit('a')}`, 'bad 0'],
  ['astring', astring, `${lit('a')}x`, 'bad 1'],
  ['astring', astring, 'a%', 'bad 1'],
  ['astring', astring, '(', 'bad 0'],
  ['astringText', text, '"\xc3\xa4"', 'ä'],
  ['astringText', text, '"\xe4"', 'bad 3'],
  ['string', string, 'abc', 'bad 0'],
  ['nstring', nstring, 'nil', undefined],
  ['nstring', nstring, '"NIL"', 'NIL'],
  ['nstring', nstring, 'NILS', 'bad 0'],
  ['number', number, '0', 0],
  ['number', number, '0042', 42],
  ['number', number, '4294967295', 4294967295],
  ['number', number, '4294967296', 'bad 10'],
  ['number', number, '-1', 'bad 0'],
  ['number', number, '9'.repeat(400), 'bad 400'],
  ['nz-number', nzNumber, '0', 'bad 1'],
  ['nz-number', nzNumber, '1', 1],
  ['number64', number64, '0', 0],
  ['number64', number64, '715194045007', 715194045007],
  ['number64', number64, '9223372036854775807', Number.MAX_SAFE_INTEGER],
  ['number64', number64, '9223372036854775808', 'bad 19'],
  ['number64', number64, '9'.repeat(20), 'bad 20'],
  ['nz-number64', nzNumber64, '0', 'bad 1'],
  ['mailbox', mailbox, 'inBox', 'INBOX'],
  ['mailbox', mailbox, '"InBox"', 'INBOX'],
  ['mailbox', mailbox, 'inbox/a', 'inbox/a'],
  ['mailbox', mailbox, '&AOk-t&AOk-', 'été'],
  ['mailbox', mailbox, '~peter/mail/&U,BTFw-/&ZeVnLIqe-', '~peter/mail/台北/日本語'],
  ['mailbox', mailbox, 'a&b', 'bad 3'],
  ['mailbox', mailbox, '"\xc3\xa9"', 'bad 4'],
  ['mailbox', mailbox, lit('a\r\nb'), 'bad 4'],
  ['mailbox', mailbox, '&AAo-', 'bad 5'],
  ['mailbox', mailbox, '""', ''],
  ['list-mailbox', pattern, 'a*/%]', 'a*/%]'],
  ['list-mailbox', pattern, '"a (*"', 'a (*'],
  ['list-mailbox', pattern, lit('%'), '%'],
  ['list-mailbox', pattern, '&AOk-*', 'é*'],
  ['list-mailbox', pattern, '', 'bad 0'],
  ['sequence-set', set, '1,3:*', '1,3:*'],
  ['sequence-set', set, '0', 'bad 1'],
  ['sequence-set', set, '1:2:3', 'bad 5'],
  ['sequence-set', set, '$', 'bad 0'],
  ['sequence-set', set, Array(20_001).fill('1').join(), 'bad 40001'],
  ['flag', flag, '\\seen', '\\Seen'],
  ['flag', flag, '\\ANSWERED', '\\Answered'],
  ['flag', flag, '$Forwarded', '$Forwarded'],
  ['flag', flag, '\\Recent', 'bad 7'],
  ['flag', flag, '\\Foo', 'bad 4'],
  ['flag', flag, '\\', 'bad 1'],
  ['flag-list', flags, '()', []],
  ['flag-list', flags, '(\\Seen \\seen x)', ['\\Seen', 'x']],
  ['flag-list', flags, '(\\Seen', 'bad 6'],
  ['flag-list', flags, '( \\Seen)', 'bad 1'],
  ['date', date, '1-Feb-1994', 8797],
  ['date', date, '"1-feb-1994"', 8797],
  ['date', date, '31-Feb-1994', 'bad 11'],
  ['date-time', dateTime, '" 7-Feb-1994 21:52:25 -0800"', { epochMs: 760686745000, zoneMinutes: -480 }],
  ['date-time', dateTime, '"7 Feb 1994"', 'bad 12'],
  ['keyword', keyword, 'body.Peek', 'BODY.PEEK'],
  ['keyword', keyword, 'bodyx', 'bad 0'],
  ['keyword', keyword, '"UID"', 'bad 0'],
  ['initial response', initial, '', undefined],
  ['initial response', initial, ' =', '='],
  ['initial response', initial, ' AHRpbQBw+/==', 'AHRpbQBw+/=='],
  ['initial response', initial, ` ${lit('AHRp')}`, 'bad 1'],
  ['initial response', initial, ' "AHRp"', 'bad 1'],
  ['initial response', initial, ' AHRp\tbQ==', 'bad 5'],
  ['list', tree, '(a (b ()) c)', ['a', ['b', []], 'c']],
  ['list', tree, '(a', 'bad 2'],
  ['list', tree, '(a))', 'bad 3'],
  ['list', tree, '(a  b)', 'bad 3'],
  ['list', tree, `${'('.repeat(200)}a${')'.repeat(200)}x`, 'bad 401'],
  ['list', tree, '('.repeat(201), 'bad 200'],
  ['list', tree, '('.repeat(60_000), 'bad 200'],
  ['list', tree, `(${'a '.repeat(4096)}a)`, 'bad 8193'],
]

describe('ArgumentReader', () => {
  for (const [production, read, input, expected] of rows) {
    const shown = input.length > 40 ? `${input.slice(0, 20)}... (${input.length})` : input
    it(`reads ${JSON.stringify(shown)} as ${production}`, () => {
      const all: Read = (reader) => {
        const value = read(reader)
        reader.end()
        return value
      }
      assert.deepEqual(outcome(input, all), expected)
    })
  }

  it('reads names in UTF-8 once that is enabled, unencoded & included', () => {
    const read: Read = (reader) => [reader.mailbox(), reader.trySpace(), reader.listMailbox()]
    assert.deepEqual(outcome('"R&D \xc3\xa9" "&*"', read, { isUtf8: true }), ['R&D é', true, '&*'])
    assert.equal(outcome('"\xe9" x', read, { isUtf8: true }), 'bad 3')
  })

  it('goes on behind literals, counting offsets over all pieces', () => {
    const read: Read = (reader) => {
      reader.space()
      reader.astring()
      reader.space()
      reader.astring()
      reader.end()
    }
    assert.equal(outcome(` ${lit('abc')} ${lit('')} `, read), undefined)
    assert.equal(outcome(` ${lit('abc')} ${lit('')}!`, read), 'bad 5')
  })

  it('hands out copies, which outlive the command', () => {
    for (const input of ['secret', '"secret"', '"s\\"ecret"', lit('secret')]) {
      const reader = readerOf(input)
      const bytes = reader.astring()
      const before = bytes.toString()
      for (const piece of reader.command.pieces) piece.bytes.fill(0)
      assert.equal(bytes.toString(), before)
    }
  })

  it('is at its end where a literal is asked for, not where one stands', () => {
    assert.equal(readerOf('').isAtEnd, true)
    assert.equal(readerOf(lit('')).isAtEnd, false)
    assert.equal(readerOf(lit('')).peek(), '')
  })

  it('gives strangers less', () => {
    assert.equal(String(outcome('(a (b (c (d))))', tree, { limits: limitsBeforeLogin })), 'a,b,c,d')
    assert.equal(outcome('(((((a)))))', tree, { limits: limitsBeforeLogin }), 'bad 4')
    assert.equal(outcome('1'.padEnd(40, ',1'), set, { limits: limitsBeforeLogin }), 'bad 40')
  })

  it('does not repeat what it was given', () => {
    const secret = 'hunter2'
    for (const [, read] of rows) {
      try {
        const reader = readerOf(`"${secret}" ${secret}(`)
        read(reader)
        reader.end()
      } catch (error) {
        assert.doesNotMatch(String(error), new RegExp(secret))
      }
    }
  })

  it('meets arbitrary bytes with BadSyntax or a value, never anything else', () => {
    const byte = fc.oneof(
      fc.constantFrom(...Buffer.from('(){}"\\ *%:,.-+0129aZ&<>[]')),
      fc.integer({ min: 0, max: 255 }),
    )
    const bytes = fc
      .array(byte, { maxLength: 60 })
      .map((list) => Buffer.from(list.filter((one) => one !== 10)))
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom(...new Set(rows.map(([, read]) => read))),
        fc.boolean(),
        (input, read, isUtf8) => {
          if (/\{[0-9]+\+?\}$/.test(input.toString('latin1'))) return
          const all: Read = (reader) => {
            read(reader)
            reader.end()
          }
          outcome(input, all, { isUtf8 })
        },
      ),
      { numRuns: 2000 },
    )
  })
})
