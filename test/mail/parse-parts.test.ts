import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpenBoundaries } from '../../src/mail/boundary.ts'
import { parseParts } from '../../src/mail/parse-parts.ts'
import { allParts, bodyText, leaves, mail, shape, shapeOf } from './messages.ts'

const outer = ['Content-Type: multipart/mixed; boundary=out', '']

test('a part ends before the line end that belongs to the delimiter', () => {
  const message = mail(...outer, '--out', '', 'one', '', '--out', '', 'two', '--out--')
  const bodies = leaves(parseParts(message)).map((part) => [bodyText(message, part), part.bodyLines])
  assert.deepEqual(bodies, [
    ['one\r\n', 1],
    ['two', 0],
  ])
})

test('a multipart reaches over its preamble, delimiters and epilogue', () => {
  const message = mail(...outer, 'pre', '--out', '', 'one', '--out--', 'epilogue')
  const root = parseParts(message)
  assert.equal(bodyText(message, root), 'pre\r\n--out\r\n\r\none\r\n--out--\r\nepilogue\r\n')
  assert.equal(root.bodyLines, 6)
})

test('the epilogue of an inner multipart ends at the delimiter of the outer one', () => {
  const inner = ['Content-Type: multipart/mixed; boundary=in', '', '--in', '', 'x', '--in--', 'epilogue']
  const message = mail(...outer, '--out', ...inner, '--out', '', 'y', '--out--')
  const [first] = parseParts(message).children
  assert.ok(first)
  assert.equal(bodyText(message, first), '--in\r\n\r\nx\r\n--in--\r\nepilogue')
})

test('a delimiter of the inner multipart behind its close is text', () => {
  const inner = [
    'Content-Type: multipart/mixed; boundary=in',
    '',
    '--in',
    '',
    'x',
    '--in--',
    '--in',
    '',
    'not a part',
  ]
  const message = mail(...outer, '--out', ...inner, '--out', '', 'y', '--out--')
  assert.equal(shapeOf(message), 'multipart/mixed[multipart/mixed[text/plain] text/plain]')
})

test('blanks behind a delimiter and longer lines that begin with it count', () => {
  const message = mail(...outer, '--out  ', '', 'one', '--outer', '', 'two', '--out--junk')
  assert.equal(shapeOf(message), 'multipart/mixed[text/plain text/plain]')
})

test('a delimiter must stand at the beginning of its line', () => {
  const message = mail(...outer, '--out', '', ' --out', 'x--out', '--ou', '--OUT', '--out--')
  const [part] = leaves(parseParts(message))
  assert.ok(part)
  assert.equal(bodyText(message, part), ' --out\r\nx--out\r\n--ou\r\n--OUT')
})

test('a lone CR does not begin a line', () => {
  const message = Buffer.from(
    'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r--x\r\n--x--\r\n',
  )
  const [part] = leaves(parseParts(message))
  assert.ok(part)
  assert.equal(bodyText(message, part), 'a\r--x')
})

test('lone LFs are line ends too, one octet of them before a delimiter', () => {
  const message = Buffer.from('Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n\n--x--\n')
  const [part] = leaves(parseParts(message))
  assert.ok(part)
  assert.equal(bodyText(message, part), 'a\n')
})

test('types, encodings and charsets are in lower case, with their defaults', () => {
  const message = mail(
    ...outer,
    '--out',
    'Content-Type: TEXT/HTML; CHARSET=UTF-8',
    'Content-Transfer-Encoding: Quoted-Printable',
    '',
    '--out',
    '',
    '--out--',
  )
  const [first, second] = leaves(parseParts(message))
  assert.deepEqual(
    [first?.type, first?.subtype, first?.encoding, first?.charset],
    ['text', 'html', 'quoted-printable', 'utf-8'],
  )
  assert.deepEqual(
    [second?.type, second?.subtype, second?.encoding, second?.charset],
    ['text', 'plain', '7bit', undefined],
  )
})

test('a delimiter that ends the header of an embedded message’s part leaves both empty before its line end', () => {
  const message = mail('Content-Type: multipart/digest; boundary=out', '', '--out', 'X: y', '--out--')
  const [part] = parseParts(message).children
  assert.ok(part)
  assert.equal(shape(part), 'message/rfc822[text/plain]')
  assert.equal(message.toString('latin1', part.headerStart, part.bodyStart), 'X: y')
  assert.equal(bodyText(message, part), '')
  assert.deepEqual(
    allParts(part).map(({ bodyStart, bodyEnd, bodyLines }) => [bodyEnd - bodyStart, bodyLines]),
    [
      [0, 0],
      [0, 0],
    ],
  )
})

test('an embedded message that is cut off by a delimiter still has a tree', () => {
  const message = mail(
    ...outer,
    '--out',
    'Content-Type: message/rfc822',
    '--out',
    'Content-Type: message/rfc822',
    '',
    '--out--',
  )
  assert.equal(shapeOf(message), 'multipart/mixed[message/rfc822[text/plain] message/rfc822[text/plain]]')
})

test('parts below the deepest level are opaque', () => {
  const lines = Array.from({ length: 150 }, (_, level) => [
    `Content-Type: multipart/mixed; boundary=b${level + 100}`,
    '',
    `--b${level + 100}`,
  ])
  const root = parseParts(mail(...lines.flat(), '', 'core'))
  const parts = allParts(root)
  assert.equal(parts.length, 101)
  assert.equal(shape(parts.at(-1) ?? root), 'application/octet-stream')
})

test('embedded messages below the deepest level are opaque', () => {
  const root = parseParts(Buffer.from('Content-Type: message/rfc822\r\n\r\n'.repeat(100_000)))
  const parts = allParts(root)
  assert.equal(parts.length, 101)
  assert.equal(shape(parts.at(-1) ?? root), 'application/octet-stream')
})

test('parts beyond the greatest number are text of the last one', () => {
  const root = parseParts(
    mail(...outer, ...Array.from({ length: 20_000 }, () => ['--out', '', 'x']).flat(), '--out--'),
  )
  assert.equal(root.children.length, 9_999)
  assert.equal(root.children.at(-1)?.bodyEnd, root.bodyEnd)
})

test('boundaries are found by their beginning, the longest first, then the innermost', () => {
  const open = new OpenBoundaries()
  const match = (line: string): unknown => open.match(Buffer.from(line), 0)
  assert.equal(match('--'), undefined)
  open.open(0, 'ab')
  open.open(1, 'abcd')
  open.open(2, 'ab')
  assert.deepEqual(match('--abc'), { depth: 2, isClosing: false })
  assert.deepEqual(match('--abcd--'), { depth: 1, isClosing: true })
  assert.deepEqual(match('--ab--\r\n'), { depth: 2, isClosing: true })
  assert.equal(match('--a\r\nb'), undefined)
  open.close(1)
  assert.deepEqual(match('--abcd'), { depth: 0, isClosing: false })
  open.close(0)
  assert.equal(match('--ab'), undefined)
  assert.equal(open.isEmpty, true)
})
