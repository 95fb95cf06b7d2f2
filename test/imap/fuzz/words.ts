// The small pieces that commands are made of: names, sets, flags, strings in every form, search keys, FETCH items.
import fc from 'fast-check'

/** Text to be sent, or a literal; `wait`: the client sends it when it is asked for. */
export type Piece = string | { readonly literal: Buffer; readonly form: 'wait' | 'plus' | 'binary' }

/** A command without its tag. */
export type Line = readonly Piece[]

type Part = string | fc.Arbitrary<string | Line>

/** Parts one after another, as they are. */
export function line(...parts: readonly Part[]): fc.Arbitrary<Line> {
  const arbitraries = parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))
  return fc.tuple(...arbitraries).map((values) => values.flatMap((value) => value))
}

/** One of these, the first more often. */
export function choice(...texts: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...texts.slice(0, 1), ...texts)
}

export function maybe(part: fc.Arbitrary<string | Line>): fc.Arbitrary<string | Line> {
  return fc.option(part, { nil: '' })
}

/** `count` to `maximum` of `member` with `between` between them. */
export function several(
  member: fc.Arbitrary<string | Line>,
  { least = 1, most = 4, between = ' ' } = {},
): fc.Arbitrary<Line> {
  return fc
    .array(member, { minLength: least, maxLength: most, size: 'max' })
    .map((members) => members.flatMap((value, index) => (index > 0 ? [between, value].flat() : value)))
}

export function inParentheses(inside: fc.Arbitrary<string | Line>): fc.Arbitrary<Line> {
  return line('(', inside, ')')
}

const form = fc.constantFrom('wait', 'plus', 'plus', 'plus', 'wait', 'plus', 'wait', 'plus', 'binary')

/** A string as atom, quoted string or literal. */
export function stringOf(value: fc.Arbitrary<string>): fc.Arbitrary<Line> {
  return fc.tuple(value, fc.nat(9), form).map(([text, how, literalForm]): Line => {
    if (how < 5 && /^[A-Za-z0-9/.@-]+$/.test(text)) return [text]
    if (how < 8 && !/[\r\n\0]/.test(text)) return [`"${text.replace(/["\\]/g, '\\$&')}"`]
    const usual = literalForm === 'binary' && how !== 9 ? 'plus' : literalForm
    return [{ literal: Buffer.from(text, 'latin1'), form: usual }]
  })
}

/** Mostly what is right. */
function mostly<T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<T>, often = 25): fc.Arbitrary<T> {
  return fc.oneof({ weight: often, arbitrary: right }, { weight: 1, arbitrary: wrong })
}

const odd = fc.string({ unit: 'binary', maxLength: 12 })

export const mailbox: fc.Arbitrary<Line> = stringOf(
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc.constantFrom('INBOX', 'inbox', 'Archive', 'Work', 'Work/Old', 'Work/Old/Older'),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom('Nowhere', '&AOk-t&AOk-', '&', '&-', 'Trash/', '/', '', 'a//b', '~'),
    },
    { weight: 1, arbitrary: odd },
  ),
)

const number = mostly(
  fc.oneof(fc.integer({ min: 1, max: 6 }).map(String), fc.constant('*')),
  fc.constantFrom('9', '4294967295'),
)
const range = fc.oneof(
  number,
  number,
  fc.tuple(number, number).map(([from, to]) => `${from}:${to}`),
)

export const set: fc.Arbitrary<string> = mostly(
  fc.oneof(
    choice('1:*', '1', '2', '1:3', '*', '$'),
    fc.array(range, { minLength: 1, maxLength: 5, size: 'max' }).map((ranges) => ranges.join(',')),
  ),
  fc.constantFrom('0', '1,', ':', '4294967296', '1:*:2', '99:100', '00', '-1', '1,2,,3'),
)

const flag = mostly(
  choice('\\Seen', '\\Deleted', '\\Flagged', '\\Answered', '\\Draft', 'Work', '$Forwarded', '\\seen', 'work'),
  fc.constantFrom('\\Recent', '\\*', '\\', 'a]b', '{', 'k'.repeat(99), '%'),
)
export const flags: fc.Arbitrary<Line> = inParentheses(several(flag, { least: 0 }))
export const flagList: fc.Arbitrary<Line> = fc.oneof(flags, flags, several(flag, { most: 2 }))

export const text: fc.Arbitrary<Line> = stringOf(
  fc.oneof(fc.constantFrom('one', 'Subject', 'bob@example.org', 'Hello', '', ' ', 'é', 'x'.repeat(300)), odd),
)

const date = mostly(
  fc.constantFrom('21-Nov-2026', '"1-Feb-1994"', '01-JAN-1970'),
  fc.constantFrom(' 1-Feb-1994', '31-Feb-2026', '01-JAN-0001', '1-Foo-2000'),
)
export const dateTime: fc.Arbitrary<string> = mostly(
  choice('" 7-Feb-1994 21:52:25 -0800"', '"17-Jul-1996 02:44:25 +1400"'),
  fc.constantFrom('"31-Dec-9999 23:59:60 -9999"', '"7-Feb-1994 21:52:25 -0800"'),
)
const modSeq = mostly(
  fc.constantFrom('1', '3', '10', '20', '9223372036854775807'),
  fc.constantFrom('0', '9223372036854775808'),
)

const plainKey = fc.constantFrom(
  ...[
    'ALL',
    'ANSWERED',
    'DELETED',
    'DRAFT',
    'FLAGGED',
    'NEW',
    'OLD',
    'RECENT',
    'SEEN',
    'UNANSWERED',
    'UNDELETED',
  ],
  ...['UNDRAFT', 'UNFLAGGED', 'UNSEEN', '$', 'SAVEDATESUPPORTED'],
)
const fieldName = stringOf(
  mostly(fc.constantFrom('Subject', 'From', 'message-id', 'X-Nothing'), fc.constantFrom('', 'a b', 'é')),
)

/** A search key, with others inside it. */
export const searchKey: fc.Arbitrary<Line> = fc.letrec<{ key: Line }>((tie) => ({
  key: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    line(plainKey),
    line(set),
    line('UID ', set),
    line(choice('SUBJECT ', 'BODY ', 'TEXT ', 'FROM ', 'TO ', 'CC ', 'BCC '), text),
    line('HEADER ', fieldName, ' ', text),
    line(choice('KEYWORD ', 'UNKEYWORD '), mostly(choice('Work', '$Forwarded'), flag)),
    line(
      choice('BEFORE ', 'ON ', 'SINCE ', 'SENTBEFORE ', 'SENTON ', 'SENTSINCE ', 'SAVEDON ', 'SAVEDSINCE '),
      date,
    ),
    line(
      choice('LARGER ', 'SMALLER ', 'OLDER ', 'YOUNGER '),
      mostly(fc.constantFrom('1', '200', '4294967295'), number),
    ),
    line('MODSEQ ', maybe(line('"/flags/\\\\Seen" ', choice('all', 'priv', 'shared'), ' ')), modSeq),
    line(choice('EMAILID ', 'THREADID '), text),
    line('NOT ', tie('key')),
    line('OR ', tie('key'), ' ', tie('key')),
    inParentheses(several(tie('key'))),
  ),
})).key

export const searchReturn: fc.Arbitrary<Line> = line(
  'RETURN (',
  mostly(
    several(choice('ALL', 'MIN', 'MAX', 'COUNT', 'SAVE', 'MIN MAX'), { least: 0 }),
    several(choice('PARTIAL 1:2', 'PARTIAL -1:-3', 'CONTEXT', 'UPDATE', 'NONSENSE'), { most: 2 }),
    5,
  ),
  ') ',
)

const part = mostly(fc.constantFrom('1', '2', '1.1', '2.1.3', '99.99'), fc.constantFrom('0', '1.'))
const sectionText = fc.oneof(
  choice('HEADER', 'TEXT'),
  line(choice('HEADER.FIELDS ', 'HEADER.FIELDS.NOT '), inParentheses(several(fieldName))),
)
const section = line(
  '[',
  fc.oneof(fc.constant(''), part, sectionText, line(part, '.', sectionText), line(part, '.MIME')),
  ']',
  maybe(
    mostly(
      fc.constantFrom('<0.10>', '<5.393216>', '<99999.1>', '<4294967295.4294967295>'),
      fc.constantFrom('<0.0>', '<0>'),
    ),
  ),
)
const binary = line('[', maybe(part), ']')
const fetchItem = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom<string>(
      ...[
        'FLAGS',
        'UID',
        'ENVELOPE',
        'BODYSTRUCTURE',
        'BODY',
        'INTERNALDATE',
        'RFC822.SIZE',
        'RFC822',
        'RFC822.HEADER',
      ],
      ...['RFC822.TEXT', 'MODSEQ', 'PREVIEW', 'PREVIEW (LAZY)', 'SAVEDATE', 'EMAILID', 'THREADID'],
    ),
  },
  { weight: 3, arbitrary: line(choice('BODY.PEEK', 'BODY'), section) },
  { weight: 1, arbitrary: line(choice('BINARY.PEEK', 'BINARY', 'BINARY.SIZE'), binary) },
)

export const fetchItems: fc.Arbitrary<Line> = fc.oneof(
  choice('FLAGS', 'ALL', 'FULL', 'FAST').map((name): Line => [name]),
  line(fetchItem),
  inParentheses(several(fetchItem)),
)

const subject = fc.constantFrom('one', 'Re: one', 'zwei =?utf-8?q?=C3=A9?=', '', '(nested', '"quoted\\"')
const plain = subject.map(
  (words) => `From: Bob <bob@example.org>\r\nSubject: ${words}\r\nReferences: <a@b> <c@d>\r\n\r\nHello.\r\n`,
)
const multipart = subject.map(
  (words) =>
    `Subject: ${words}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n` +
    'Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninside\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n',
)
export const message: fc.Arbitrary<Piece> = fc
  .tuple(
    mostly(
      fc.oneof(plain, multipart, plain, multipart, fc.constantFrom('x', '\r\n', 'lone\nfeeds\rhere')),
      fc.oneof(fc.constantFrom('', 'n\0l'), odd),
    ),
    fc.constantFrom<('wait' | 'plus' | 'binary')[]>('wait', 'plus', 'plus', 'plus', 'wait', 'plus', 'binary'),
  )
  .map(([octets, how]): Piece => ({ literal: Buffer.from(octets, 'latin1'), form: how }))
export const values = { date, modSeq, number, odd, flag }
