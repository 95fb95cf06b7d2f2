// The site's recovery key: sharing, passwords, and what a record that was changed is taken for.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { Corrupt, UnsupportedVersion, WrongKey } from '../../src/crypto/errors.ts'
import {
  encodeEscrow,
  makeEscrowSeed,
  openEscrow,
  openEscrowSeed,
  sealEscrowKey,
  type EscrowKey,
  type EscrowRecord,
} from '../../src/crypto/escrow.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { joinShares, shareSecret } from '../../src/crypto/shares.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'

const gate = new KdfGate({ minimumMemoryKiB: 8 })
const kdf = { memoryKiB: 32, passes: 1, parallelism: 1 }
const { siteKey } = SiteKey.make()
const passwords = ['one', 'two', 'three', 'four'].map((word) => Buffer.from(word))
const [one, two, three] = passwords as [Buffer, Buffer, Buffer]

async function made(count: number, threshold: number): Promise<{ key: EscrowKey; seed: Buffer }> {
  const { id, seed } = makeEscrowSeed()
  return { key: await sealEscrowKey({ id, seed }, passwords.slice(0, count), threshold, kdf, gate), seed }
}

const recordOf = (key: EscrowKey | undefined): EscrowRecord => {
  return { generation: 7, createdAt: 5, changedAt: 6, key }
}

describe('sharing a secret', () => {
  it('gives it back from every choice of enough shares, and not from fewer', () => {
    for (const [count, threshold] of [
      [1, 1],
      [3, 1],
      [2, 2],
      [5, 3],
      [16, 16],
    ] as const) {
      const secret = randomBytes(32)
      const shares = shareSecret(secret, count, threshold)
      for (let start = 0; start < count; start += 1) {
        const some = Array.from(
          { length: threshold },
          (_, index) => shares[(start + index) % count] as Buffer,
        )
        assert.deepEqual(joinShares(some), secret)
        if (threshold > 1) assert.notDeepEqual(joinShares(some.slice(1)), secret)
      }
    }
  })

  it('agrees with values worked out by hand', () => {
    // f(x) = 0x53 + a x with f(1) = 0x99: a = 0xca, and 0x53 * 0xca = 1 in this field.
    assert.deepEqual(joinShares([Buffer.of(1, 0x53 ^ 0xca), Buffer.of(2, 0x53 ^ 0x8f)]), Buffer.of(0x53))
  })

  it('refuses what cannot be shares', () => {
    assert.throws(() => shareSecret(randomBytes(32), 2, 3), RangeError)
    assert.throws(() => shareSecret(randomBytes(32), 256, 2), RangeError)
    assert.throws(() => shareSecret(randomBytes(32), 2, 0), RangeError)
    assert.throws(() => joinShares([]), RangeError)
    assert.throws(() => joinShares([Buffer.of(1, 2), Buffer.of(1, 3)]), RangeError)
    assert.throws(() => joinShares([Buffer.of(0, 2)]), RangeError)
    assert.throws(() => joinShares([Buffer.of(1, 2), Buffer.of(2, 3, 4)]), RangeError)
  })
})

describe('the recovery key', () => {
  before(cryptoReady)

  it('opens by its one password, and by no other', async () => {
    const { key, seed } = await made(1, 1)
    using opened = await openEscrowSeed(key, [one], gate)
    assert.deepEqual(opened.bytes, seed)
    await assert.rejects(openEscrowSeed(key, [two], gate), WrongKey)
    await assert.rejects(openEscrowSeed(key, [], gate), WrongKey)
  })

  it('opens by as many admins as are needed, in any order', async () => {
    const { key, seed } = await made(3, 2)
    for (const pair of [
      [one, two],
      [three, one],
      [three, two, one],
    ]) {
      using opened = await openEscrowSeed(key, pair, gate)
      assert.deepEqual(opened.bytes, seed)
    }
    await assert.rejects(openEscrowSeed(key, [one], gate), WrongKey)
    await assert.rejects(openEscrowSeed(key, [one, one], gate), WrongKey)
    await assert.rejects(openEscrowSeed(key, [one, Buffer.from('nobody')], gate), WrongKey)
  })

  it('is the same key under other passwords', async () => {
    const { key, seed } = await made(1, 1)
    const renewed = await sealEscrowKey({ id: key.id, seed }, [two], 1, kdf, gate)
    assert.deepEqual(renewed.publicKey, key.publicKey)
    using opened = await openEscrowSeed(renewed, [two], gate)
    assert.deepEqual(opened.bytes, seed)
    await assert.rejects(openEscrowSeed(renewed, [one], gate), WrongKey)
  })

  it('is not taken for a key that its secret does not lead to', async () => {
    const [{ key }, other] = [await made(1, 1), await made(1, 1)]
    const mixed = { ...key, publicKey: other.key.publicKey }
    await assert.rejects(openEscrowSeed(mixed, [one], gate), Corrupt)
  })
})

describe('the record of the recovery key', () => {
  before(cryptoReady)

  it('reads back, with a key and without', async () => {
    for (const record of [recordOf((await made(3, 2)).key), recordOf(undefined)])
      assert.deepEqual(openEscrow(siteKey, encodeEscrow(siteKey, record)), record)
  })

  it('is refused when a bit of it was changed, when it was cut, and when another site wrote it', async () => {
    const bytes = encodeEscrow(siteKey, recordOf((await made(2, 2)).key))
    for (let at = 0; at < bytes.length; at += 37) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 4
      assert.throws(
        () => openEscrow(siteKey, changed),
        (error) => error instanceof Corrupt || error instanceof UnsupportedVersion,
      )
      assert.throws(() => openEscrow(siteKey, bytes.subarray(0, at)), Corrupt)
    }
    assert.throws(() => openEscrow(siteKey, Buffer.concat([bytes, Buffer.of(0)])), Corrupt)
    assert.throws(() => openEscrow(SiteKey.make().siteKey, bytes), Corrupt)
  })
})
