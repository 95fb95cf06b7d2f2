// Runs every vector of fixtures/vectors: what the format promises to open, and what it must refuse and how.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '../../src/crypto/digest.ts'
import { openVector } from './open-vector.ts'
import { field, readVector, vectorNames } from './vector.ts'

describe('vectors', () => {
  const names = vectorNames()

  it('are all there', () => {
    assert.ok(names.length >= 100, `only ${names.length} vectors`)
  })

  for (const name of names) {
    const vector = readVector(name)
    it(`${name}: ${vector.expect}`, async () => {
      const { outcome, bytes } = await openVector(vector)
      assert.equal(outcome, vector.expect)
      if (bytes === undefined) return
      const gives = field(vector, 'gives')
      if (gives === undefined) assert.equal(sha256(bytes).toString('hex'), field(vector, 'gives sha256'))
      else assert.equal(bytes.toString('hex'), gives)
    })
  }
})
