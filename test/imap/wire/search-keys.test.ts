// SEARCH: programs become trees.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Criterion } from '../../../src/account/criterion.ts'
import { readSearchArguments } from '../../../src/imap/wire/search-keys.ts'
import { limitsBeforeLogin } from '../../../src/imap/wire/limits.ts'
import { SequenceSet } from '../../../src/imap/wire/sequence-set.ts'
import { lit, outcome } from './reader-harness.ts'

/** The tree as text. */
function tree(criterion: Criterion): string {
  switch (criterion.kind) {
    case 'all':
    case 'recent':
    case 'saved':
      return criterion.kind
    case 'and':
    case 'or':
      return `${criterion.kind}(${criterion.criteria.map(tree).join(' ')})`
    case 'not':
      return `not(${tree(criterion.criterion)})`
    case 'flag':
      return criterion.flag
    case 'keyword':
      return `keyword:${criterion.keyword}`
    case 'uid':
    case 'sequence':
      return `${criterion.kind}:${criterion.set instanceof SequenceSet ? criterion.set.toString() : 'strange'}`
    case 'internalDate':
    case 'savedDate':
    case 'sentDate':
      return `${criterion.kind}-${criterion.relation}:${criterion.day}`
    case 'larger':
    case 'smaller':
      return `${criterion.kind}:${criterion.sizeBytes}`
    case 'header':
      return `${criterion.field}=${JSON.stringify(criterion.text)}`
    case 'body':
    case 'text':
      return `${criterion.kind}=${JSON.stringify(criterion.text)}`
    case 'age':
      return `${criterion.relation}:${criterion.seconds}`
    case 'emailId':
    case 'threadId':
      return `${criterion.kind}:${criterion.id}`
    case 'modSeq':
      return `modSeq>=${criterion.atLeast}`
  }
}

function shown(text: string | Buffer): string {
  const result = outcome(text, readSearchArguments)
  if (typeof result === 'string') return result
  if (!result.isCharsetKnown) return 'charset'
  const notes = [
    result.returns && `return ${result.returns.options.join()}`,
    result.returns?.partial && `${result.returns.partial.from}:${result.returns.partial.to}`,
    result.usesModSeq && 'modseq',
  ]
  return [tree(result.criterion), ...notes.filter((note) => note)].join(' | ')
}

const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

const rows: readonly (readonly [string, string])[] = [
  [' FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith"', 'and(\\Flagged internalDate-since:8797 not(FROM="Smith"))'],
  [' TEXT "string not in mailbox"', 'text="string not in mailbox"'],
  [` CHARSET UTF-8 TEXT ${lit(utf8('тест!!'))}`, 'text="тест!!"'],
  [` TEXT ${lit(utf8('тест'))}`, 'text="тест"'],
  [' CHARSET us-ascii SUBJECT a', 'SUBJECT="a"'],
  [' CHARSET "ISO-8859-1" SUBJECT "\xe4"', 'SUBJECT="ä"'],
  [' CHARSET windows-1251 SUBJECT "\xf2"', 'SUBJECT="т"'],
  [' CHARSET KOI8-R SUBJECT "\xd4"', 'SUBJECT="т"'],
  [' CHARSET iso-2022-jp SUBJECT "\x1b$B%F\x1b(B"', 'SUBJECT="テ"'],
  [' CHARSET gb18030 SUBJECT "\xb2\xe2"', 'SUBJECT="测"'],
  [' CHARSET UTF-8 SUBJECT "\xe4"', 'bad 26'],
  [' SUBJECT "\xe4"', 'bad 12'],
  [' CHARSET x-none SUBJECT a', 'charset'],
  [' CHARSET base64 SUBJECT a', 'charset'],
  [' CHARSET hex SUBJECT a', 'charset'],
  [' CHARSET __proto__ SUBJECT a', 'charset'],
  [' CHARSET constructor SUBJECT a', 'charset'],
  [' CHARSET iso-8859-99 SUBJECT a', 'charset'],
  [' CHARSET', 'bad 8'],
  [' CHARSET UTF-8', 'bad 14'],
  [' ALL', 'all'],
  [' all unseen', 'and(all not(\\Seen))'],
  [' ANSWERED DELETED DRAFT FLAGGED SEEN', 'and(\\Answered \\Deleted \\Draft \\Flagged \\Seen)'],
  [
    ' UNANSWERED UNDELETED UNDRAFT UNFLAGGED UNSEEN',
    'and(not(\\Answered) not(\\Deleted) not(\\Draft) not(\\Flagged) not(\\Seen))',
  ],
  [' NEW', 'and(recent not(\\Seen))'],
  [' OLD RECENT', 'and(not(recent) recent)'],
  [' KEYWORD $Forwarded UNKEYWORD x', 'and(keyword:$Forwarded not(keyword:x))'],
  [' KEYWORD \\Seen', 'bad 9'],
  [
    ' BEFORE 1-Jan-1970 ON "2-Jan-1970" SENTBEFORE 31-Dec-1969',
    'and(internalDate-before:0 internalDate-on:1 sentDate-before:-1)',
  ],
  [' SENTON 1-Jan-1970 SENTSINCE 1-Jan-1970', 'and(sentDate-on:0 sentDate-since:0)'],
  [' SINCE 1-Foo-1994', 'bad 17'],
  [
    ' SAVEDBEFORE 1-Jan-1970 SAVEDON 2-Jan-1970 SAVEDSINCE 3-Jan-1970',
    'and(savedDate-before:0 savedDate-on:1 savedDate-since:2)',
  ],
  [' SAVEDATESUPPORTED', 'all'],
  [' OLDER 10 YOUNGER 4294967295', 'and(older:10 younger:4294967295)'],
  [' OLDER 0', 'bad 8'],
  [' YOUNGER 4294967296', 'bad 19'],
  [' EMAILID Mff THREADID T_-9', 'and(emailId:Mff threadId:T_-9)'],
  [' EMAILID a.b', 'bad 12'],
  [' EMAILID "a"', 'bad 9'],
  [` EMAILID ${'a'.repeat(256)}`, 'bad 265'],
  [' $ SEEN', 'and(saved \\Seen)'],
  [' NOT $', 'not(saved)'],
  [' UID $', 'saved'],
  [' $,1', 'bad 2'],
  [' UID $:1', 'bad 6'],
  [' LARGER 100 SMALLER 0', 'and(larger:100 smaller:0)'],
  [' LARGER -1', 'bad 8'],
  [' LARGER 4294967296', 'larger:4294967296'],
  [' SMALLER 9223372036854775808', 'bad 28'],
  [' BCC a CC b FROM c SUBJECT d TO e', 'and(BCC="a" CC="b" FROM="c" SUBJECT="d" TO="e")'],
  [' HEADER Message-ID <a@b> BODY ""', 'and(Message-ID="<a@b>" body="")'],
  [' HEADER X ""', 'X=""'],
  [' UID 1:*', 'uid:1:*'],
  [' 2,4:*', 'sequence:2,4:*'],
  [' *', 'sequence:*'],
  [' NOT 1', 'not(sequence:1)'],
  [' OR SEEN FLAGGED', 'or(\\Seen \\Flagged)'],
  [' OR SEEN OR FLAGGED OR DRAFT ALL', 'or(\\Seen \\Flagged \\Draft all)'],
  [' OR (SEEN FLAGGED) NOT DRAFT', 'or(and(\\Seen \\Flagged) not(\\Draft))'],
  [' OR SEEN', 'bad 8'],
  [' (SEEN)', '\\Seen'],
  [' ((SEEN) (DRAFT))', 'and(\\Seen \\Draft)'],
  [' ()', 'bad 2'],
  [' (SEEN', 'bad 6'],
  [' SEEN)', 'bad 5'],
  [' NOT', 'bad 4'],
  [' NOT NOT SEEN', 'not(not(\\Seen))'],
  [' XYZZY', 'bad 1'],
  ['', 'bad 0'],
  [' ', 'bad 1'],
  [' SEEN  ', 'bad 6'],
  [' SEEN ', '\\Seen'],
  [' MODSEQ 620162338', 'modSeq>=620162338 | modseq'],
  [' MODSEQ 0', 'modSeq>=0 | modseq'],
  [' MODSEQ "/flags/\\\\draft" all 620162338', 'modSeq>=620162338 | modseq'],
  [' MODSEQ "/flags/\\\\draft" 620162338', 'bad 25'],
  [' OR NOT MODSEQ 720162338 LARGER 50000', 'or(not(modSeq>=720162338) larger:50000) | modseq'],
  [' RETURN (MIN COUNT) FLAGGED', '\\Flagged | return MIN,COUNT'],
  [' RETURN () FLAGGED', '\\Flagged | return ALL'],
  [' return (all Max ALL save) CHARSET UTF-8 1', 'sequence:1 | return ALL,MAX,SAVE'],
  [' RETURN (PARTIAL 1:2) SEEN', '\\Seen | return PARTIAL | 1:2'],
  [' RETURN (PARTIAL -5:-1 COUNT) SEEN', '\\Seen | return PARTIAL,COUNT | -5:-1'],
  [' RETURN (CONTEXT) SEEN', '\\Seen | return ALL'],
  [' RETURN (UPDATE CONTEXT) SEEN', '\\Seen | return UPDATE'],
  [' RETURN (PARTIAL 1:-1) SEEN', 'bad 19'],
  [' RETURN (PARTIAL -1:1) SEEN', 'bad 20'],
  [' RETURN (PARTIAL 0:1) SEEN', 'bad 18'],
  [' RETURN (PARTIAL 1) SEEN', 'bad 18'],
  [' RETURN (PARTIAL 1:2 ALL) SEEN', 'bad 25'],
  [' RETURN (PARTIAL 1:2 PARTIAL 1:2) SEEN', 'bad 28'],
  [' CHARSET x-none SINCE nonsense', 'bad 30'],
  [' RETURN (MIN)', 'bad 13'],
  [' RETURN MIN SEEN', 'bad 8'],
  [' CHARSET UTF-8 RETURN (MIN) SEEN', 'bad 15'],
]

describe('readSearchArguments', () => {
  for (const [text, expected] of rows) {
    it(`reads SEARCH${JSON.stringify(text)}`, () => {
      assert.equal(shown(text), expected)
    })
  }

  it('takes long chains of OR and flattens them', () => {
    const chain = `${' OR SEEN'.repeat(150)} DRAFT`
    assert.match(shown(chain), /^or\((\\Seen ){150}\\Draft\)$/)
  })

  const hostile: readonly (readonly [string, string])[] = [
    ['parentheses', ' '.concat('('.repeat(60_000))],
    ['NOT', ' NOT'.repeat(15_000)],
    ['OR', ' OR'.repeat(20_000)],
    ['keys', ' SEEN'.repeat(12_000)],
    ['empty strings', ' TEXT ""'.repeat(7000)],
  ]
  for (const [what, text] of hostile) {
    it(`refuses ${what} without end, quickly`, () => {
      assert.match(shown(text), /^bad/)
    })
  }

  it('obeys the limits it is given', () => {
    assert.equal(
      outcome(' NOT NOT NOT NOT NOT SEEN', readSearchArguments, { limits: limitsBeforeLogin }),
      'bad 20',
    )
  })

  it('meets any words with BadSyntax, BadCharset or a tree', () => {
    const word = fc.constantFrom(
      'OR',
      'NOT',
      '(',
      ')',
      ' ',
      ' ',
      ' ',
      '1:*',
      'SEEN',
      'TEXT',
      '"a"',
      'RETURN',
      'CHARSET',
      'UTF-8',
      'HEADER',
      'MODSEQ',
      '9',
      'UID',
      '\xe4',
      '"\xe4"',
      '{1+}\r\nx',
      '\\',
      '*',
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), (words) => {
        shown(` ${words.join('')}`)
      }),
      { numRuns: 2000 },
    )
  })
})
