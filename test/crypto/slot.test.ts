import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { WrongKey } from '../../src/crypto/errors.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import {
  decodeSlotList,
  encodeSlotList,
  maxSlots,
  slotListDigest,
  verifySlotList,
} from '../../src/crypto/slot-list.ts'
import {
  makeSlot,
  openSlot,
  renewSlot,
  slotLabel,
  type SlotSecret as AnySecret,
} from '../../src/crypto/slot.ts'

/** The kinds that are made from what opens them. */
type SlotSecret = Exclude<AnySecret, { readonly kind: 'scram' }>

const gate = new KdfGate({ minimumMemoryKiB: 8 })
const kdf = { memoryKiB: 32, passes: 1, parallelism: 1 }
const account = randomBytes(16)
const volumeKey = randomBytes(32)
const base = { account, volumeKey, vkVersion: 1, createdAt: 1_795_000_000_000, kdf }
const secrets: readonly SlotSecret[] = [
  { kind: 'password', password: Buffer.from('a password') },
  { kind: 'recovery', code: randomBytes(16) },
  { kind: 'server', siteKey: SiteKey.make().siteKey },
  { kind: 'app', secret: randomBytes(16) },
  { kind: 'escrow', seed: randomBytes(32) },
]

describe('a slot', () => {
  for (const secret of secrets) {
    it(`opens with its secret, through storage and a new volume key (${secret.kind})`, async () => {
      const made = await makeSlot({ ...base, secret, label: Buffer.from('laptop') }, gate)
      const bytes = encodeSlotList(account, { vkVersion: 1, slots: [made] }, volumeKey)
      const [slot] = decodeSlotList(bytes).slots
      assert.ok(slot)
      assert.deepEqual(slot, made)
      using opened = await openSlot(account, slot, 1, secret, gate)
      assert.deepEqual(opened.bytes, volumeKey)
      verifySlotList(account, bytes, opened.bytes)
      assert.equal(String(slotLabel(account, slot, opened.bytes)), 'laptop')

      const newKey = randomBytes(32)
      const renewed = renewSlot(account, slot, newKey, 2, volumeKey)
      using again = await openSlot(account, renewed, 2, secret, gate)
      assert.deepEqual(again.bytes, newKey)
      assert.equal(String(slotLabel(account, renewed, newKey)), 'laptop')
      assert.deepEqual(renewed.publicKey, slot.publicKey)
    })

    it(`does not open with the secrets of other kinds (${secret.kind})`, async () => {
      const slot = await makeSlot({ ...base, secret }, gate)
      for (const other of secrets.filter(({ kind }) => kind !== secret.kind)) {
        await assert.rejects(openSlot(account, slot, 1, other, gate), WrongKey)
      }
    })
  }

  it('has a salt and a public key of its own, also for the same password', async () => {
    const secret: SlotSecret = { kind: 'password', password: Buffer.from('a password') }
    const [first, second] = [
      await makeSlot({ ...base, secret }, gate),
      await makeSlot({ ...base, secret }, gate),
    ]
    assert.notDeepEqual(first.salt, second.salt)
    assert.notDeepEqual(first.publicKey, second.publicKey)
  })

  it('has no label unless given one', async () => {
    const [, secret] = secrets
    assert.ok(secret)
    const slot = await makeSlot({ ...base, secret, label: Buffer.alloc(0) }, gate)
    assert.equal(slotLabel(account, slot, volumeKey), undefined)
    renewSlot(account, slot, randomBytes(32), 2)
  })

  it('is not renewed without the old volume key when it has a label', async () => {
    const [, secret] = secrets
    assert.ok(secret)
    const slot = await makeSlot({ ...base, secret, label: Buffer.from('phone') }, gate)
    assert.throws(() => renewSlot(account, slot, randomBytes(32), 2), TypeError)
  })

  it('does not seal a volume key or take a code of wrong length', async () => {
    const [, secret] = secrets
    assert.ok(secret)
    await assert.rejects(makeSlot({ ...base, secret, volumeKey: randomBytes(31) }, gate), RangeError)
    const short: SlotSecret = { kind: 'recovery', code: randomBytes(15) }
    await assert.rejects(makeSlot({ ...base, secret: short }, gate), RangeError)
  })
})

describe('a slot list', () => {
  it('holds 24 slots and not one more', async () => {
    const [, secret] = secrets
    assert.ok(secret)
    const slot = await makeSlot({ ...base, secret }, gate)
    const slots = Array.from({ length: maxSlots }, () => ({ ...slot, id: randomBytes(16) }))
    const bytes = encodeSlotList(account, { vkVersion: 1, slots }, volumeKey)
    assert.equal(verifySlotList(account, bytes, volumeKey).slots.length, maxSlots)
    assert.throws(
      () => encodeSlotList(account, { vkVersion: 1, slots: [...slots, slot] }, volumeKey),
      RangeError,
    )
  })

  it('has the digest of its bytes', () => {
    const bytes = encodeSlotList(account, { vkVersion: 1, slots: [] }, volumeKey)
    assert.equal(slotListDigest(bytes).length, 32)
    assert.notDeepEqual(slotListDigest(bytes), slotListDigest(bytes.subarray(1)))
  })
})
