// Sequence sets: reading, membership, and printing as short as can be.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatNumbers, SequenceSet } from '../../../src/imap/wire/sequence-set.ts'

function parsed(text: string): SequenceSet {
  return SequenceSet.parse(text) ?? assert.fail(`no set: ${text}`)
}

/** Text, numbers in use, members. RFC 3501 §9 gives the examples with `*`. */
const members: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ['1', [1, 2, 3], [1]],
  ['2,4:7,9,12:*', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [2, 4, 5, 6, 7, 9, 12, 13, 14, 15]],
  ['*:4,5:7', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [4, 5, 6, 7, 8, 9, 10]],
  ['3:1', [1, 2, 3, 4], [1, 2, 3]],
  ['*', [5, 9, 12], [12]],
  ['*:*', [5, 9, 12], [12]],
  ['100:*', [5, 9, 12], [12]],
  ['*:100', [5, 9, 12], [12]],
  ['1:*', [], []],
  ['*', [], []],
  ['1:4294967295', [7, 4294967295], [7, 4294967295]],
  ['5,5,5:6,1:6', [1, 4, 5, 6], [1, 4, 5, 6]],
  ['7:8', [1, 9], []],
]

const malformed = [
  '',
  '0',
  '1,',
  ',1',
  '1:',
  ':1',
  '1:2:3',
  '01',
  '-1',
  '1 2',
  '4294967296',
  '1:4294967296',
  '99999999999',
  '**',
  '1:*,',
  '$',
  'a',
  '1\n',
]

describe('SequenceSet', () => {
  for (const [text, inUse, expected] of members) {
    it(`finds ${text} among ${inUse.join() || 'nothing'}`, () => {
      const set = parsed(text)
      assert.deepEqual(set.select(inUse), expected)
      const largest = inUse.at(-1) ?? 0
      assert.deepEqual(
        inUse.filter((value) => set.contains(value, largest)),
        expected,
      )
      assert.equal(set.toString(), text === '*:*' ? '*' : text)
    })
  }

  for (const text of malformed) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(SequenceSet.parse(text), undefined)
    })
  }

  it('cannot be made of nothing or of numbers out of range', () => {
    for (const ranges of [[], [{ from: 0, to: 1 }], [{ from: 1, to: 2 ** 32 }], [{ from: 1.5, to: 2 }]]) {
      assert.throws(() => new SequenceSet(ranges), RangeError)
    }
  })

  it('says whether it depends on the largest number', () => {
    assert.equal(parsed('1,2:3').usesLargest, false)
    assert.equal(parsed('1,2:*').usesLargest, true)
  })

  it('gives index ranges that never overlap', () => {
    assert.deepEqual(parsed('2:4,3:9,1').selectIndexes([1, 2, 4, 8, 16]), [[0, 4]])
    assert.deepEqual(parsed('1,16').selectIndexes([1, 2, 4, 8, 16]), [
      [0, 1],
      [4, 5],
    ])
  })

  it('agrees with a naive reading', () => {
    const end = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant('*'))
    const range = fc.oneof(
      end.map(String),
      fc.tuple(end, end).map(([from, to]) => `${from}:${to}`),
    )
    fc.assert(
      fc.property(
        fc.array(range, { minLength: 1, maxLength: 8 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 30 })).map((numbers) => numbers.sort((a, b) => a - b)),
        (ranges, inUse) => {
          const largest = inUse.at(-1) ?? 0
          const naive = inUse.filter((value) =>
            ranges.some((text) => {
              const ends = text.split(':').map((word) => (word === '*' ? largest : Number(word)))
              return Math.min(...ends) <= value && value <= Math.max(...ends)
            }),
          )
          const set = parsed(ranges.join())
          assert.deepEqual(set.select(inUse), naive)
          assert.equal(parsed(set.toString()).toString(), set.toString())
        },
      ),
    )
  })
})

describe('formatNumbers', () => {
  const rows: readonly (readonly [readonly number[], string])[] = [
    [[], ''],
    [[4], '4'],
    [[1, 2, 3], '1:3'],
    [[1, 2, 4, 5, 7], '1:2,4:5,7'],
    // The order is kept, because COPYUID pairs two sets by it.
    [[5, 6, 1, 2, 2], '5:6,1:2,2'],
    [[3, 2, 1], '3,2,1'],
  ]
  for (const [numbers, text] of rows) {
    it(`prints ${numbers.join() || 'nothing'} as ${text || 'nothing'}`, () => {
      assert.equal(formatNumbers(numbers), text)
    })
  }

  it('is read back as the same numbers', () => {
    const ascending = fc
      .uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 100 })
      .map((numbers) => numbers.sort((a, b) => a - b))
    fc.assert(
      fc.property(ascending, (numbers) => {
        const everything = Array.from({ length: 200 }, (_, index) => index + 1)
        assert.deepEqual(parsed(formatNumbers(numbers)).select(everything), numbers)
      }),
    )
  })
})
