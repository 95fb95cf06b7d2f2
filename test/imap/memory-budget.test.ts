// The memory budget: fair, and never waited for in vain.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryBudget } from '../../src/account/memory-budget.ts'

describe('a memory budget', () => {
  it('grants in order, and more than everything as everything', async () => {
    const budget = new MemoryBudget(100)
    const granted: string[] = []
    const ask = async (name: string, bytes: number): Promise<() => void> => {
      const release = await budget.reserve(bytes)
      granted.push(name)
      return release
    }
    const first = await ask('first', 60)
    const huge = ask('huge', 1_000_000)
    const small = ask('small', 10)
    await new Promise(setImmediate)
    // `small` would fit, but must not overtake for ever.
    assert.deepEqual(granted, ['first'])
    first()
    const releaseHuge = await huge
    assert.deepEqual(granted, ['first', 'huge'])
    releaseHuge()
    releaseHuge()
    const releaseSmall = await small
    const rest = await ask('rest', 90)
    assert.deepEqual(granted, ['first', 'huge', 'small', 'rest'])
    releaseSmall()
    rest()
  })
})
