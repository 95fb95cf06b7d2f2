// Scrubbing takes segments for itself: nobody who asks for one in the same turn of the event loop gets it too.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Account } from '../../src/store/level/account.ts'
import { scrubSegments } from '../../src/store/level/bodies/scrub.ts'
import { Segment } from '../../src/store/level/bodies/segment.ts'
import type { AccountSegments } from '../../src/store/level/bodies/segments.ts'
import type { Disk } from '../../src/store/level/disk.ts'

it('a long body that begins while segments are taken for scrubbing does not get one of them', async () => {
  const segment = new Segment(1, '/nowhere', 32)
  let hasBegun = false
  const segments = {
    load: async () => undefined,
    all() {
      // As `takeExclusive` does, between two steps of the one that takes them all.
      queueMicrotask(() => {
        if (!segment.canAppend) return
        segment.isExclusive = true
        hasBegun = true
      })
      return [segment]
    },
  } as unknown as AccountSegments
  const account = {
    change: () => Promise.reject(new Error('far enough')),
  } as unknown as Account
  const scrubbing = scrubSegments(
    {} as Disk,
    account,
    segments,
    () => undefined,
    () => false,
  )
  await assert.rejects(scrubbing, /far enough/)
  assert.equal(hasBegun, false)
  assert.equal(segment.isExclusive, false)
})
