// Whole commands, valid and almost valid. A command without a row here is sent with arguments of all kinds, and as the scripts send it.
import fc from 'fast-check'
import { commands } from '../../../src/imap/registry.ts'
import { scriptLines } from './script-lines.ts'
import {
  choice,
  dateTime,
  fetchItems,
  flagList,
  flags,
  inParentheses,
  line,
  mailbox,
  maybe,
  message,
  searchKey,
  searchReturn,
  set,
  several,
  stringOf,
  text,
  values,
  type Line,
} from './words.ts'

const uid = choice('', 'UID ')
const charset = choice('', '', '', 'CHARSET UTF-8 ', 'CHARSET US-ASCII ', 'CHARSET X-NONE ')
const statusItem = choice(
  'MESSAGES',
  'UIDNEXT',
  'UIDVALIDITY',
  'UNSEEN',
  'RECENT',
  'SIZE',
  'HIGHESTMODSEQ',
  'MAILBOXID',
)
const statusItems = inParentheses(
  several(
    fc.oneof(
      { weight: 20, arbitrary: statusItem },
      { weight: 1, arbitrary: choice('APPENDLIMIT', 'DELETED') },
    ),
    {
      most: 6,
    },
  ),
)
const pattern = stringOf(
  fc.constantFrom('*', '%', '', 'INBOX', 'W%/%', '*o*', '%/%/%', '&AOk-', 'Work/', '*%*%*%*'),
)
const selectParameters = line(
  ' (',
  fc.oneof(
    choice('CONDSTORE').map((name): Line => [name]),
    line(
      'QRESYNC (',
      fc.constantFrom('1', '2', '3', '999'),
      ' ',
      values.modSeq,
      maybe(line(' ', set)),
      maybe(line(' (', set, ' ', set, ')')),
      ')',
    ),
  ),
  ')',
)
const appendMessage = line(
  ' ',
  maybe(line(flags, ' ')),
  maybe(line(dateTime, ' ')),
  message.map((piece): Line => [piece]),
)
const entry = stringOf(
  fc.constantFrom('/private/comment', '/shared/comment', '/private/x/y', '/nonsense', '/private/*'),
)

/** Rows by what they begin with; the weight is how often. */
const rows: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<Line>])[] = [
  [2, line(choice('NOOP', 'CHECK', 'CAPABILITY', 'NAMESPACE', 'NOOP x'))],
  [1, line('ID ', choice('NIL', '("name" "fuzz")', '("a" NIL "b")', '()', '("x")'))],
  [2, line('ENABLE ', several(choice('CONDSTORE', 'QRESYNC', 'IMAP4rev2', 'UTF8=ACCEPT', 'X-NONE')))],
  [6, line(choice('SELECT ', 'EXAMINE '), mailbox, fc.option(selectParameters, { nil: '', freq: 3 }))],
  [3, line('CREATE ', mailbox, maybe(choice(' (USE (\\Junk))', ' (USE (\\Bogus))', ' ()')))],
  [1, line('DELETE ', mailbox)],
  [2, line('RENAME ', mailbox, ' ', mailbox)],
  [1, line(choice('SUBSCRIBE ', 'UNSUBSCRIBE '), mailbox)],
  [
    3,
    line(
      'LIST ',
      maybe(choice('(SUBSCRIBED) ', '(SPECIAL-USE) ', '(SUBSCRIBED RECURSIVEMATCH) ', '(REMOTE) ', '() ')),
      choice('""', 'Work', 'Work/'),
      ' ',
      fc.oneof(pattern, inParentheses(several(pattern))),
      maybe(
        line(
          ' RETURN (',
          several(
            fc.oneof(
              choice('CHILDREN', 'SUBSCRIBED', 'SPECIAL-USE', 'METADATA ("/private/comment")'),
              line('STATUS ', statusItems),
            ),
            { least: 0 },
          ),
          ')',
        ),
      ),
    ),
  ],
  [1, line('LSUB ', choice('""', 'Work/'), ' ', pattern)],
  [2, line('STATUS ', mailbox, ' ', statusItems)],
  [6, line('APPEND ', mailbox, appendMessage, maybe(appendMessage))],
  [
    1,
    line(
      'APPEND ',
      mailbox,
      ' CATENATE (',
      several(
        fc.oneof(
          line(
            'TEXT ',
            message.map((piece): Line => [piece]),
          ),
          choice('URL "/INBOX/;UID=1"', 'URL "/Nowhere;UID=1/;SECTION=1"', 'URL x').map((url): Line => [url]),
        ),
      ),
      ')',
    ),
  ],
  [1, line(uid, 'REPLACE ', values.number, ' ', mailbox, appendMessage)],
  [2, line('IDLE')],
  [1, line(choice('CLOSE', 'UNSELECT'))],
  [4, line(choice('EXPUNGE', 'EXPUNGE', 'UID EXPUNGE 1:*'))],
  [1, line('UID EXPUNGE ', set)],
  [6, line(uid, 'SEARCH ', maybe(searchReturn), charset, several(searchKey))],
  [
    2,
    line(
      uid,
      'SORT ',
      maybe(searchReturn),
      inParentheses(
        several(choice('DATE', 'REVERSE SUBJECT', 'ARRIVAL', 'SIZE', 'FROM', 'DISPLAYFROM', 'NONSENSE')),
      ),
      ' UTF-8 ',
      several(searchKey),
    ),
  ],
  [2, line(uid, 'THREAD ', choice('REFERENCES', 'ORDEREDSUBJECT', 'REFS'), ' UTF-8 ', several(searchKey))],
  [
    8,
    line(
      uid,
      'FETCH ',
      set,
      ' ',
      fetchItems,
      fc.option(line(' (CHANGEDSINCE ', values.modSeq, ')'), { nil: '', freq: 5 }),
    ),
  ],
  [1, line('UID FETCH ', set, ' (FLAGS) (CHANGEDSINCE ', values.modSeq, ' VANISHED)')],
  [
    8,
    line(
      uid,
      'STORE ',
      set,
      ' ',
      fc.option(line('(UNCHANGEDSINCE ', values.modSeq, ') '), { nil: '', freq: 4 }),
      choice('+FLAGS', '-FLAGS', 'FLAGS'),
      maybe(choice('.SILENT')),
      ' ',
      flagList,
    ),
  ],
  [4, line(uid, choice('COPY ', 'MOVE '), set, ' ', mailbox)],
  [
    1,
    line(
      'GETMETADATA ',
      maybe(choice('(DEPTH 1) ', '(MAXSIZE 10 DEPTH infinity) ')),
      fc.oneof(mailbox, fc.constant('""')),
      ' ',
      fc.oneof(entry, inParentheses(several(entry))),
    ),
  ],
  [
    1,
    line(
      'SETMETADATA ',
      fc.oneof(mailbox, fc.constant('""')),
      ' (',
      several(line(entry, ' ', fc.oneof(text, fc.constant('NIL')))),
      ')',
    ),
  ],
  [1, line(choice('GETQUOTA ""', 'GETQUOTA x', 'GETQUOTAROOT INBOX', 'SETQUOTA "" (STORAGE 10)'))],
  [
    1,
    line(
      choice(
        'NOTIFY NONE',
        'NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange))',
        'NOTIFY SET STATUS (PERSONAL (MessageNew MessageExpunge))',
        'NOTIFY SET (SELECTED-DELAYED (MessageNew MessageExpunge)) (SUBTREE Work (MailboxName))',
      ),
    ),
  ],
  [1, line('CANCELUPDATE "t1"')],
]

const anything: fc.Arbitrary<Line> = fc.letrec<{ argument: Line }>((tie) => ({
  argument: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    mailbox,
    text,
    line(set),
    line(choice('NIL', '""', '()', '(', ')', '{5', '~{0}', '[', '*', '\\', '{0+}', '"')),
    inParentheses(several(tie('argument'), { least: 0 })),
  ),
})).argument

const names = commands
  .filter(
    ({ name }) =>
      !['LOGOUT', 'STARTTLS', 'COMPRESS', 'UNAUTHENTICATE', 'LOGIN', 'AUTHENTICATE'].includes(name),
  )
  .map(({ name, uid: form }) => (form ? `UID ${name}` : name))

/** A command for a session that has logged in. */
export const command: fc.Arbitrary<Line> = fc.oneof(
  ...rows.map(([weight, arbitrary]) => ({ weight, arbitrary })),
  { weight: 6, arbitrary: fc.constantFrom(...scriptLines()) },
  { weight: 2, arbitrary: line(fc.constantFrom(...names), maybe(line(' ', several(anything)))) },
)
