// Accounting of processor time is only as good as the reading of /proc.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cpuSeconds, descendants, memoryBytes, parseStat, type ProcessStat } from './process-tree.ts'

const stat = (pid: number, parentPid: number): ProcessStat => ({ pid, parentPid, cpuTicks: 1, startTime: 1 })

describe('parseStat', () => {
  it('reads times and parent although the name holds spaces and parentheses', () => {
    const line =
      '4711 (odd) name (x) S 17 4711 4711 0 -1 4194560 900 800 0 0 120 30 40 5 20 0 11 0 98765 1000000 2000 0\n'
    assert.deepEqual(parseStat(line), { pid: 4711, parentPid: 17, cpuTicks: 195, startTime: 98765 })
  })
  it('refuses anything else', () => assert.throws(() => parseStat('no such line')))
})

describe('descendants', () => {
  it('finds children of children in any order, and no strangers', () => {
    const all = [stat(9, 5), stat(5, 2), stat(2, 1), stat(7, 1), stat(8, 7)]
    assert.deepEqual(
      descendants(all, [2]).map(({ pid }) => pid),
      [9, 5, 2],
    )
  })
})

describe('accounting of this very process', { skip: process.platform !== 'linux' }, () => {
  it('sees processor time and memory', async () => {
    assert.ok((await cpuSeconds([process.pid])) > 0)
    assert.ok((await memoryBytes([process.pid])) > 1_000_000)
  })
})
