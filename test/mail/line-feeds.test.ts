import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineFeeds } from '../../src/mail/line-feeds.ts'

test('finds what indexOf finds, at every alignment and from every place', () => {
  const octet = fc.oneof(fc.constantFrom(10, 11, 9, 138, 0), fc.nat(255))
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 40 }), fc.nat(7), fc.nat(7), (octets, before, behind) => {
      const memory = Buffer.alloc(before + octets.length + behind, 10)
      memory.set(octets, before)
      const bytes = memory.subarray(before, before + octets.length)
      const feeds = new LineFeeds(bytes)
      for (let from = 0; from <= bytes.length; from++) {
        const found = bytes.indexOf(10, from)
        assert.equal(feeds.next(from), found < 0 || from === bytes.length ? bytes.length : found)
      }
    }),
    { numRuns: 2000 },
  )
})
