import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Busy, UnsupportedVersion } from '../../src/crypto/errors.ts'
import { defaultKdf, KdfGate } from '../../src/crypto/kdf.ts'

const cheap = { memoryKiB: 32, passes: 1, parallelism: 1 }
const salt = Buffer.alloc(16, 5)
const password = Buffer.from('a password')

function gateOf(parallel: number, queue: number): KdfGate {
  return new KdfGate({ parallel, queue, minimumMemoryKiB: 8 })
}

describe('the password gate', () => {
  it('derives the same key from the same password, salt and cost, and another from any other', async () => {
    const gate = gateOf(2, 10)
    const keys = await Promise.all([
      gate.derive(password, salt, cheap),
      gate.derive(Buffer.from('a password'), salt, cheap),
      gate.derive(Buffer.from('b password'), salt, cheap),
      gate.derive(password, Buffer.alloc(16, 6), cheap),
      gate.derive(password, salt, { ...cheap, passes: 2 }),
      gate.derive(password, salt, { ...cheap, memoryKiB: 40 }),
    ])
    const [first, second, ...others] = keys.map((key) => key.bytes.toString('hex'))
    assert.equal(first, second)
    assert.equal(new Set([first, ...others]).size, 5)
    assert.ok(keys.every((key) => key.bytes.length === 32))
  })

  it('leaves the password to its owner, unchanged', async () => {
    const mine = Buffer.from('a password')
    await gateOf(1, 1).derive(mine, salt, cheap)
    assert.equal(mine.toString(), 'a password')
  })

  it('runs a few at a time, in the order in which they came', async () => {
    const gate = gateOf(1, 10)
    const ended: number[] = []
    const all = Array.from({ length: 6 }, async (_, turn) => {
      await gate.derive(password, salt, cheap)
      ended.push(turn)
      assert.ok(gate.running <= 1)
    })
    assert.equal(gate.running, 1)
    assert.equal(gate.waiting, 5)
    await Promise.all(all)
    assert.deepEqual(ended, [0, 1, 2, 3, 4, 5])
    assert.equal(gate.running, 0)
    assert.equal(gate.waiting, 0)
  })

  it('refuses those beyond the queue, and takes them again later', async () => {
    const gate = gateOf(1, 1)
    const running = gate.derive(password, salt, cheap)
    const waiting = gate.derive(password, salt, cheap)
    await assert.rejects(gate.derive(password, salt, cheap), Busy)
    await Promise.all([running, waiting])
    await gate.derive(password, salt, cheap)
  })

  it('lets one who waits leave, and keeps the place of the others', async () => {
    const gate = gateOf(1, 5)
    const leaver = new AbortController()
    const running = gate.derive(password, salt, cheap)
    const leaving = gate.derive(password, salt, cheap, leaver.signal)
    const staying = gate.derive(password, salt, cheap)
    const reason = new Error('the peer went away')
    leaver.abort(reason)
    await assert.rejects(leaving, reason)
    assert.equal(gate.waiting, 1)
    await Promise.all([running, staying])
    assert.equal(gate.running, 0)
  })

  it('does not begin for one who has left already', async () => {
    const gate = gateOf(1, 5)
    await assert.rejects(gate.derive(password, salt, cheap, AbortSignal.abort(new Error('gone'))), /gone/)
    assert.equal(gate.running, 0)
  })

  it('frees its place when a derivation fails', async () => {
    const gate = gateOf(1, 1)
    await assert.rejects(gate.derive(password, Buffer.alloc(1), cheap))
    assert.equal(gate.running, 0)
    await gate.derive(password, salt, cheap)
  })

  for (const length of [0, 1025]) {
    it(`refuses a password of ${length} bytes before any work`, async () => {
      const gate = gateOf(1, 1)
      await assert.rejects(gate.derive(Buffer.alloc(length, 'a'), salt, cheap), RangeError)
    })
  }

  it('takes the greatest and the least cost of the format, and RFC 9106 by default', () => {
    const gate = new KdfGate()
    assert.deepEqual(defaultKdf, { memoryKiB: 65_536, passes: 3, parallelism: 4 })
    gate.check(defaultKdf)
    gate.check({ memoryKiB: 19_456, passes: 1, parallelism: 1 })
    gate.check({ memoryKiB: 1024 * 1024, passes: 4, parallelism: 16 })
    gate.check({ memoryKiB: 262_144, passes: 16, parallelism: 1 })
  })

  for (const [name, changes] of [
    ['too little memory', { memoryKiB: 19_455 }],
    ['too much memory', { memoryKiB: 1024 * 1024 + 1, passes: 1 }],
    ['no pass', { passes: 0 }],
    ['too many passes', { passes: 17 }],
    ['no lane', { parallelism: 0 }],
    ['too many lanes', { parallelism: 17 }],
    ['too much work', { memoryKiB: 1024 * 1024, passes: 5 }],
    ['half a pass', { passes: 1.5 }],
    ['no number', { memoryKiB: Number.NaN }],
  ] as const) {
    it(`refuses ${name}, before any work`, async () => {
      const gate = new KdfGate({ parallel: 1, queue: 0 })
      await assert.rejects(gate.derive(password, salt, { ...defaultKdf, ...changes }), UnsupportedVersion)
      assert.equal(gate.running, 0)
    })
  }

  it('refuses less than eight blocks a lane even when tests lower the minimum', () => {
    assert.throws(() => gateOf(1, 1).check({ memoryKiB: 31, passes: 1, parallelism: 4 }), UnsupportedVersion)
  })
})
