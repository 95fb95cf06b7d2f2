import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fieldValue, headerFields } from '../../src/mail/header.ts'

function fieldsOf(text: string): string[][] {
  const bytes = Buffer.from(text, 'latin1')
  return headerFields(bytes).map((field) => [field.name, fieldValue(bytes, field)])
}

describe('headerFields', () => {
  const rows: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
    [
      'splits at line ends',
      'A: 1\r\nB:2\r\n\r\nbody: x\r\n',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'keeps a folded line with its field',
      'A: 1\r\n 2\r\n\t3\r\nB: 4\r\n',
      [
        ['a', '1 2\t3'],
        ['b', '4'],
      ],
    ],
    [
      'takes a line of blanks for a folded line, not for the end',
      'A: 1\r\n \r\nB: 2\r\n',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['tolerates blanks before the colon', 'Subject \t: x\r\n', [['subject', 'x']]],
    [
      'gives a line without a colon no name',
      'From x\r\nA: 1\r\n',
      [
        ['', 'From x'],
        ['a', '1'],
      ],
    ],
    [
      'takes a folded line that comes first for a line without a name',
      ' x\r\nA: 1\r\n',
      [
        ['', 'x'],
        ['a', '1'],
      ],
    ],
    [
      'reads a last line without an end',
      'A: 1\r\nB: 2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'reads lone LFs',
      'A: 1\n 2\nB: 3\n\nbody',
      [
        ['a', '1 2'],
        ['b', '3'],
      ],
    ],
    ['keeps colons in the value', 'A: b:c\r\n', [['a', 'b:c']]],
    ['keeps eight-bit octets', 'A: \u00e4\u00a0\r\n', [['a', '\u00e4\u00a0']]],
    [
      'finds an empty value',
      'A:\r\nB:  \r\n',
      [
        ['a', ''],
        ['b', ''],
      ],
    ],
    ['finds nothing in nothing', '', []],
    ['finds nothing before a blank line', '\r\nA: 1\r\n', []],
  ]
  for (const [name, text, expected] of rows) {
    test(name, () => {
      assert.deepEqual(fieldsOf(text), expected)
    })
  }

  test('covers the block without gaps', () => {
    const bytes = Buffer.from('From x\r\nA: 1\r\n 2\r\n:\r\nB')
    let at = 0
    for (const field of headerFields(bytes)) {
      assert.equal(field.start, at)
      at = field.end
    }
    assert.equal(at, bytes.length)
  })
})
