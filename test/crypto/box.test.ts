import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import sodium from 'libsodium-wrappers'
import { boxEpoch, boxKinds, boxLength, maxBoxDataBytes, openBox, sealBox } from '../../src/crypto/box.ts'
import { Corrupt, UnsupportedVersion } from '../../src/crypto/errors.ts'
import { xchachaOpen, xchachaSeal } from '../../src/crypto/sodium.ts'

const key = randomBytes(32)
const place = Buffer.from('a place')
const kind = boxKinds.logEntry
const sizes = [0, 1, 59, 60, 61, 63, 64, 65, 1003, 1004, 1019, 1020, 1021, 1023, 1024, 16_384, 65_531, 65_532]

describe('a box', () => {
  for (const size of sizes) {
    it(`gives back ${size} bytes`, () => {
      const data = randomBytes(size)
      const box = sealBox(key, kind, 3, place, data)
      assert.equal(box.length, boxLength(size))
      assert.equal(boxEpoch(box), 3)
      assert.deepEqual(openBox(key, kind, place, box), data)
    })
  }

  it('gives back any bytes under any place and epoch', () => {
    const bytes = fc.uint8Array({ maxLength: 3000 })
    const epochs = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    fc.assert(
      fc.property(bytes, fc.uint8Array({ maxLength: 200 }), epochs, (data, anyPlace, epoch) => {
        const box = sealBox(key, kind, epoch, anyPlace, data)
        assert.deepEqual(openBox(key, kind, anyPlace, box), Buffer.from(data))
        assert.equal(boxEpoch(box), epoch)
      }),
    )
  })

  it('never opens with any bit changed', () => {
    const data = fc.integer({ min: 0, max: 2500 }).map((size) => randomBytes(size))
    fc.assert(
      fc.property(data, fc.nat(), fc.integer({ min: 0, max: 7 }), (bytes, position, bit) => {
        const box = sealBox(key, kind, 1, place, bytes)
        const at = position % box.length
        box.writeUInt8(box.readUInt8(at) ^ (1 << bit), at)
        assert.throws(
          () => openBox(key, kind, place, box),
          (error) => error instanceof Corrupt || error instanceof UnsupportedVersion,
        )
      }),
      { numRuns: 500 },
    )
  })

  it('never opens cut at any length', () => {
    const box = sealBox(key, kind, 1, place, randomBytes(100))
    for (let length = 0; length < box.length; length++) {
      assert.throws(() => openBox(key, kind, place, box.subarray(0, length)), Corrupt)
    }
  })

  it('never opens at another place', () => {
    const box = sealBox(key, kind, 1, place, randomBytes(100))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (other) => {
        fc.pre(!place.equals(other))
        assert.throws(() => openBox(key, kind, other, box), Corrupt)
      }),
    )
  })

  it('is another one each time', () => {
    const boxes = Array.from({ length: 50 }, () => sealBox(key, kind, 1, place, Buffer.from('same')))
    assert.equal(new Set(boxes.map((box) => box.subarray(7, 31).toString('hex'))).size, 50)
  })

  it('refuses more than it may hold', () => {
    assert.equal(boxLength(maxBoxDataBytes), 63 + 65_536 + 16)
    assert.throws(() => sealBox(key, kind, 1, place, Buffer.alloc(maxBoxDataBytes + 1)), RangeError)
  })

  it('shows a length that says little of its content', () => {
    const lengths = Array.from({ length: 61 }, (_, size) => boxLength(size))
    assert.deepEqual(new Set(lengths), new Set([63 + 64 + 16]))
  })

  it('gives bytes of its own, so that they may be wiped', () => {
    const box = sealBox(key, kind, 1, place, Buffer.from('content'))
    openBox(key, kind, place, box).fill(0)
    assert.equal(openBox(key, kind, place, box).toString(), 'content')
  })
})

describe('XChaCha20-Poly1305', () => {
  const nonce = randomBytes(24)

  it('is that of libsodium', () => {
    for (const size of [0, 1, 100, 1000, 60_000]) {
      const data = randomBytes(size)
      const total = size + 4 + 7
      const sealed = Buffer.alloc(total + 16)
      xchachaSeal(key, nonce, [Buffer.from('aa'), Buffer.from('bb')], data, total, sealed, 0)
      const plaintext = Buffer.concat([Buffer.alloc(4), data, Buffer.alloc(7)])
      plaintext.writeUInt32BE(size)
      const expected = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, 'aabb', null, nonce, key)
      assert.deepEqual(sealed, Buffer.from(expected))
      assert.deepEqual(xchachaOpen(key, nonce, [Buffer.from('a'), Buffer.from('abb')], sealed), plaintext)
    }
  })

  it('leaves neither keys nor opened text in its memory', () => {
    const marked = Buffer.from('canary: a subject that nobody may read')
    const heap = Buffer.from(
      (sodium as unknown as { libsodium: { HEAPU8: Uint8Array } }).libsodium.HEAPU8.buffer,
    )
    const markedKey = Buffer.from('canary: a key that nobody reads!')
    const sealed = Buffer.alloc(200)
    xchachaSeal(markedKey, nonce, [place, place], marked, 100, sealed, 0)
    assert.ok(xchachaOpen(markedKey, nonce, [place, place], sealed.subarray(0, 116))?.includes(marked))
    assert.equal(heap.indexOf('canary'), -1)
    assert.ok(heap.includes(place), 'the memory searched is the one used')
  })
})
