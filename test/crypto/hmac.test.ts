import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hmac } from '../../src/crypto/hmac.ts'
import { labels } from '../../src/crypto/labels.ts'
import { derive, extract, mac, padme, split } from '../../src/crypto/primitives.ts'

describe('hmac', () => {
  for (const [variant, block] of [
    ['sha256', 64],
    ['sha512', 128],
  ] as const) {
    it(`agrees with node's HMAC (${variant})`, () => {
      const part = fc.uint8Array({ maxLength: 1500 })
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: block }), fc.array(part, { maxLength: 4 }), (key, parts) => {
          const expected = createHmac(variant, key).update(Buffer.concat(parts)).digest()
          assert.deepEqual(hmac(variant, key, parts), expected)
        }),
      )
    })

    it(`takes messages longer than its scratch memory (${variant})`, () => {
      const key = randomBytes(32)
      const long = randomBytes(100_000)
      assert.deepEqual(hmac(variant, key, [long]), createHmac(variant, key).update(long).digest())
    })

    it(`refuses keys longer than a block (${variant})`, () => {
      assert.throws(() => hmac(variant, Buffer.alloc(block + 1), []), RangeError)
    })
  }
})

describe('key derivation', () => {
  it('extracts as RFC 5869, test case 1', () => {
    const prk = extract(Buffer.from('000102030405060708090a0b0c', 'hex'), Buffer.alloc(22, 0x0b))
    assert.equal(prk.toString('hex'), '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5')
  })

  it('extracts with an empty salt as RFC 5869, test case 3', () => {
    const prk = extract(Buffer.alloc(0), Buffer.alloc(22, 0x0b))
    assert.equal(prk.toString('hex'), '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04')
  })

  it('derives one block of HKDF-Expand over the label and the context', () => {
    const key = randomBytes(32)
    const info = Buffer.concat([
      Buffer.from([20]),
      Buffer.from('letterlock/1 mailbox'),
      Buffer.from('context'),
    ])
    const expected = createHmac('sha256', key)
      .update(info)
      .update(Buffer.from([1]))
      .digest()
    assert.deepEqual(derive(key, labels.mailbox, Buffer.from('context')), expected)
  })

  it('separates by label', () => {
    const key = randomBytes(32)
    const outputs = Object.values(labels).flatMap((label) => [
      derive(key, label).toString('hex'),
      mac(key, label).toString('hex'),
      split(key, label).toString('hex').slice(0, 64),
    ])
    assert.equal(new Set(outputs).size, outputs.length)
  })

  for (const length of [0, 16, 31, 33, 64]) {
    it(`refuses a key of ${length} bytes`, () => {
      const key = Buffer.alloc(length)
      assert.throws(() => derive(key, labels.log), RangeError)
      assert.throws(() => mac(key, labels.log), RangeError)
      assert.throws(() => split(key, labels.log), RangeError)
    })
  }
})

describe('padme', () => {
  // Each row counted by hand: floor(log2 n), the bits that must be zero, the next multiple.
  const rows: readonly (readonly [number, number])[] = [
    [0, 0],
    [1, 1],
    [2, 2],
    [9, 10],
    [63, 64],
    [64, 64],
    [65, 72],
    [1000, 1024],
    [1025, 1088],
    [65_536, 65_536],
    [65_537, 67_584],
    [1_000_000, 1_015_808],
    [2 ** 32 - 1, 2 ** 32],
    [2 ** 32 + 1, 2 ** 32 + 2 ** 26],
    [2 ** 40 + 8, 2 ** 40 + 2 ** 34],
  ]
  for (const [length, padded] of rows) {
    it(`pads ${length} to ${padded}`, () => assert.equal(padme(length), padded))
  }

  it('never shortens, adds at most 12 %, and leaves a padded length alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2 ** 41 }), (length) => {
        const padded = padme(length)
        assert.ok(padded >= length && padded <= length * 1.12)
        assert.equal(padme(padded), padded)
      }),
    )
  })
})
