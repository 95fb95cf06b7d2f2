// Random lives of an account: keys, passwords, names and mail change while writes fail and the process is killed.
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { KeyRing } from '../pubkey/keys.ts'
import { Life, type LifeKeys } from './life.ts'
import { lifeStep } from './life-steps.ts'

describe('a life of an account', () => {
  const ring = new KeyRing()
  let keys: LifeKeys
  before(() => {
    keys = { publicKey: ring.makeGpg('curve25519'), open: (sealed) => ring.openByGpg(sealed) }
  })
  after(() => {
    ring.close()
  })

  it('loses nothing that was acknowledged, and opens to nobody else, whatever fails in between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(lifeStep, { minLength: 8, maxLength: 40 }), async (steps) => {
        const life = await Life.begin(keys)
        for (const step of steps) {
          await life.run(step)
          await life.check()
        }
        await life.end()
      }),
      { numRuns: Number(process.env['LETTERLOCK_LIFE_RUNS'] ?? 12) },
    )
  })
})
