// The checker of the server's answers, checked: what the RFCs allow it takes, what they do not it refuses.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { checkReadyMade, readResponse } from './response.ts'
import { GrammarError } from './scan.ts'
import { SessionRules } from './session-rules.ts'

const right = [
  'a OK done',
  'a NO [TRYCREATE] no such mailbox',
  '* OK [CAPABILITY IMAP4rev1 IDLE] ready',
  '* OK [PERMANENTFLAGS (\\Seen Work \\*)] flags',
  'a OK [COPYUID 38505 304,319:320 3956:3958] Done',
  'a OK [MODIFIED 7,9] Conditional STORE failed',
  '* OK [INPROGRESS ("A001" 175 1000)] working',
  '* BYE [UNAVAILABLE] later',
  '+ ',
  '+ idling',
  '* 23 EXISTS',
  '* CAPABILITY IMAP4rev1 AUTH=PLAIN',
  '* ENABLED',
  '* FLAGS (\\Answered \\Seen $Forwarded)',
  '* LIST (\\HasNoChildren \\Sent) "/" Sent',
  '* LIST () NIL INBOX',
  '* LIST (\\NonExistent) "/" Foo ("CHILDINFO" ("SUBSCRIBED"))',
  '* LIST () "/" "&AOk-t&AOk-"',
  '* LSUB (\\Noselect) "/" a',
  '* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292 HIGHESTMODSEQ 7011231777)',
  '* STATUS INBOX ()',
  '* SEARCH',
  '* SEARCH 2 5 6 (MODSEQ 917162500)',
  '* SORT 5 3 4 1 2',
  '* ESEARCH (TAG "a") UID MIN 7 MAX 3800 COUNT 3 ALL 4,7:9 MODSEQ 5',
  '* ESEARCH (TAG "a") UID PARTIAL (-1:-100 200:250)',
  '* ESEARCH (TAG "a") PARTIAL (501:600 NIL)',
  '* ESEARCH (TAG "b") UID ADDTO (0 32768:32769 5 7)',
  '* THREAD',
  '* THREAD (2)(3 6 (4 23)(44 7 96))',
  '* THREAD ((3)(5))',
  '* VANISHED (EARLIER) 41,43:116',
  '* NAMESPACE (("" "/")) NIL (("#shared/" "/" "X-PARAM" ("FLAG1" "FLAG2")))',
  '* ID ("name" "Letterlock" "version" NIL)',
  '* METADATA INBOX (/shared/comment "x" /private/comment NIL)',
  '* METADATA "" /shared/comment',
  '* QUOTA "" (STORAGE 10 512)',
  '* QUOTAROOT INBOX ""',
  '* 1 FETCH (FLAGS (\\Seen) INTERNALDATE " 7-Feb-1994 21:52:25 -0800" RFC822.SIZE 4286 UID 7 MODSEQ (12))',
  '* 1 FETCH (BODY[] {3}\r\na)b RFC822.HEADER {0}\r\n)',
  '* 1 FETCH (BODY[1.2.HEADER.FIELDS.NOT (A {1}\r\nB)]<12> "x" BODY[TEXT] NIL BINARY[1]<0> ~{2}\r\n\0\0 BINARY.SIZE[1] 2)',
  '* 1 FETCH (SAVEDATE NIL EMAILID (M6) THREADID NIL PREVIEW "Hello")',
  '* 1 FETCH (ENVELOPE (NIL "s" (("N" NIL "a" "b")(NIL NIL "c" "d")) NIL NIL NIL NIL NIL NIL "<x>"))',
  '* 1 FETCH (BODY (("TEXT" "PLAIN" ("CHARSET" "x") NIL NIL "7BIT" 1152 23)("IMAGE" "PNG" NIL "<i>" NIL "BASE64" 4 ) "MIXED"))'.replace(
    '4 )',
    '4)',
  ),
  '* 1 FETCH (BODYSTRUCTURE ("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ' +
    '("TEXT" "PLAIN" NIL NIL NIL "7BIT" 0 0 NIL NIL NIL NIL) 2 NIL ("attachment" ("filename" "a")) ("en" "de") NIL))',
]

const wrong = [
  'a OK',
  'a OK ',
  'a OK [TRYCREATE]',
  'a OK [NEWCODE] text',
  'a OK [COPYUID 1  ] text',
  'a OK [COPYUID 1 1:2 1] text',
  'a OK bell \x07',
  'a BYE text',
  '+',
  '* 4294967296 EXISTS',
  '* 01 EXISTS',
  '* 0 EXPUNGE',
  '* 1 VANISH',
  '* FLAGS (\\Seen  \\Draft)',
  '* FLAGS (\\Seen )',
  '* LIST (\\HasChildren \\HasNoChildren) "/" a',
  '* LIST (\\Bogus) "/" a',
  '* LIST () "/" "\xe9"',
  '* LIST () "/" "&x"',
  '* LIST () "//" a',
  '* LIST () "/" a b',
  '* STATUS INBOX (MESSAGES)',
  '* SEARCH 1 1',
  '* SEARCH 0',
  '* SEARCH ',
  '* ESEARCH UID COUNT',
  '* ESEARCH ALL 1:*',
  '* THREAD ((1))',
  '* THREAD (1 (2))',
  '* THREAD (1 2 )',
  '* THREAD ()',
  '* VANISHED 0',
  '* ID ("name")',
  '* METADATA INBOX (/other/x "y")',
  '* 1 FETCH ()',
  '* 1 FETCH (UID 7 )',
  '* 1 FETCH (UID 0)',
  '* 1 FETCH (MODSEQ 5)',
  '* 1 FETCH (MODSEQ (9223372036854775808))',
  '* 1 FETCH (INTERNALDATE "7-Feb-1994 21:52:25 -0800")',
  '* 1 FETCH (BODY[] {4}\r\nabc)',
  '* 1 FETCH (BODY[] {1}\r\n\0)',
  '* 1 FETCH (BODY[] "a"b")',
  '* 1 FETCH (BODY[MIME] NIL)',
  '* 1 FETCH (BODY.PEEK[] NIL)',
  '* 1 FETCH (ENVELOPE (NIL NIL () NIL NIL NIL NIL NIL NIL NIL))',
  '* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL))',
  '* 1 FETCH (BODY ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1))',
  '* 1 FETCH (BODY ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 NIL))',
  '* 1 FETCH (BODY ("IMAGE" "PNG" () NIL NIL "7BIT" 1))',
  '* 1 FETCH (BODYSTRUCTURE (("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)))',
]

describe('the grammar of answers', () => {
  for (const text of right) {
    it(`takes ${JSON.stringify(text)}`, () => {
      readResponse(Buffer.from(text, 'latin1'), false)
    })
  }
  for (const text of wrong) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => readResponse(Buffer.from(text, 'latin1'), false), GrammarError)
    })
  }
})

describe('the expected ENVELOPE and BODYSTRUCTURE of the sample mail', () => {
  const directory = join(process.cwd(), 'fixtures', 'mail')
  for (const kind of ['envelope', 'bodystructure'] as const) {
    it(`keep the grammar: ${kind}`, () => {
      const files = readdirSync(directory).filter((file) => file.endsWith(`.${kind}`))
      assert.ok(files.length > 30)
      for (const file of files) {
        const bytes = readFileSync(join(directory, file))
        checkReadyMade(kind, bytes.subarray(0, bytes.at(-1) === 10 ? -1 : undefined))
      }
    })
  }
})

/** Lines of a dialogue: `C ` sent, `S ` heard. The last must be refused when `isWrong`. */
const selected = [
  'C a SELECT INBOX',
  'S * FLAGS (\\Seen Work)',
  'S * 3 EXISTS',
  'S * 0 RECENT',
  'S * OK [UIDVALIDITY 1] valid',
  'S * OK [UIDNEXT 9] next',
  'S * OK [HIGHESTMODSEQ 5] highest',
  'S a OK [READ-WRITE] opened',
]
const dialogues: [name: string, isWrong: boolean, lines: readonly string[]][] = [
  ['EXPUNGE in answer to NOOP', false, ['C b NOOP', 'S * 3 EXPUNGE', 'S * 2 EXISTS', 'S b OK done']],
  ['EXPUNGE in answer to FETCH', true, ['C b FETCH 1 UID', 'S * 3 EXPUNGE']],
  ['EXPUNGE in answer to UID FETCH', false, ['C b UID FETCH 1 UID', 'S * 3 EXPUNGE', 'S b OK done']],
  ['EXPUNGE while nothing is asked', true, ['S * 3 EXPUNGE']],
  ['EXPUNGE beyond EXISTS', true, ['C b NOOP', 'S * 4 EXPUNGE']],
  ['EXISTS that falls', true, ['C b NOOP', 'S * 2 EXISTS']],
  ['a number beyond EXISTS in FETCH', true, ['C b NOOP', 'S * 4 FETCH (FLAGS ())']],
  ['a number beyond EXISTS in SEARCH', true, ['C b SEARCH ALL', 'S * SEARCH 4']],
  ['a UID beyond EXISTS in UID SEARCH', false, ['C b UID SEARCH ALL', 'S * SEARCH 4', 'S b OK done']],
  ['a UID that changes', true, ['C b NOOP', 'S * 1 FETCH (UID 4)', 'S * 1 FETCH (UID 5)']],
  ['UIDs that descend', true, ['C b NOOP', 'S * 1 FETCH (UID 4)', 'S * 2 FETCH (UID 3)']],
  ['a flag that is not in FLAGS', true, ['C b NOOP', 'S * 1 FETCH (FLAGS (Play))']],
  [
    'MODSEQ that falls',
    true,
    ['C b NOOP', 'S * 1 FETCH (UID 4 MODSEQ (4))', 'S * 1 FETCH (UID 4 MODSEQ (3))'],
  ],
  ['an answer given twice', true, ['C b NOOP', 'S b OK done', 'S b OK done']],
  ['answers out of turn', true, ['C b NOOP', 'C c NOOP', 'S c OK done']],
  ['a continuation nobody waits for', true, ['C b NOOP', 'S + go on']],
  ['a literal that is asked for', false, ['C b CREATE {1}', 'S + go on', 'C x', 'S b OK done']],
  ['a literal that is refused', false, ['C b CREATE {1}', 'S b NO no', 'C c NOOP', 'S c OK done']],
  [
    'IDLE',
    false,
    ['C b IDLE', 'S + idling', 'S * 1 EXPUNGE', 'C DONE', 'S b OK done', 'C c NOOP', 'S c OK done'],
  ],
  ['VANISHED without QRESYNC', true, ['C b NOOP', 'S * VANISHED 3']],
  [
    'VANISHED with QRESYNC',
    false,
    [
      'C b ENABLE QRESYNC',
      'S * ENABLED QRESYNC',
      'S b OK done',
      'C c NOOP',
      'S * VANISHED 3',
      'S * 2 EXISTS',
      'S c OK x',
    ],
  ],
  [
    'EXPUNGE with QRESYNC',
    true,
    ['C b ENABLE QRESYNC', 'S * ENABLED QRESYNC', 'S b OK done', 'C c NOOP', 'S * 3 EXPUNGE'],
  ],
  ['another SELECT without CLOSED', true, ['C b SELECT Work', 'S * 2 EXISTS']],
  [
    'SELECT behind DELETE of what was selected',
    false,
    ['C b DELETE INBOX', 'S b OK done', ...selected.map((line) => line.replace(' a ', ' c '))],
  ],
  ['something behind BYE', true, ['C b LOGOUT', 'S * BYE bye', 'S * 4 EXISTS']],
]

describe('the rules of a session', () => {
  for (const [name, isWrong, lines] of dialogues) {
    it(`${isWrong ? 'refuse' : 'take'} ${name}`, () => {
      const rules = new SessionRules()
      const step = (line: string): void => {
        if (line.startsWith('C ')) rules.sent(Buffer.from(`${line.slice(2)}\r\n`, 'latin1'))
        else rules.heard(Buffer.from(line.slice(2), 'latin1'))
      }
      for (const line of [...selected, ...lines.slice(0, -1)]) step(line)
      const last = (): void => step(lines.at(-1) ?? '')
      if (isWrong) assert.throws(last, GrammarError)
      else last()
      assert.equal(rules.isBlind, false)
    })
  }
})
