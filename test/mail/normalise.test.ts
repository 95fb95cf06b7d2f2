import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { collect } from '../../src/base/async.ts'
import { normaliseLineEnds, normaliseStream } from '../../src/mail/normalise.ts'

const rows: readonly (readonly [string, string, string])[] = [
  ['CRLF stays', 'a\r\nb\r\n', 'a\r\nb\r\n'],
  ['a lone LF becomes CRLF', 'a\nb\n', 'a\r\nb\r\n'],
  ['a lone LF as the first octet becomes CRLF', '\na', '\r\na'],
  ['empty lines of lone LFs become CRLFs', 'a\n\n\nb', 'a\r\n\r\n\r\nb'],
  ['a lone CR stays an octet of its line', 'a\rb\r\n', 'a\rb\r\n'],
  ['a CR before CRLF stays', 'a\r\r\n', 'a\r\r\n'],
  ['LF CR is a line end and a lone CR', 'a\n\rb', 'a\r\n\rb'],
  ['a last line without its end gets none', 'a\r\nb', 'a\r\nb'],
  ['a CR as the last octet stays', 'a\r', 'a\r'],
  ['NUL and eight-bit octets stay', 'a\0\u00ff\n', 'a\0\u00ff\r\n'],
  ['nothing stays nothing', '', ''],
]

for (const [name, from, to] of rows) {
  test(name, () => {
    assert.equal(normaliseLineEnds(Buffer.from(from, 'latin1')).toString('latin1'), to)
  })
}

test('a message in stored form is given back without a copy', () => {
  const message = Buffer.from('a\r\nb\r\n')
  assert.equal(normaliseLineEnds(message), message)
})

const lineOctets = fc
  .array(fc.constantFrom(0, 10, 13, 65, 255), { maxLength: 60 })
  .map((octets) => Buffer.from(octets))

test('a second time changes nothing, and only CRs before lone LFs are added', () => {
  fc.assert(
    fc.property(lineOctets, (message) => {
      const once = normaliseLineEnds(message)
      assert.deepEqual(normaliseLineEnds(once), once)
      const naive = message.toString('latin1').replace(/(?<!\r)\n/g, '\r\n')
      assert.equal(once.toString('latin1'), naive)
    }),
  )
})

test('a stream gives the same however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(lineOctets, fc.array(fc.nat(8), { maxLength: 80 }), async (message, cuts) => {
      async function* pieces(): AsyncGenerator<Buffer> {
        let at = 0
        for (const length of cuts) yield message.subarray(at, (at += length))
        yield message.subarray(at)
      }
      assert.deepEqual(await collect(normaliseStream(pieces())), normaliseLineEnds(message))
    }),
  )
})
