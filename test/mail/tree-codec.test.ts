import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MalformedRecord } from '../../src/base/bytes.ts'
import { parseParts } from '../../src/mail/parse-parts.ts'
import type { PartNode } from '../../src/mail/part.ts'
import { decodeTree, encodeTree } from '../../src/mail/tree-codec.ts'
import { mail } from './messages.ts'

/** The node without what is not stored. */
function stored(part: PartNode): PartNode {
  const { headerStart, bodyStart, bodyEnd, bodyLines, type, subtype, encoding, charset, children } = part
  return {
    headerStart,
    bodyStart,
    bodyEnd,
    bodyLines,
    type,
    subtype,
    encoding,
    charset,
    children: children.map(stored),
  }
}

const mixed = mail(
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: x-odd/x-thing',
  'Content-Transfer-Encoding: x-uue',
  '',
  'body '.repeat(100),
  '--b',
  'Content-Type: text/plain; charset=koi8-r',
  '',
  '--b',
  'Content-Type: message/rfc822',
  '',
  'Subject: s',
  '',
  'text',
  '--b--',
)

test('a tree comes back as it was', () => {
  for (const message of [mixed, mail('', 'x'), Buffer.alloc(0)]) {
    const root = parseParts(message)
    assert.deepEqual(decodeTree(encodeTree(root)), stored(root))
  }
})

test('a plain message takes a handful of octets', () => {
  assert.ok(encodeTree(parseParts(mail('Subject: s', '', 'x'.repeat(5000)))).length <= 12)
})

test('the octets of version 1 do not change', () => {
  const parts = [
    '01', // version
    '040101' + '00' + '2d' + 'ad05' + '0f' + '03', // multipart/mixed: header 45, body 685, 15 lines, 3 children
    '000d' + '782d6f64642f782d7468696e67' + '0005' + '782d757565' + '01' + '05' + '41' + 'f403' + '00' + '00',
    '0101' + '0006' + '6b6f69382d72' + '07' + '2c' + '00' + '00' + '00',
    '0a0101' + '05' + '20' + '12' + '02' + '01',
    '010101' + '00' + '0e' + '04' + '00' + '00',
  ]
  assert.equal(encodeTree(parseParts(mixed)).toString('hex'), parts.join(''))
})

describe('decodeTree refuses', () => {
  const good = encodeTree(parseParts(mail('A: b', '', 'c'))) // 01 01 01 01 00 08 03 01 00
  const rows: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['another version', '02' + good.subarray(1).toString('hex')],
    ['octets behind the end', good.toString('hex') + '00'],
    ['an unknown type', '01ff0101000803' + '0100'],
    ['an unknown encoding', '0101ff01000803' + '0100'],
    ['a type without a slash', '010003616263' + '0101000803' + '0100'],
    ['a type spelled out that is in the table', '01000a746578742f706c61696e' + '0101000803' + '0100'],
    ['a count that is not in its shortest form', '01010101' + '80000803' + '0100'],
    ['a count that is too large', '01010101' + 'ffffffffffffffff7f' + '0803' + '0100'],
    ['more lines than octets', '01010101000803' + '0400'],
    ['children that are not there', '01010101000803' + '0101'],
    ['a child beyond the body', '01040101000803' + '0001' + '010101000004' + '0000'],
  ]
  for (const [name, hex] of rows) {
    test(name, () => {
      assert.throws(() => decodeTree(Buffer.from(hex, 'hex')), MalformedRecord)
    })
  }

  test('every shortened record', () => {
    const record = encodeTree(parseParts(mixed))
    for (let length = 0; length < record.length; length++) {
      assert.throws(() => decodeTree(record.subarray(0, length)), MalformedRecord)
    }
  })

  test('trees deeper than any message has', () => {
    const level = '0a01010000' + 'c801' + '00' + '01'
    assert.throws(() => decodeTree(Buffer.from('01' + level.repeat(5000), 'hex')), MalformedRecord)
  })
})

test('what is decoded from any octets is encoded to the same octets', () => {
  const octets = fc.array(fc.oneof(fc.nat(5), fc.nat(255)), { maxLength: 40 })
  fc.assert(
    fc.property(octets, (record) => {
      const bytes = Buffer.from([1, ...record])
      let tree: PartNode
      try {
        tree = decodeTree(bytes)
      } catch (error) {
        assert.ok(error instanceof MalformedRecord)
        return
      }
      assert.deepEqual(encodeTree(tree), bytes)
    }),
    { numRuns: 3000 },
  )
})
