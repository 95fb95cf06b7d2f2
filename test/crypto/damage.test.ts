// Any single changed bit of anything sealed is refused: over all vectors that open.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { openVector } from './open-vector.ts'
import { field, readVector, vectorNames } from './vector.ts'

/** Without authentication of their own, slow by intention, or read in part only. */
const others = ['arrival-without-the-site-key', 'slot-password-at-full-cost']
const sealedThings = ['box', 'capsule', 'body', 'slot', 'slot list', 'keyset', 'card', 'arrival']

it('nothing that was sealed opens with any bit changed', async () => {
  const vectors = vectorNames()
    .map(readVector)
    .filter(({ expect, name }) => expect === 'success' && !others.includes(name))
    .filter((vector) => sealedThings.includes(field(vector, 'open') ?? ''))
    .filter((vector) => field(vector, 'start') === undefined)
  assert.ok(vectors.length > 30)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...vectors),
      fc.nat(),
      fc.integer({ min: 0, max: 7 }),
      async (vector, position, bit) => {
        const bytes = Buffer.from(vector.bytes)
        const at = position % bytes.length
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at)
        const { outcome } = await openVector({ ...vector, bytes })
        assert.notEqual(outcome, 'success', `${vector.name}, bit ${bit} of byte ${at}`)
      },
    ),
    { numRuns: 1500 },
  )
})
