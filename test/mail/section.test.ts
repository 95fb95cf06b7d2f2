import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseParts } from '../../src/mail/parse-parts.ts'
import { headerFields } from '../../src/mail/header.ts'
import {
  filterHeader,
  filterLongHeader,
  type Section,
  sectionBytes,
  sectionRange,
} from '../../src/mail/section.ts'
import { decodeTree, encodeTree } from '../../src/mail/tree-codec.ts'
import { mail } from './messages.ts'

/** `1.2.HEADER.FIELDS (To Cc)` as a Section. */
function section(text: string): Section {
  const match = /^((?:\d+\.?)*)([A-Z.]*)(?: \((.*)\))?$/.exec(text)
  const path = (match?.[1] ?? '').split('.').filter((number) => number !== '')
  const kind = match?.[2] ?? ''
  return {
    path: path.map(Number),
    ...(kind === '' ? {} : { text: kind as Exclude<Section['text'], undefined> }),
    ...(match?.[3] === undefined ? {} : { fields: match[3].split(' ') }),
  }
}

const plain = mail('From: a@b', 'Subject: s', '', 'text', 'more')
const mixed = mail(
  'Subject: outer',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  'preamble',
  '--b',
  'X-Part: one',
  '',
  'first',
  '--b',
  'Content-Type: message/rfc822',
  '',
  'Subject: inner',
  'To: x',
  ' y',
  'Content-Type: multipart/alternative; boundary=c',
  '',
  '--c',
  'X-Part: two.one',
  '',
  'alpha',
  '--c',
  'Content-Type: message/rfc822',
  '',
  'Subject: innermost',
  '',
  'omega',
  '--c--',
  '--b',
  'Content-Type: multipart/mixed; boundary=d',
  '',
  '--d',
  '',
  'delta',
  '--d--',
  '--b--',
)
const inner =
  'Subject: inner\r\nTo: x\r\n y\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n' +
  '--c\r\nX-Part: two.one\r\n\r\nalpha\r\n--c\r\nContent-Type: message/rfc822\r\n\r\nSubject: innermost\r\n\r\nomega\r\n--c--'
const bare = mail('Content-Type: message/rfc822', '', 'Subject: in', '', 'text')

const rows: readonly (readonly [Buffer, string, string | undefined])[] = [
  [plain, '', plain.toString()],
  [plain, 'HEADER', 'From: a@b\r\nSubject: s\r\n\r\n'],
  [plain, 'TEXT', 'text\r\nmore\r\n'],
  [plain, 'HEADER.FIELDS (subject)', 'Subject: s\r\n\r\n'],
  [plain, 'HEADER.FIELDS.NOT (SUBJECT)', 'From: a@b\r\n\r\n'],
  [plain, 'HEADER.FIELDS (X)', '\r\n'],
  [plain, 'MIME', undefined],
  [plain, '1', 'text\r\nmore\r\n'],
  [plain, '1.MIME', 'From: a@b\r\nSubject: s\r\n\r\n'],
  [plain, '1.HEADER', undefined],
  [plain, '1.TEXT', undefined],
  [plain, '2', undefined],
  [plain, '0', undefined],
  [plain, '1.1', undefined],
  [mixed, 'HEADER.FIELDS (Subject)', 'Subject: outer\r\n\r\n'],
  [mixed, '1', 'first'],
  [mixed, '1.MIME', 'X-Part: one\r\n\r\n'],
  [mixed, '1.1', undefined],
  [mixed, '1.HEADER', undefined],
  [mixed, '2', inner],
  [mixed, '2.MIME', 'Content-Type: message/rfc822\r\n\r\n'],
  [mixed, '2.HEADER', inner.slice(0, inner.indexOf('--c'))],
  [mixed, '2.TEXT', inner.slice(inner.indexOf('--c'))],
  [mixed, '2.HEADER.FIELDS (TO)', 'To: x\r\n y\r\n\r\n'],
  [mixed, '2.HEADER.FIELDS.NOT (TO Content-Type)', 'Subject: inner\r\n\r\n'],
  [mixed, '2.1', 'alpha'],
  [mixed, '2.1.MIME', 'X-Part: two.one\r\n\r\n'],
  [mixed, '2.2', 'Subject: innermost\r\n\r\nomega'],
  [mixed, '2.2.HEADER', 'Subject: innermost\r\n\r\n'],
  [mixed, '2.2.TEXT', 'omega'],
  [mixed, '2.2.1', 'omega'],
  [mixed, '2.2.1.MIME', 'Subject: innermost\r\n\r\n'],
  [mixed, '2.2.1.1', undefined],
  [mixed, '2.2.2', undefined],
  [mixed, '2.3', undefined],
  [mixed, '3', '--d\r\n\r\ndelta\r\n--d--'],
  [mixed, '3.1', 'delta'],
  [mixed, '3.HEADER', undefined],
  [mixed, '3.TEXT', undefined],
  [mixed, '4', undefined],
  [mixed, '3.1.1.1.1.1.1', undefined],
  [bare, '1', 'Subject: in\r\n\r\ntext\r\n'],
  [bare, '1.MIME', 'Content-Type: message/rfc822\r\n\r\n'],
  [bare, '1.HEADER', 'Subject: in\r\n\r\n'],
  [bare, '1.TEXT', 'text\r\n'],
  [bare, '1.1', 'text\r\n'],
  [bare, '1.1.1', undefined],
  [bare, 'TEXT', 'Subject: in\r\n\r\ntext\r\n'],
]

describe('BODY[section]', () => {
  for (const [message, text, expected] of rows) {
    const of =
      message === plain ? 'a plain message' : message === mixed ? 'a multipart' : 'a forwarded message'
    test(`[${text}] of ${of}`, () => {
      const root = parseParts(message)
      assert.equal(sectionBytes(message, root, section(text))?.toString(), expected)
      const stored = decodeTree(encodeTree(root))
      assert.deepEqual(sectionRange(stored, section(text)), sectionRange(root, section(text)))
    })
  }

  test('a header without a blank line is given without one', () => {
    const message = mail('A: 1', 'B: 2')
    const root = parseParts(message)
    assert.equal(sectionBytes(message, root, section('HEADER'))?.toString(), 'A: 1\r\nB: 2\r\n')
    assert.equal(sectionBytes(message, root, section('HEADER.FIELDS (b)'))?.toString(), 'B: 2\r\n')
    assert.equal(sectionBytes(message, root, section('TEXT'))?.toString(), '')
  })

  test('the empty part that stands for no part can be fetched', () => {
    const message = mail('Content-Type: multipart/mixed', '', 'text')
    assert.equal(sectionBytes(message, parseParts(message), section('1'))?.toString(), '')
  })
})

describe('filterHeader', () => {
  const block = Buffer.from('From x\r\nA: 1\r\nb: 2\r\n fold\r\nA: 3\r\nC : 4\r\n\r\n')
  const cases: readonly (readonly [readonly string[], boolean, string])[] = [
    [['a'], false, 'A: 1\r\nA: 3\r\n\r\n'],
    [['A', 'B'], false, 'A: 1\r\nb: 2\r\n fold\r\nA: 3\r\n\r\n'],
    [['c'], false, 'C : 4\r\n\r\n'],
    [['a', 'b'], true, 'From x\r\nC : 4\r\n\r\n'],
    [[], false, '\r\n'],
    [[], true, block.toString()],
  ]
  for (const [names, isNot, expected] of cases) {
    test(`${isNot ? 'without' : 'only'} ${names.join(' ') || 'none'}`, () => {
      assert.equal(filterHeader(block, names, isNot).toString(), expected)
      // So many names that they are looked up.
      const many = [...names, ...Array.from({ length: 50 }, (_, index) => `X-${index}`)]
      assert.equal(filterHeader(block, many, isNot).toString(), expected)
    })
  }

  test('looks at each of thousands of names once, not once for each field', () => {
    let looked = 0
    const names = new Proxy(
      Array.from({ length: 3000 }, (_, index) => `x${index}`),
      {
        get(target, key): unknown {
          looked += 1
          return Reflect.get(target, key)
        },
      },
    )
    const fields = Buffer.from('ab: c\r\n'.repeat(50_000))
    assert.equal(filterHeader(fields, names, false).length, 0)
    assert.ok(looked < 100_000, `${looked} looks`)
  })

  test('splits a block into what is chosen and what is not', () => {
    const chosen = filterHeader(block, ['a'], false).length
    const others = filterHeader(block, ['a'], true).length
    assert.equal(chosen + others, block.length + 2)
  })

  test('gives the same of a long block, and lets others have their turn meanwhile', async () => {
    const lines = [
      'To: a\r\n',
      'x: y\r\n',
      'Subject: s\n',
      '\tfolded\r\n',
      'no colon\r\n',
      `Z: ${'z'.repeat(300)}\r\n`,
    ]
    for (const end of ['\r\nbody', '', '\n']) {
      const long = Buffer.from(`A: 1\r\n${lines.join('').repeat(9000)}${end}`)
      for (const [names, isNot] of [
        [['to', 'subject'], false],
        [['to', 'z'], true],
        [['nothing'], false],
      ] as const) {
        let turns = 0
        let isDone = false
        const count = (): void => {
          turns += 1
          if (!isDone) setImmediate(count)
        }
        setImmediate(count)
        const chosen = await filterLongHeader(long, names, isNot)
        isDone = true
        assert.ok(turns > long.length / 1_000_000, `${turns} turns`)
        const expected = headerFields(long)
          .filter(({ name }) => (names as readonly string[]).includes(name) !== isNot)
          .map((field) => long.subarray(field.start, field.end))
        const blank = long.subarray(headerFields(long).at(-1)?.end)
        assert.ok(chosen.equals(Buffer.concat([...expected, blank])))
        assert.ok(filterHeader(long, names, isNot).equals(chosen))
      }
    }
  })
})
