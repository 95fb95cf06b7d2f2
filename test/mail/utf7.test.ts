// Modified UTF-7: one right form, both ways.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeUtf7, encodeUtf7 } from '../../src/mail/utf7.ts'

const pairs: readonly (readonly [string, string])[] = [
  ['INBOX', 'INBOX'],
  ['', ''],
  ['R&D', 'R&-D'],
  ['&', '&-'],
  ['&&', '&-&-'],
  ['Entwürfe', 'Entw&APw-rfe'],
  ['~peter/mail/台北/日本語', '~peter/mail/&U,BTFw-/&ZeVnLIqe-'],
  ['é&', '&AOk-&-'],
  ['📫', '&2D3c6w-'],
  ['\ufeffx', '&,v8-x'],
  ['-', '-'],
  ['é-', '&AOk--'],
]

const refused: readonly (readonly [string, string])[] = [
  ['an open shift', '&AOk'],
  ['a bare ampersand', 'a&b'],
  ['an ampersand at the end', 'a&'],
  ['a shift for ASCII', '&AGE-'],
  ['a shift for an ampersand', '&ACY-'],
  ['two shifts side by side', '&AOk-&AOk-'],
  ['a slash in the shift', '&U/BTFw-'],
  ['padding in the shift', '&AOk=-'],
  ['stray bits', '&AOl-'],
  ['half a character', '&AO-'],
  ['half a surrogate pair', '&2D0-'],
  ['the wrong half of a pair', '&3Os-'],
  ['bytes beyond ASCII', 'Entw\xfcrfe'],
  ['control characters', 'a\tb'],
]

describe('modified UTF-7', () => {
  for (const [name, encoded] of pairs) {
    it(`writes ${name} as ${encoded} and reads it back`, () => {
      assert.equal(encodeUtf7(name), encoded)
      assert.equal(decodeUtf7(encoded), name)
    })
  }

  for (const [why, encoded] of refused) {
    it(`refuses ${why}`, () => {
      assert.equal(decodeUtf7(encoded), undefined)
    })
  }

  it('reads back any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((text) => !/\p{Cc}/u.test(text)),
        (text) => {
          assert.equal(decodeUtf7(encodeUtf7(text)), text)
        },
      ),
    )
  })

  it('accepts a form only if it writes the same one', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('&', '-', 'A', 'O', 'k', ',', '/', '=', '2', 'D'), maxLength: 12 }),
        (text) => {
          const name = decodeUtf7(text)
          if (name !== undefined) assert.equal(encodeUtf7(name), text)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
