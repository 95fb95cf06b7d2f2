import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isEncrypted } from '../../src/pubkey/detect.ts'
import { forms, originals } from './messages.ts'

describe('what is encrypted already', () => {
  for (const [name, message, expected] of forms) {
    it(`${name}: ${expected ? 'is left alone' : 'is sealed'}`, () => {
      assert.equal(isEncrypted(message), expected)
    })
  }

  it('is not said of ordinary messages', () => {
    for (const [name, message] of originals) assert.equal(isEncrypted(message), false, name)
  })

  it('never throws, whatever the octets', () => {
    const seconds = Number(process.env['LETTERLOCK_FUZZ_SECONDS'] ?? 0)
    const form = fc.constantFrom(...forms.map(([, message]) => message))
    fc.assert(
      fc.property(form, fc.nat(), fc.uint8Array({ maxLength: 40 }), (message, at, octets) => {
        const cut = at % (message.length + 1)
        isEncrypted(Buffer.concat([message.subarray(0, cut), octets, message.subarray(cut)]))
        isEncrypted(message.subarray(0, cut))
      }),
      seconds > 0
        ? { numRuns: 1e8, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false }
        : { numRuns: 400, seed: 19 },
    )
  })
})
