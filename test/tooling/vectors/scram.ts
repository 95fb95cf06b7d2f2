// Vectors of SCRAM slots and their verifiers (FORMAT.md §6).
import { KdfGate } from '../../../src/crypto/kdf.ts'
import { makeId, randomBytes } from '../../../src/crypto/random.ts'
import { openScramVerifier } from '../../../src/crypto/scram-verifier.ts'
import { SiteKey } from '../../../src/crypto/site-key.ts'
import { slotCheck, type ScramPart } from '../../../src/crypto/slot-codec.ts'
import { encodeSlotList } from '../../../src/crypto/slot-list.ts'
import { makeSlot, renewSlot, type Slot } from '../../../src/crypto/slot.ts'
import type { Expectation, Vector } from '../../crypto/vector.ts'
import { flip, gives, put, scenario } from './scenario.ts'

const iterations = 4096
/** Where a list's first slot names its KDF. */
const kdfAt = 7 + 16 + 1 + 8

export async function scramVectors(): Promise<readonly Vector[]> {
  const gate = new KdfGate()
  const [account, volumeKey, password] = [
    makeId(),
    randomBytes(32),
    Buffer.from('correct horse battery staple'),
  ]
  const site = SiteKey.make()
  const base = { account, volumeKey, vkVersion: 2, createdAt: Date.UTC(2026, 10, 29) }
  const secret = { kind: 'scram', password, siteKey: site.siteKey, iterations } as const
  const slot = await makeSlot({ ...base, secret }, gate)
  const other = await makeSlot({ ...base, secret }, gate)
  const recovery = await makeSlot({ ...base, secret: { kind: 'recovery', code: randomBytes(16) } }, gate)
  const [part, otherPart] = [slot.scram, other.scram]
  if (!part || !otherPart) throw new Error('a SCRAM slot has a verifier')

  const list = (...slots: readonly Slot[]): Buffer =>
    encodeSlotList(account, { vkVersion: 2, slots }, volumeKey)
  /** With fields replaced by someone who knows how to make its check right again. */
  const forged = (changes: Partial<Slot>): Buffer => {
    const parts = { ...slot, ...changes }
    return list({ ...parts, check: slotCheck(parts) })
  }
  const withPart = (changes: Partial<ScramPart>): Buffer => forged({ scram: { ...part, ...changes } })
  const opening = { open: 'slot', account, slot: 0, 'secret kind': 'scram', secret: password }
  const open = (name: string, expect: Expectation, bytes: Uint8Array, changes: object = {}): Vector =>
    scenario(`slot-scram${name}`, expect, { ...opening, 'site key': site.bytes, ...changes }, bytes)
  const verifying = { open: 'scram verifier', account, 'site key': site.bytes }
  const verify = (name: string, expect: Expectation, bytes: Uint8Array, changes: object = {}): Vector =>
    scenario(`scram-verifier${name}`, expect, { ...verifying, ...changes }, bytes)
  const { storedKey, serverKey } = openScramVerifier(site.siteKey, account, slot)
  const newKey = randomBytes(32)
  const renewed = renewSlot(account, slot, newKey, 3)

  return [
    open('', 'success', list(slot), gives(volumeKey)),
    open('-among-others', 'success', list(recovery, slot), { slot: 1, ...gives(volumeKey) }),
    open(
      '-renewed',
      'success',
      encodeSlotList(account, { vkVersion: 3, slots: [renewed] }, newKey),
      gives(newKey),
    ),
    open('-wrong-password', 'wrong key', list(slot), { secret: Buffer.from('correct horse battery stable') }),
    open('-of-another-site', 'wrong key', list(slot), { 'site key': randomBytes(32) }),
    open('-of-another-account', 'wrong key', list(slot), { account: makeId() }),
    open('-identifier-forged', 'wrong key', forged({ id: makeId() })),
    open('-salt-forged', 'wrong key', forged({ salt: randomBytes(16) })),
    open('-iterations-forged', 'wrong key', withPart({ iterations: iterations + 1 })),
    open('-iterations-too-few', 'unsupported', withPart({ iterations: 4095 })),
    open('-iterations-too-many', 'unsupported', withPart({ iterations: 10_000_001 })),
    open(
      '-with-the-verifier-of-another',
      'success',
      withPart({ verifier: otherPart.verifier }),
      gives(volumeKey),
    ),
    open(
      '-verifier-flipped',
      'damaged',
      list({ ...slot, scram: { ...part, verifier: flip(part.verifier, -1) } }),
    ),
    open('-without-verifier', 'damaged', list({ ...slot, scram: { ...part, verifier: Buffer.alloc(0) } })),
    open('-capsule-flipped', 'damaged', forged({ capsule: flip(slot.capsule, 1130) })),
    open('-without-cost', 'damaged', put(list(slot), kdfAt, Buffer.of(0))),
    open('-with-cost-of-a-password', 'damaged', put(list(slot), kdfAt, Buffer.of(1))),
    open('-with-memory', 'damaged', put(list(slot), kdfAt + 4, Buffer.of(1))),
    open('-of-an-unknown-kdf', 'unsupported', put(list(slot), kdfAt, Buffer.of(3))),
    open('-kdf-of-a-recovery-code', 'unsupported', put(list(recovery), kdfAt, Buffer.of(2))),

    verify('', 'success', list(slot), gives(Buffer.concat([storedKey, serverKey]))),
    verify('-renewed', 'success', list(renewed), gives(Buffer.concat([storedKey, serverKey]))),
    verify('-of-another-site', 'damaged', list(slot), { 'site key': randomBytes(32) }),
    verify('-of-another-account', 'damaged', list(slot), { account: makeId() }),
    verify('-of-another-slot', 'damaged', forged({ id: makeId() })),
    verify('-salt-changed', 'damaged', forged({ salt: randomBytes(16) })),
    verify('-iterations-changed', 'damaged', withPart({ iterations: iterations + 1 })),
    verify('-flipped', 'damaged', withPart({ verifier: flip(part.verifier, -1) })),
    verify('-exchanged', 'damaged', withPart({ verifier: otherPart.verifier })),
    verify('-truncated', 'damaged', withPart({ verifier: part.verifier.subarray(0, -1) })),
  ]
}
