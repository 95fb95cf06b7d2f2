import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { previewCharacters, previewOf } from '../../src/mail/preview.ts'

describe('previewOf', () => {
  const rows: readonly (readonly [what: string, text: string, preview: string])[] = [
    ['white space is collapsed', '  Hello,\r\n\r\n\t world \u00a0 . ', 'Hello, world .'],
    ['quotations are left out', 'Yes.\r\n> Shall we?\r\n>> No?\r\nBye', 'Yes. Bye'],
    ['who is quoted is left out', 'On Monday, Bob wrote:\r\n\r\n> Shall we?\r\nYes.', 'Yes.'],
    ['who wrote without a quotation stays', 'What Bob wrote:\r\nnothing', 'What Bob wrote: nothing'],
    ['a signature is left out', 'Hello\r\n-- \r\nBob', 'Hello'],
    ['a quotation alone is shown', '> Shall we?', '> Shall we?'],
    ['nothing', ' \r\n\t', ''],
    ['invisible characters are left out', 'a\u200bb\u00adc\u0007d', 'abcd'],
  ]
  for (const [what, text, preview] of rows) {
    test(what, () => {
      assert.equal(previewOf(text), preview)
    })
  }

  test('is at most 200 characters, none of them cut in two', () => {
    assert.equal(previewOf('😀'.repeat(300)), '😀'.repeat(previewCharacters))
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const preview = previewOf(text)
        assert.ok(Array.from(preview).length <= previewCharacters)
        assert.ok(!/[\r\n\t]|^ | $| {2}/.test(preview))
      }),
      { numRuns: 1000 },
    )
  })
})
