import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { collect } from '../../src/base/async.ts'
import { openBody, sealBody, sealBodyNow, sealedBodyLength, type SealedBody } from '../../src/crypto/body.ts'
import { Corrupt, UnsupportedVersion } from '../../src/crypto/errors.ts'

const messageKey = randomBytes(32)
const account = randomBytes(16)
const blob = randomBytes(16)
const mebibyte = 1024 * 1024
const sizes = [
  ...[0, 1, 55, 56, 57, 63, 64, 65, 4096],
  ...[65_519, 65_520, 65_527, 65_528, 65_529, 65_535, 65_536, 65_537, 65_552],
  ...[131_071, 131_072, 131_073, mebibyte - 1, mebibyte, mebibyte + 1],
]

function bodyOf(sealed: Buffer, sizeBytes: number, reads: [number, number][] = []): SealedBody {
  const read = async (start: number, end: number): Promise<Buffer> => {
    reads.push([start, end])
    return sealed.subarray(start, end)
  }
  return { messageKey, account, blob, sizeBytes, blobLength: sealed.length, read }
}

/** Cuts bytes into pieces of the given lengths, used in turn. */
async function* pieces(bytes: Buffer, lengths: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1
    yield bytes.subarray(at, at + length)
    at += length
  }
}

describe('a sealed body', () => {
  for (const size of sizes) {
    it(`gives back ${size} octets`, async () => {
      const message = randomBytes(size)
      const sealed = sealBodyNow(messageKey, account, blob, message)
      assert.equal(sealed.length, sealedBodyLength(size))
      assert.deepEqual(await collect(openBody(bodyOf(sealed, size))), message)
    })
  }

  it('is the same however the message came in pieces', async () => {
    const message = randomBytes(200_000)
    const expected = sealBodyNow(messageKey, account, blob, message)
    assert.deepEqual(await collect(sealBody(messageKey, account, blob, message)), expected)
    const lengths = fc.array(fc.integer({ min: 1, max: 140_000 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(lengths, async (cuts) => {
        assert.deepEqual(await collect(sealBody(messageKey, account, blob, pieces(message, cuts))), expected)
      }),
      { numRuns: 25 },
    )
    assert.deepEqual(await collect(sealBody(messageKey, account, blob, pieces(message, [65_536]))), expected)
  })

  it('takes empty pieces and an empty stream', async () => {
    const expected = sealBodyNow(messageKey, account, blob, Buffer.alloc(0))
    assert.deepEqual(
      await collect(sealBody(messageKey, account, blob, pieces(Buffer.alloc(0), [1]))),
      expected,
    )
    const some = Buffer.from('some octets')
    const gaps = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(0)
      yield some
      yield Buffer.alloc(0)
    }
    assert.deepEqual(
      await collect(sealBody(messageKey, account, blob, gaps())),
      sealBodyNow(messageKey, account, blob, some),
    )
  })

  it('can be read from any octet to any other', async () => {
    const size = 3 * 65_536 + 1000
    const message = randomBytes(size)
    const sealed = sealBodyNow(messageKey, account, blob, message)
    const offset = fc.integer({ min: 0, max: size + 10 })
    await fc.assert(
      fc.asyncProperty(offset, offset, async (start, end) => {
        assert.deepEqual(
          await collect(openBody(bodyOf(sealed, size), start, end)),
          message.subarray(start, end),
        )
      }),
    )
  })

  it('is read at once when small, and only where touched when large', async () => {
    const small = sealBodyNow(messageKey, account, blob, randomBytes(3000))
    const reads: [number, number][] = []
    await collect(openBody(bodyOf(small, 3000, reads)))
    assert.deepEqual(reads, [[0, small.length]])

    const size = 40 * 65_536
    const large = sealBodyNow(messageKey, account, blob, randomBytes(size))
    const middle: [number, number][] = []
    await collect(openBody(bodyOf(large, size, middle), 5 * 65_536 + 10, 6 * 65_536 + 10))
    assert.deepEqual(middle, [
      [0, 36],
      [36 + 5 * 65_552, 36 + 7 * 65_552],
    ])

    const whole: [number, number][] = []
    await collect(openBody(bodyOf(large, size, whole)))
    assert.equal(whole.length, 3)
    assert.ok(whole.every(([start, end]) => end - start <= mebibyte))
  })

  it('releases nothing of a chunk that does not verify', async () => {
    const size = 3 * 65_536
    const message = randomBytes(size)
    const sealed = sealBodyNow(messageKey, account, blob, message)
    const tagOfSecond = 36 + 2 * 65_552 - 1
    sealed.writeUInt8(sealed.readUInt8(tagOfSecond) ^ 1, tagOfSecond)
    const released: Buffer[] = []
    await assert.rejects(async () => {
      for await (const piece of openBody(bodyOf(sealed, size))) released.push(piece)
    }, Corrupt)
    assert.deepEqual(Buffer.concat(released), message.subarray(0, 65_536))
  })

  it('never opens with any bit changed', async () => {
    const cases = [0, 1, 200, 5000, 70_000].map((size) => {
      const message = randomBytes(size)
      return { size, sealed: sealBodyNow(messageKey, account, blob, message) }
    })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...cases),
        fc.nat(),
        fc.integer({ min: 0, max: 7 }),
        async (body, position, bit) => {
          const changed = Buffer.from(body.sealed)
          const at = position % changed.length
          changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at)
          await assert.rejects(
            collect(openBody(bodyOf(changed, body.size))),
            (error) => error instanceof Corrupt || error instanceof UnsupportedVersion,
          )
        },
      ),
      { numRuns: 300 },
    )
  })

  it('never opens with another size', async () => {
    const message = randomBytes(1000)
    const sealed = sealBodyNow(messageKey, account, blob, message)
    for (const size of [0, 1, 992, 999, 1001, 1010, 65_536, 2 ** 41]) {
      await assert.rejects(collect(openBody(bodyOf(sealed, size))), Corrupt, String(size))
    }
  })

  it('refuses a store that gives fewer or more bytes than asked for', async () => {
    const sealed = sealBodyNow(messageKey, account, blob, randomBytes(100))
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const read = async (start: number, end: number): Promise<Buffer> =>
        sealed.subarray(start + from, end - to)
      await assert.rejects(collect(openBody({ ...bodyOf(sealed, 100), read })), Corrupt)
    }
  })

  it("passes on the store's and the source's own errors", async () => {
    const sealed = sealBodyNow(messageKey, account, blob, randomBytes(100))
    const broken = new Error('input/output error')
    const read = (): Promise<Buffer> => Promise.reject(broken)
    await assert.rejects(collect(openBody({ ...bodyOf(sealed, 100), read })), broken)
    const source = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(100_000)
      throw broken
    }
    await assert.rejects(collect(sealBody(messageKey, account, blob, source())), broken)
  })

  it('hides the size up to Padmé', () => {
    assert.equal(sealedBodyLength(75_001), sealedBodyLength(75_700))
    assert.throws(() => sealedBodyLength(-1), RangeError)
    assert.throws(() => sealedBodyLength(Number.NaN), RangeError)
    assert.throws(() => sealedBodyLength(2 ** 40 + 1), RangeError)
  })
})
