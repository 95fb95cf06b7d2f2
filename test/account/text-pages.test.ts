// Search text pages by themselves: the filter never denies what is there, sections are read together or apart, and nothing malformed is believed.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MalformedRecord } from '../../src/base/bytes.ts'
import { encodeTextPage, TextPage, type TextEntry } from '../../src/account/text-codec.ts'
import { gramBytes, isGrams, makeGrams, mayHold } from '../../src/account/text-grams.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
const words = (from: number, count: number): Buffer =>
  bytes(Array.from({ length: count }, (_, index) => `w${((index + from) * 7919).toString(36)}`).join(' '))

describe('the filter of a text page', () => {
  it('never denies a part of any of its texts', () => {
    const texts = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 4 })
    fc.assert(
      fc.property(texts, fc.nat(), fc.nat(), fc.nat(), (all, which, from, length) => {
        const grams = makeGrams(all)
        assert.ok(isGrams(grams))
        const text = all[which % Math.max(1, all.length)] ?? new Uint8Array()
        const at = from % (text.length + 1)
        assert.ok(mayHold(grams, text.subarray(at, at + (length % (text.length - at + 1)))))
      }),
    )
  })

  it('denies nearly all words that are not there, of as many as a page holds', () => {
    const grams = makeGrams([words(0, 10_000), words(10_000, 10_000)])
    assert.ok(grams.length <= 8192)
    let passed = 0
    for (let index = 0; index < 1000; index += 1)
      if (mayHold(grams, bytes(`qq-zz${index}#${index * 31}~~`))) passed += 1
    assert.ok(passed < 20, `${passed} of 1000 passed`)
  })

  it('is as small as what it is made of', () => {
    assert.equal(makeGrams([]).length, 0)
    assert.equal(makeGrams([bytes('abc'), bytes('xyz')]).length, 0)
    assert.equal(makeGrams([bytes('abcd')]).length, 1)
    assert.ok(makeGrams([bytes('abcdefgh'.repeat(1000))]).length <= 4)
    // A run does not go from one text into the next.
    const halves = makeGrams([bytes('abcdefghijklmnopqrstuvw'), bytes('0123456789:;<=>?@xyz')])
    assert.equal(mayHold(halves, bytes('pqrstuvw0123456789')), false)
  })

  it('says nothing of what is shorter than a run', () => {
    for (const text of ['', 'q', 'qqq']) assert.ok(mayHold(makeGrams([bytes('abcd')]), bytes(text)))
    assert.ok(mayHold(Buffer.alloc(0), bytes('qqq')))
    assert.equal(mayHold(Buffer.alloc(0), bytes('q'.repeat(gramBytes))), false)
  })

  it('has a length that a writer can give', () => {
    for (const [length, expected] of [
      [0, true],
      [1, true],
      [3, false],
      [4096, true],
      [8192, true],
      [16_384, false],
    ] as const)
      assert.equal(isGrams(Buffer.alloc(length)), expected, String(length))
  })
})

const entry = (uid: number, texts: Partial<TextEntry> = {}): TextEntry => ({
  ...{ uid, sizeBytes: 100 + uid, savedAt: 1_700_000_000_000 + uid, cut: 0 },
  ...{ facts: bytes(`facts ${uid}`), front: bytes(`\nsubject: s${uid}`), own: bytes(`\nx-own: o${uid}`) },
  ...{ parts: bytes(`\nx-part: p${uid}`), body: bytes(`\nbody of ${uid}`) },
  ...texts,
})

describe('a text page', () => {
  it('gives back what it was made of, also where sections are empty', async () => {
    const none = Buffer.alloc(0)
    const empty = { facts: none, front: none, own: none, parts: none, body: none }
    for (const entries of [
      [entry(1), entry(7), entry(8)],
      [entry(1, empty), entry(2, { ...empty, body: bytes('only a body') }), entry(3, empty)],
      [entry(4, { ...empty, cut: 15 })],
      [entry(5, { body: words(0, 5000), front: none })],
    ]) {
      const page = new TextPage(await encodeTextPage(entries))
      assert.deepEqual(await page.entries(), entries)
    }
  })

  it('inflates neighbours together to the same bytes as each by itself', async () => {
    const page = new TextPage(await encodeTextPage([entry(1, { body: words(3, 3000) }), entry(2)]))
    const order = ['facts', 'front', 'rest', 'body'] as const
    const alone = await Promise.all(order.map(async (section) => (await page.inflate(section))[0]))
    for (let from = 0; from < order.length; from += 1)
      for (let to = from; to < order.length; to += 1) {
        const [first, last] = [order[from], order[to]]
        assert.ok(first && last)
        assert.deepEqual(await page.inflate(first, last), alone.slice(from, to + 1))
      }
  })

  it('knows what it surely does not hold, of header, parts and body', async () => {
    const page = new TextPage(await encodeTextPage([entry(1), entry(2)]))
    for (const text of ['subject: s2', 'x-own: o1', 'x-part: p2', 'body of 1'])
      assert.ok(page.mayHold(bytes(text)), text)
    assert.equal(page.mayHold(bytes('nowhere in any of these texts')), false)
  })

  it('believes nothing that is malformed', async () => {
    const good = await encodeTextPage([entry(1), entry(2)])
    for (let length = 0; length < good.length; length += 1) {
      assert.throws(() => new TextPage(good.subarray(0, length)), MalformedRecord, `cut to ${length}`)
    }
    assert.throws(() => new TextPage(Buffer.concat([good, Buffer.of(0)])), MalformedRecord)
    for (let at = 0; at < good.length; at += 1) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ 0x5a
      // Either it is refused, or it says something else of the same form; it never hangs or crashes.
      try {
        await new TextPage(bad).entries()
      } catch (error) {
        assert.ok(error instanceof MalformedRecord, `octet ${at}: ${String(error)}`)
      }
    }
  })
})
