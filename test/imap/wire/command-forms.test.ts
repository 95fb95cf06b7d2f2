// The small argument forms: LIST, STATUS, STORE, SELECT, CREATE and ID.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ArgumentReader } from '../../../src/imap/wire/arguments.ts'
import { Framer } from '../../../src/imap/wire/framer.ts'
import { readIdParameters } from '../../../src/imap/wire/id-parameters.ts'
import { limitsBeforeLogin } from '../../../src/imap/wire/limits.ts'
import { readListRequest, readStatusItems } from '../../../src/imap/wire/list-request.ts'
import {
  readCreateParameters,
  readSelectParameters,
  readStoreArguments,
} from '../../../src/imap/wire/modifiers.ts'
import { lit, outcome } from './reader-harness.ts'

type Row = readonly [string, (reader: ArgumentReader) => unknown, string, unknown]

const list = (reader: ArgumentReader): string => {
  const { isExtended, selection, reference, patterns, returns, status } = readListRequest(reader)
  const extended = isExtended ? ` (${selection.join()}) return ${returns.join()}` : ''
  return `${reference}|${patterns.join('|')}${extended}${status ? ` status ${status.join()}` : ''}`
}
const status = (reader: ArgumentReader): string => readStatusItems(reader).join()
const store = (reader: ArgumentReader): string => {
  const { action, isSilent, flags, unchangedSince } = readStoreArguments(reader)
  return `${action}${isSilent ? ' silent' : ''} ${flags.join()} ${unchangedSince ?? '-'}`
}
const select = (reader: ArgumentReader): boolean | string => {
  const { isCondstore, resync } = readSelectParameters(reader)
  if (!resync) return isCondstore
  const { uidValidity, modSeq, knownUids, match } = resync
  const runs = match.map((run) => `${run.sequenceNumber}=${run.uid}x${run.count}`).join()
  return `${isCondstore ? 'condstore ' : ''}${uidValidity} ${modSeq} ${knownUids?.toString() ?? '-'} ${runs || '-'}`
}
const create = (reader: ArgumentReader): string => readCreateParameters(reader).specialUses.join()
const id = (reader: ArgumentReader): unknown => Object.fromEntries(readIdParameters(reader))
const many = (count: number): string =>
  ` (${Array.from({ length: count }, (_, at) => `"f${at}" "v"`).join(' ')})`

const rows: readonly Row[] = [
  ['LIST', list, ' "" *', '|*'],
  ['LIST', list, ' "" ""', '|'],
  ['LIST', list, ' ~/Mail/ %', '~/Mail/|%'],
  ['LIST', list, ' "" "*" RETURN (SPECIAL-USE)', '|* () return SPECIAL-USE'],
  ['LIST', list, ' (SPECIAL-USE) "" "*"', '|* (SPECIAL-USE) return '],
  ['LIST', list, ' (subscribed) "" "*" return (special-use)', '|* (SUBSCRIBED) return SPECIAL-USE'],
  ['LIST', list, ' (SUBSCRIBED RECURSIVEMATCH) "" %', '|% (SUBSCRIBED,RECURSIVEMATCH) return '],
  ['LIST', list, ' (RECURSIVEMATCH) "" %', 'bad 17'],
  ['LIST', list, ' (REMOTE RECURSIVEMATCH) "" %', 'bad 24'],
  ['LIST', list, ' () "" % RETURN ()', '|% () return '],
  ['LIST', list, ' "" ("INBOX" Drafts "Sent/%")', '|INBOX|Drafts|Sent/% () return '],
  ['LIST', list, ' "" ()', 'bad 5'],
  [
    'LIST',
    list,
    ' "" % RETURN (CHILDREN STATUS (MESSAGES UNSEEN))',
    '|% () return CHILDREN status MESSAGES,UNSEEN',
  ],
  ['LIST', list, ' "" % RETURN (STATUS)', 'bad 20'],
  ['LIST', list, ' "" % RETURN (XYZZY)', 'bad 14'],
  ['LIST', list, ' (XYZZY) "" %', 'bad 2'],
  ['LIST', list, ' "" % ', '|%'],
  ['LIST', list, ' "" % x', 'bad 6'],
  ['LIST', list, ' ""', 'bad 3'],
  ['LIST', list, ` ${lit('')} ${lit('a*')}`, '|a*'],
  ['STATUS items', status, '(MESSAGES UIDNEXT uidnext)', 'MESSAGES,UIDNEXT'],
  [
    'STATUS items',
    status,
    '(HIGHESTMODSEQ RECENT UIDVALIDITY UNSEEN SIZE DELETED)',
    'HIGHESTMODSEQ,RECENT,UIDVALIDITY,UNSEEN,SIZE,DELETED',
  ],
  ['STATUS items', status, '()', 'bad 1'],
  ['STATUS items', status, 'MESSAGES', 'bad 0'],
  ['STORE', store, ' +FLAGS (\\Deleted)', 'add \\Deleted -'],
  ['STORE', store, ' -flags.silent (\\Deleted x)', 'remove silent \\Deleted,x -'],
  ['STORE', store, ' FLAGS \\Seen \\Deleted', 'replace \\Seen,\\Deleted -'],
  ['STORE', store, ' FLAGS.SILENT ()', 'replace silent  -'],
  [
    'STORE',
    store,
    ' (UNCHANGEDSINCE 12121230045) +FLAGS.SILENT (\\Deleted)',
    'add silent \\Deleted 12121230045',
  ],
  ['STORE', store, ' (UNCHANGEDSINCE 0) FLAGS ()', 'replace  0'],
  ['STORE', store, ' (UNCHANGEDSINCE 1 UNCHANGEDSINCE 2) FLAGS ()', 'bad 34'],
  ['STORE', store, ' () FLAGS ()', 'bad 2'],
  ['STORE', store, ' FLAGS', 'bad 6'],
  ['STORE', store, ' FLAGS ', 'bad 7'],
  ['STORE', store, ' FLAGS \\Recent', 'bad 14'],
  ['STORE', store, ' *FLAGS ()', 'bad 1'],
  ['STORE', store, ` FLAGS ${'a '.repeat(5000)}`, 'bad 8199'],
  ['SELECT', select, '', false],
  ['SELECT', select, ' ', false],
  ['SELECT', select, ' (CONDSTORE)', true],
  ['SELECT', select, ' (QRESYNC (1 2))', '1 2 - -'],
  ['SELECT', select, ' (qresync (1 0) condstore)', 'condstore 1 0 - -'],
  ['SELECT', select, ' (QRESYNC (1 2 41,43:211))', '1 2 41,43:211 -'],
  ['SELECT', select, ' (QRESYNC (1 2 1:9 (1:3,5 4:5,7:8)))', '1 2 1:9 1=4x2,3=7x1,5=8x1'],
  ['SELECT', select, ' (QRESYNC (1 2 (1:4294967295 1:4294967295)))', '1 2 - 1=1x4294967295'],
  ['SELECT', select, ' (QRESYNC (0 2))', 'bad 12'],
  ['SELECT', select, ' (QRESYNC (1))', 'bad 12'],
  ['SELECT', select, ' (QRESYNC (1 2 3:*))', 'bad 18'],
  ['SELECT', select, ' (QRESYNC (1 2 3 4))', 'bad 17'],
  ['SELECT', select, ' (QRESYNC (1 2 3 (1:* 1:*)))', 'bad 21'],
  ['SELECT', select, ' (QRESYNC (1 2 3 (1:2 1:3)))', 'bad 26'],
  ['SELECT', select, ' (QRESYNC (1 2 3 (2,1 1:2)))', 'bad 21'],
  ['SELECT', select, ' (QRESYNC (1 2 3 (2:1 1:2)))', 'bad 21'],
  ['SELECT', select, ' (QRESYNC (1 2) QRESYNC (1 2))', 'bad 23'],
  ['SELECT', select, ' (QRESYNC 1 2)', 'bad 10'],
  ['SELECT', select, ' ()', 'bad 2'],
  ['SELECT', select, ' x', 'bad 1'],
  ['CREATE', create, '', ''],
  ['CREATE', create, ' (USE (\\Drafts))', '\\Drafts'],
  ['CREATE', create, ' (USE (\\drafts \\SENT))', '\\Drafts,\\Sent'],
  ['CREATE', create, ' (USE (\\Important))', 'unknown'],
  ['CREATE', create, ' (USE ())', ''],
  ['CREATE', create, ' (USE (Drafts))', 'bad 7'],
  ['CREATE', create, ' (X (\\Drafts))', 'bad 2'],
  ['ID', id, ' NIL', {}],
  ['ID', id, ' ()', {}],
  ['ID', id, ' ("Name" "sodr" "version" NIL)', { name: 'sodr', version: undefined }],
  ['ID', id, ' ("name")', 'bad 8'],
  ['ID', id, ' (name "x")', 'bad 2'],
  ['ID', id, ' ("__proto__" "x")', JSON.parse('{"__proto__":"x"}')],
  ['ID', id, '', 'bad 0'],
  ['ID', id, many(31), 'bad 297'],
  ['ID', id, ` ("${'f'.repeat(31)}" "x")`, 'bad 35'],
  ['ID', id, ` ("f" "${'v'.repeat(1025)}")`, 'bad 1033'],
  ['ID', id, ` ("f" "${'v'.repeat(1024)}")`, { f: 'v'.repeat(1024) }],
]

describe('argument forms', () => {
  for (const [name, read, text, expected] of rows) {
    it(`reads ${name}${JSON.stringify(text.length > 60 ? `${text.slice(0, 50)}...` : text)}`, () => {
      assert.deepEqual(outcome(text, read), expected)
    })
  }

  it('refuses a huge ID from a stranger before it costs anything', () => {
    const framer = new Framer(limitsBeforeLogin)
    framer.push(Buffer.from(`a ID${many(5000)}\r\nb NOOP\r\n`))
    const event = framer.take()
    assert.equal(event?.kind === 'refused' && event.reason, 'line-too-long')
    assert.equal(framer.take()?.kind, 'command')
  })

  it('takes the largest ID that RFC 2971 allows from a stranger, if its line is not too long', () => {
    assert.notEqual(typeof outcome(many(30), id, { limits: limitsBeforeLogin }), 'string')
  })
})
