// FETCH: what is asked for, and the labels under which it is answered.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readFetchArguments } from '../../../src/imap/wire/fetch-items.ts'
import { lit, outcome } from './reader-harness.ts'

/** Set, labels (with `!` when \Seen is set, and the length of a partial fetch), CHANGEDSINCE. */
function shown(text: string): string {
  const result = outcome(text, readFetchArguments)
  if (typeof result === 'string') return result
  const items = result.items.map((item) => {
    if (item.kind === 'preview' && item.isLazy) return 'PREVIEW lazy'
    if (!('setsSeen' in item)) return item.label
    return `${item.label}${item.partial ? `+${item.partial.length}` : ''}${item.setsSeen ? '!' : ''}`
  })
  const since = result.changedSince === undefined ? '' : ` since ${result.changedSince}`
  const partial = result.partial ? ` partial ${result.partial.from}:${result.partial.to}` : ''
  return `${result.set.toString()} ${items.join(' ')}${since}${result.isVanished ? ' vanished' : ''}${partial}`
}

const rows: readonly (readonly [string, string])[] = [
  [' 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])', '2:4 FLAGS BODY[HEADER.FIELDS (DATE FROM)]!'],
  [' 1 ALL', '1 FLAGS INTERNALDATE RFC822.SIZE ENVELOPE'],
  [' 1 fast', '1 FLAGS INTERNALDATE RFC822.SIZE'],
  [' 1 FULL', '1 FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY'],
  [' 1 (ALL)', 'bad 4'],
  [' 1 UID', '1 UID'],
  [' 1 PREVIEW', '1 PREVIEW'],
  [' 1 PREVIEW (LAZY)', '1 PREVIEW lazy'],
  [' 1 (preview (lazy) UID)', '1 PREVIEW lazy UID'],
  [' 1 (PREVIEW (LAZY) PREVIEW)', '1 PREVIEW'],
  [' 1 (PREVIEW PREVIEW (LAZY))', '1 PREVIEW'],
  [' 1 PREVIEW (CHANGEDSINCE 7)', '1 PREVIEW MODSEQ since 7'],
  [' 1 PREVIEW (LAZY) (CHANGEDSINCE 7)', '1 PREVIEW lazy MODSEQ since 7'],
  [' 1 (PREVIEW (EAGER))', 'bad 12'],
  [' 1 PREVIEW (LAZY', 'bad 12'],
  [' 1 BINARY[]', '1 BINARY[]!'],
  [' 1 binary.peek[1.2]<3.4>', '1 BINARY[1.2]<3>+4'],
  [' 1 (BINARY.SIZE[1] BINARY.PEEK[1] BINARY[1])', '1 BINARY.SIZE[1] BINARY[1]!'],
  [' 1 BINARY.SIZE[]', '1 BINARY.SIZE[]'],
  [' 1 BINARY', 'bad 9'],
  [' 1 BINARY[TEXT]', 'bad 10'],
  [' 1 BINARY[1.MIME]', 'bad 12'],
  [' 1 BINARY[0]', 'bad 11'],
  [' 1 BINARY[1]<0.0>', 'bad 16'],
  [' 1 BINARY.SIZE[1]<0.1>', 'bad 17'],
  [' 1 (savedate EmailId THREADID)', '1 SAVEDATE EMAILID THREADID'],
  [' 1:* (UID FLAGS MODSEQ BODYSTRUCTURE)', '1:* UID FLAGS MODSEQ BODYSTRUCTURE'],
  [' 1 (RFC822 RFC822.HEADER RFC822.TEXT RFC822.SIZE)', '1 RFC822! RFC822.HEADER RFC822.TEXT! RFC822.SIZE'],
  [' 1 BODY[]', '1 BODY[]!'],
  [' 1 body.peek[text]', '1 BODY[TEXT]'],
  [' 1 (UID BODY.PEEK[]<0.393216>)', '1 UID BODY[]<0>+393216'],
  [' 1 BODY.PEEK[1]<393216.393216>', '1 BODY[1]<393216>+393216'],
  [' 1 BODY[]<0.0>', 'bad 13'],
  [' 1 BODY[]<1>', 'bad 11'],
  [' 1 BODY[]<4294967296.4294967297>', '1 BODY[]<4294967296>+4294967297!'],
  [' 1 BODY[]<9223372036854775808.1>', 'bad 29'],
  [' 1 BODY[4.2.2.1]', '1 BODY[4.2.2.1]!'],
  [' 1 BODY[4.1.MIME]', '1 BODY[4.1.MIME]!'],
  [' 1 BODY[4.2.HEADER]', '1 BODY[4.2.HEADER]!'],
  [' 1 BODY[4.2.2.TEXT]', '1 BODY[4.2.2.TEXT]!'],
  [' 1 BODY[1.2.header.fields.not ("Subject" x-Y)]', '1 BODY[1.2.HEADER.FIELDS.NOT (Subject x-Y)]!'],
  [` 1 BODY.PEEK[HEADER.FIELDS ("X" ${lit('Y')})]`, '1 BODY[HEADER.FIELDS (X Y)]'],
  [` 1 BODY.PEEK[HEADER.FIELDS (${lit('to')} ${lit('cc')})]<1.2>`, '1 BODY[HEADER.FIELDS (to cc)]<1>+2'],
  [' 1 BODY[HEADER.FIELDS ("NIL" "a(b" "a\\"b")]', '1 BODY[HEADER.FIELDS ("NIL" "a(b" "a\\"b")]!'],
  [' 1 BODY[HEADER.FIELDS ()]', 'bad 23'],
  [' 1 BODY[HEADER.FIELDS ("")]', 'bad 25'],
  [' 1 BODY[HEADER.FIELDS ("a b")]', 'bad 28'],
  [' 1 BODY[HEADER.FIELDS (Date:)]', 'bad 28'],
  [' 1 BODY[HEADER.FIELDS]', 'bad 21'],
  [' 1 BODY[MIME]', 'bad 8'],
  [' 1 BODY[0]', 'bad 9'],
  [' 1 BODY[1.]', 'bad 10'],
  [' 1 BODY[1.0]', 'bad 11'],
  [' 1 BODY[1 ]', 'bad 9'],
  [' 1 BODY.PEEK', 'bad 12'],
  [' 1 BODY[', 'bad 8'],
  [` 1 BODY[${'1.'.repeat(100)}MIME]`, `1 BODY[${'1.'.repeat(100)}MIME]!`],
  [` 1 BODY[${'1.'.repeat(101)}MIME]`, 'bad 208'],
  [' 1 (FLAGS FLAGS UID flags)', '1 FLAGS UID'],
  [' 1 (BODY.PEEK[] BODY[] BODY.PEEK[])', '1 BODY[]!'],
  [' 1 (BODY[]<0.1> BODY[]<0.2>)', '1 BODY[]<0>+1! BODY[]<0>+2!'],
  [' 1 ()', 'bad 4'],
  [' 1 (FLAGS', 'bad 9'],
  [' 1', 'bad 2'],
  [' FLAGS', 'bad 1'],
  [' 1 XYZZY', 'bad 3'],
  [' 1 FLAGS UID', 'bad 9'],
  [' 1 FLAGS ', '1 FLAGS'],
  [' 1:* FLAGS (CHANGEDSINCE 12345)', '1:* FLAGS MODSEQ since 12345'],
  [' 1:* (FLAGS MODSEQ) (changedsince 0)', '1:* FLAGS MODSEQ since 0'],
  [' 1:* FLAGS (CHANGEDSINCE 9223372036854775807)', '1:* FLAGS MODSEQ since 9007199254740991'],
  [' 1:* FLAGS (CHANGEDSINCE 1 VANISHED)', '1:* FLAGS MODSEQ since 1 vanished'],
  [' 1:* FLAGS (VANISHED CHANGEDSINCE 1)', '1:* FLAGS MODSEQ since 1 vanished'],
  [' 1:* FLAGS (VANISHED)', 'bad 21'],
  [' 1:* FLAGS (PARTIAL -1:-30 CHANGEDSINCE 1)', '1:* FLAGS MODSEQ since 1 partial -1:-30'],
  [' 1:* FLAGS (PARTIAL 5:2)', '1:* FLAGS partial 5:2'],
  [' 1:* FLAGS (PARTIAL 1)', 'bad 21'],
  [' 1:* FLAGS (PARTIAL 1:-1)', 'bad 22'],
  [' 1:* FLAGS (PARTIAL 0:1)', 'bad 21'],
  [' 1:* FLAGS (PARTIAL 1:2 PARTIAL 1:2)', 'bad 32'],
  [' 1:* FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)', 'bad 40'],
  [' 1:* FLAGS (CHANGEDSINCE)', 'bad 24'],
  [' 1:* FLAGS ()', 'bad 12'],
]

describe('readFetchArguments', () => {
  for (const [text, expected] of rows) {
    it(`reads FETCH${text.length > 80 ? `${text.slice(0, 40)}...` : text.replaceAll('\r\n', ' ')}`, () => {
      assert.equal(shown(text), expected)
    })
  }

  it('refuses to answer more than 128 items, which could all be large', () => {
    const items = (count: number): string =>
      Array.from({ length: count }, (_, at) => `BODY[]<${at}.9>`).join(' ')
    assert.match(shown(` 1 (${items(128)})`), /^1 BODY/)
    assert.match(shown(` 1 (${items(129)})`), /^bad/)
  })

  it('labels are read back as themselves', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'B', '-', '"', '\\', '(', ']', '%'),
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 4 }),
        fc.array(name, { minLength: 1, maxLength: 3 }),
        (path, names) => {
          const quoted = names.map((one) => `"${one.replace(/["\\]/g, '\\$&')}"`).join(' ')
          const first = shown(
            ` 1 BODY.PEEK[${path.map((part) => `${part}.`).join('')}HEADER.FIELDS (${quoted})]`,
          )
          assert.equal(shown(` ${first.replace('BODY', 'BODY.PEEK')}`), first)
        },
      ),
    )
  })
})
