// Base64: one right form, both ways.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeBase64, encodeBase64 } from '../../src/sasl/base64.ts'

const refused: readonly (readonly [string, string])[] = [
  ['a tab', 'AA\tA'],
  ['a space at the end', 'AAAA '],
  ['a line end', 'AAAA\r\n'],
  ['missing padding', 'AA'],
  ['half the padding', 'AA='],
  ['too much padding', 'AAAA===='],
  ['only padding', '===='],
  ['three times padding', 'A==='],
  ['padding inside', 'AA==AAAA'],
  ['stray bits before one =', 'AAB='],
  ['stray bits before two =', 'AB=='],
  ['the URL alphabet', 'AA-_'],
  ['bytes beyond ASCII', 'AAA\xc1'],
  ['NUL', 'AAA\0'],
]

describe('decodeBase64', () => {
  for (const [name, text] of refused) {
    it(`refuses ${name}`, () => {
      assert.equal(decodeBase64(Buffer.from(text, 'latin1')), undefined)
    })
  }

  it('reads the vectors of RFC 4648 §10', () => {
    const vectors = {
      '': '',
      f: 'Zg==',
      fo: 'Zm8=',
      foo: 'Zm9v',
      foob: 'Zm9vYg==',
      fooba: 'Zm9vYmE=',
      foobar: 'Zm9vYmFy',
    }
    for (const [plain, encoded] of Object.entries(vectors)) {
      assert.equal(decodeBase64(Buffer.from(encoded))?.toString(), plain)
      assert.equal(encodeBase64(Buffer.from(plain)), encoded)
    }
  })

  it('is the inverse of encodeBase64, and accepts nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        assert.deepEqual(decodeBase64(Buffer.from(encodeBase64(Buffer.from(bytes)))), Buffer.from(bytes))
      }),
    )
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('A', 'Q', 'z', '/', '+', '=', ' ', '-'), maxLength: 12 }),
        (text) => {
          const bytes = decodeBase64(Buffer.from(text))
          if (bytes) assert.equal(encodeBase64(bytes), text)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
