import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { boxKinds } from '../../src/crypto/box.ts'
import { Corrupt } from '../../src/crypto/errors.ts'
import {
  capsuleEpoch,
  capsuleFrom,
  Decapsulator,
  encapsulate,
  kemPublicKey,
  makeKemSeed,
  openCapsule,
  sealCapsule,
} from '../../src/crypto/kem.ts'
import { arrivalPlace, recoveryPlace } from '../../src/crypto/places.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { xwingDecapsulate } from '../../src/crypto/sodium.ts'

const seed = makeKemSeed()
const publicKey = kemPublicKey(seed)
const account = randomBytes(16)
const blob = randomBytes(16)

describe('a seed made ready for many ciphertexts', () => {
  it('gives the secrets that the seed gives, of good, forged and malformed ciphertexts', () => {
    const decapsulator = new Decapsulator(seed)
    for (let turn = 0; turn < 8; turn += 1) {
      const { ciphertext, sharedSecret } = encapsulate(publicKey)
      assert.deepEqual(decapsulator.open(ciphertext), sharedSecret)
      for (const at of [0, 700, 1087, 1088, 1119]) {
        const forged = Buffer.from(ciphertext)
        forged[at] = (forged[at] ?? 0) ^ (1 + turn)
        assert.deepEqual(decapsulator.open(forged), xwingDecapsulate(seed, forged))
        assert.notDeepEqual(decapsulator.open(forged), sharedSecret)
      }
      // Points of low order: 0 and 1.
      const low = Buffer.from(ciphertext).fill(0, 1088)
      low[1088] = turn % 2
      assert.deepEqual(decapsulator.open(low), xwingDecapsulate(seed, low))
    }
    assert.equal(decapsulator.open(Buffer.alloc(1119)), undefined)
    assert.throws(() => new Decapsulator(Buffer.alloc(31)), RangeError)
    decapsulator.wipe()
  })
})

describe('a capsule', () => {
  it('opens with the seed of the key it was sealed to', () => {
    const data = randomBytes(5000)
    const place = arrivalPlace(account, blob)
    const capsule = sealCapsule(publicKey, boxKinds.arrival, 9, place, data)
    assert.equal(capsuleEpoch(capsule), 9)
    assert.deepEqual(openCapsule(seed, boxKinds.arrival, place, capsule), data)
  })

  it('can share one encapsulation with another at another place', () => {
    const made = encapsulate(publicKey)
    const arrival = capsuleFrom(
      made,
      boxKinds.arrival,
      1,
      arrivalPlace(account, blob),
      Buffer.from('arrival'),
    )
    const header = capsuleFrom(
      made,
      boxKinds.recoveryHeader,
      1,
      recoveryPlace(account, blob),
      Buffer.from('key'),
    )
    const opened = openCapsule(seed, boxKinds.recoveryHeader, recoveryPlace(account, blob), header)
    assert.equal(opened.toString(), 'key')
    assert.equal(
      openCapsule(seed, boxKinds.arrival, arrivalPlace(account, blob), arrival).toString(),
      'arrival',
    )
    assert.throws(() => openCapsule(seed, boxKinds.arrival, arrivalPlace(account, blob), header), Corrupt)
  })

  it('is another one each time', () => {
    const ciphertexts = Array.from({ length: 5 }, () => encapsulate(publicKey).ciphertext.toString('hex'))
    assert.equal(new Set(ciphertexts).size, 5)
  })

  const unreduced = Buffer.from(publicKey)
  unreduced.set([0xff, 0xff], 0)
  const lowOrder = Buffer.concat([publicKey.subarray(0, 1184), Buffer.alloc(32)])
  for (const [name, malformed] of [
    ['empty', Buffer.alloc(0)],
    ['of 32 bytes', randomBytes(32)],
    ['too short by one', publicKey.subarray(0, -1)],
    ['too long by one', Buffer.concat([publicKey, Buffer.alloc(1)])],
    ['of zeros', Buffer.alloc(1216)],
    ['with an ML-KEM coefficient out of range', unreduced],
    ['with an X25519 point of low order', lowOrder],
  ] as const) {
    it(`is never sealed to a public key ${name}`, () => {
      assert.throws(
        () => sealCapsule(malformed, boxKinds.arrival, 1, Buffer.from('p'), Buffer.from('d')),
        Corrupt,
      )
    })
  }
})

describe('cryptoReady', () => {
  it('finds that the ciphers of this machine give the published answers', async () => {
    await cryptoReady()
  })
})
