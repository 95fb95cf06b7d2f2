// Vectors of boxes and capsules (FORMAT.md §3, §5).
import { createSecretKey } from 'node:crypto'
import { gcmSeal } from '../../../src/crypto/aes-gcm.ts'
import { boxKinds, sealBox } from '../../../src/crypto/box.ts'
import { kemPublicKey, makeKemSeed, sealCapsule } from '../../../src/crypto/kem.ts'
import { labels } from '../../../src/crypto/labels.ts'
import { arrivalPlace, messagePlace, recoveryPlace } from '../../../src/crypto/places.ts'
import { split } from '../../../src/crypto/primitives.ts'
import { makeId, randomBytes } from '../../../src/crypto/random.ts'
import type { Vector } from '../../crypto/vector.ts'
import { flip, gives, numberedLines, put, scenario } from './scenario.ts'

const { message, logEntry, arrival } = boxKinds

/** A box whose plaintext is given whole, so that its padding can be wrong. Suite 2. */
function boxOf(key: Uint8Array, kind: number, place: Uint8Array, plaintext: Uint8Array): Buffer {
  const header = Buffer.concat([Buffer.from([1, 2, kind, 0, 0, 0, 1]), randomBytes(24)])
  const length = Buffer.alloc(2)
  length.writeUInt16BE(place.length)
  const okm = split(key, labels.box, header, length, place)
  const whole = Buffer.concat([header, okm.subarray(32)])
  const sealed = Buffer.alloc(plaintext.length + 16)
  const boxKey = createSecretKey(okm.subarray(0, 32))
  gcmSeal(boxKey, Buffer.alloc(12), Buffer.concat([whole, place]), [plaintext], sealed, 0)
  return Buffer.concat([whole, sealed])
}

/** `u32 length ‖ data ‖ filler`, `total` bytes in all. */
function plaintextOf(length: number, data: Uint8Array, total: number, filler = 0): Buffer {
  const plaintext = Buffer.alloc(total, filler)
  plaintext.writeUInt32BE(length)
  plaintext.set(data, 4)
  return plaintext
}

export function boxVectors(): readonly Vector[] {
  const key = randomBytes(32)
  const account = makeId()
  const mailbox = makeId()
  const place = messagePlace(account, mailbox, 1_700_000_000, 42)
  const data = Buffer.from('A short record. Its length is hidden up to 60 bytes.')
  const long = numberedLines(3000)
  const box = sealBox(key, message, 7, place, data)
  const longBox = sealBox(key, message, 7, place, long)
  const about = { open: 'box', key, kind: message, place }
  const refused = (name: string, bytes: Uint8Array, changes: object = {}): Vector =>
    scenario(name, 'damaged', { ...about, ...changes }, bytes)

  const sizes = [0, 1, 59, 60, 61, 1019, 1020, 1021, 65_532].map((length) => {
    const text = numberedLines(length)
    return scenario(
      `box-of-${length}-bytes`,
      'success',
      { ...about, ...gives(text) },
      sealBox(key, message, 1, place, text),
    )
  })
  const exact = Buffer.from('four')
  return [
    ...sizes,
    scenario('box-suite-1', 'success', { ...about, ...gives(data) }, box),
    scenario('box-suite-2', 'success', { ...about, ...gives(long) }, longBox),
    scenario(
      'box-suite-2-though-short',
      'success',
      { ...about, ...gives(exact) },
      boxOf(key, message, place, plaintextOf(4, exact, 64)),
    ),
    scenario('box-version-2', 'unsupported', about, put(box, 0, Buffer.from([2]))),
    scenario('box-version-0', 'unsupported', about, put(box, 0, Buffer.from([0]))),
    scenario('box-suite-3', 'unsupported', about, put(box, 1, Buffer.from([3]))),
    refused('box-suite-exchanged', put(box, 1, Buffer.from([2]))),
    refused('box-kind-changed', put(box, 2, Buffer.from([logEntry]))),
    refused('box-kind-changed-and-asked-for', put(box, 2, Buffer.from([logEntry])), { kind: logEntry }),
    refused('box-of-another-kind', box, { kind: logEntry }),
    refused('box-epoch-changed', flip(box, 6)),
    refused('box-salt-flipped', flip(box, 7)),
    refused('box-salt-end-flipped', flip(box, 30)),
    refused('box-commitment-flipped', flip(box, 31)),
    refused('box-ciphertext-flipped', flip(box, 63)),
    refused('box-tag-flipped', flip(box, -1)),
    refused('box-long-ciphertext-flipped', flip(longBox, 63)),
    refused('box-long-tag-flipped', flip(longBox, -1)),
    refused('box-truncated', box.subarray(0, -1)),
    refused('box-lengthened', Buffer.concat([box, Buffer.alloc(1)])),
    refused('box-header-only', box.subarray(0, 63)),
    refused('box-empty', Buffer.alloc(0)),
    refused('box-under-another-key', box, { key: randomBytes(32) }),
    refused('box-moved-to-another-account', box, {
      place: messagePlace(makeId(), mailbox, 1_700_000_000, 42),
    }),
    refused('box-moved-to-another-mailbox', box, {
      place: messagePlace(account, makeId(), 1_700_000_000, 42),
    }),
    refused('box-moved-to-another-uid-validity', box, {
      place: messagePlace(account, mailbox, 1_700_000_001, 42),
    }),
    refused('box-moved-to-another-uid', box, { place: messagePlace(account, mailbox, 1_700_000_000, 43) }),
    refused('box-padding-not-zero', boxOf(key, message, place, plaintextOf(4, exact, 64, 1))),
    refused('box-padded-too-far', boxOf(key, message, place, plaintextOf(4, exact, 72))),
    refused('box-not-padded', boxOf(key, message, place, plaintextOf(4, exact, 8))),
    refused('box-length-beyond-end', boxOf(key, message, place, plaintextOf(61, exact, 64))),
    refused('box-length-immense', boxOf(key, message, place, plaintextOf(0xffff_ffff, exact, 64))),
    refused('box-too-long', boxOf(key, message, place, plaintextOf(65_533, exact, 67_584))),
    refused('box-without-plaintext', boxOf(key, message, place, Buffer.alloc(0))),
    ...capsuleVectors(),
  ]
}

function capsuleVectors(): readonly Vector[] {
  const seed = makeKemSeed()
  const account = makeId()
  const blob = makeId()
  const place = arrivalPlace(account, blob)
  const data = Buffer.from('what arrived')
  const publicKey = kemPublicKey(seed)
  const capsule = sealCapsule(publicKey, arrival, 3, place, data)
  const other = sealCapsule(publicKey, arrival, 3, place, data)
  const about = { open: 'capsule', seed, kind: arrival, place }
  const refused = (name: string, bytes: Uint8Array, changes: object = {}): Vector =>
    scenario(name, 'damaged', { ...about, ...changes }, bytes)
  return [
    scenario('capsule', 'success', { ...about, ...gives(data) }, capsule),
    scenario('public-key-of-a-seed', 'success', { open: 'public key', ...gives(publicKey) }, seed),
    scenario('capsule-box-version-2', 'unsupported', about, put(capsule, 1120, Buffer.from([2]))),
    refused('capsule-for-another-key', capsule, { seed: makeKemSeed() }),
    refused('capsule-mlkem-part-flipped', flip(capsule, 0)),
    refused('capsule-x25519-part-flipped', flip(capsule, 1119)),
    refused('capsule-x25519-part-zero', put(capsule, 1088, Buffer.alloc(32))),
    refused('capsule-box-flipped', flip(capsule, -1)),
    refused('capsule-moved-to-another-blob', capsule, { place: arrivalPlace(account, makeId()) }),
    refused('capsule-moved-to-another-account', capsule, { place: arrivalPlace(makeId(), blob) }),
    refused('capsule-as-recovery-header', capsule, {
      place: recoveryPlace(account, blob),
      kind: boxKinds.recoveryHeader,
    }),
    refused('capsule-ciphertext-of-another', put(other, 0, capsule.subarray(0, 1120))),
    refused('capsule-without-box', capsule.subarray(0, 1120)),
    refused('capsule-truncated', capsule.subarray(0, 1119)),
    refused('capsule-empty', Buffer.alloc(0)),
  ]
}
