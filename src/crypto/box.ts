// Box (FORMAT.md §3): one small record, sealed under a key that may be long-lived, bound to its place.
import { createSecretKey, randomFillSync } from 'node:crypto'
import { asBuffer } from '../base/bytes.ts'
import { gcmOpen, gcmSeal } from './aes-gcm.ts'
import { Corrupt, UnsupportedVersion } from './errors.ts'
import { labels } from './labels.ts'
import { equalSecret, padme, split } from './primitives.ts'
import { xchachaOpen, xchachaSeal } from './sodium.ts'

/** What a box holds (FORMAT.md §3); part of what is authenticated. */
export const boxKinds = {
  volumeKey: 1,
  keyset: 2,
  slotLabel: 3,
  arrival: 4,
  logEntry: 6,
  manifest: 7,
  list: 8,
  message: 9,
  messagePage: 10,
  statePage: 11,
  recoveryHeader: 12,
  searchText: 13,
  trailEntry: 14,
  expungeHistory: 15,
  slotUse: 16,
  scramVerifier: 17,
  escrowShare: 24,
  sealedSiteKey: 18,
} as const

export type BoxKind = (typeof boxKinds)[keyof typeof boxKinds]

const version = 1
const suiteXChaCha = 1
const suiteGcm = 2
const saltAt = 7
const commitmentAt = 31
const headerBytes = 63
const tagBytes = 16
/** From this many bytes of padded plaintext on, AES-256-GCM is the faster one. */
const gcmFrom = 1024
const maxPlaintext = 65_536
const zeros = Buffer.alloc(4096)
const gcmNonce = Buffer.alloc(12)

/** The most data that one box takes, in bytes. */
export const maxBoxDataBytes: number = maxPlaintext - 4

const names = new Map<number, string>(Object.entries(boxKinds).map(([name, kind]) => [kind, name]))

function nameOf(kind: BoxKind): string {
  return `sealed record (${names.get(kind) ?? String(kind)})`
}

function paddedLength(dataBytes: number): number {
  return Math.max(64, padme(4 + dataBytes))
}

/** Length in bytes of the box that holds `dataBytes` bytes. */
export function boxLength(dataBytes: number): number {
  return headerBytes + paddedLength(dataBytes) + tagBytes
}

function keyAndCommitment(key: Uint8Array, header: Buffer, place: Uint8Array): Buffer {
  const placeLength = Buffer.allocUnsafe(2)
  placeLength.writeUInt16BE(place.length)
  return split(key, labels.box, header.subarray(0, commitmentAt), placeLength, place)
}

/** Seals up to 65,532 bytes. `epoch` is the keyset's epoch that `key` comes from, or 0. */
export function sealBox(
  key: Uint8Array,
  kind: BoxKind,
  epoch: number,
  place: Uint8Array,
  data: Uint8Array,
): Buffer {
  if (data.length > maxBoxDataBytes) throw new RangeError('too long for one box')
  const total = paddedLength(data.length)
  const box = Buffer.allocUnsafe(headerBytes + total + tagBytes)
  const suite = total < gcmFrom ? suiteXChaCha : suiteGcm
  box[0] = version
  box[1] = suite
  box[2] = kind
  box.writeUInt32BE(epoch, 3)
  randomFillSync(box, saltAt, 24)
  const okm = keyAndCommitment(key, box, place)
  okm.copy(box, commitmentAt, 32)
  const boxKey = okm.subarray(0, 32)
  const header = box.subarray(0, headerBytes)
  if (suite === suiteXChaCha) {
    const nonce = box.subarray(saltAt, commitmentAt)
    xchachaSeal(boxKey, nonce, [header, place], data, total, box, headerBytes)
  } else {
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32BE(data.length)
    const padding = zeros.subarray(0, total - 4 - data.length)
    const aad = Buffer.concat([header, place])
    gcmSeal(createSecretKey(boxKey), gcmNonce, aad, [length, data, padding], box, headerBytes)
  }
  okm.fill(0)
  return box
}

/** Opens a box: a buffer of its own. Throws Corrupt (also when the key or the place is another) or UnsupportedVersion. */
export function openBox(key: Uint8Array, kind: BoxKind, place: Uint8Array, sealed: Uint8Array): Buffer {
  const box = asBuffer(sealed)
  if (box.length < headerBytes + tagBytes) throw new Corrupt(nameOf(kind))
  const suite = box[1]
  if (box[0] !== version || (suite !== suiteXChaCha && suite !== suiteGcm)) {
    throw new UnsupportedVersion(nameOf(kind))
  }
  if (box[2] !== kind) throw new Corrupt(nameOf(kind))
  const okm = keyAndCommitment(key, box, place)
  const boxKey = okm.subarray(0, 32)
  try {
    if (!equalSecret(okm.subarray(32), box.subarray(commitmentAt, headerBytes))) {
      throw new Corrupt(nameOf(kind))
    }
    const header = box.subarray(0, headerBytes)
    const plaintext =
      suite === suiteXChaCha
        ? xchachaOpen(boxKey, box.subarray(saltAt, commitmentAt), [header, place], box.subarray(headerBytes))
        : gcmOpen(
            createSecretKey(boxKey),
            gcmNonce,
            Buffer.concat([header, place]),
            box.subarray(headerBytes),
          )
    return unpad(plaintext, kind)
  } finally {
    okm.fill(0)
  }
}

function unpad(plaintext: Buffer | undefined, kind: BoxKind): Buffer {
  if (plaintext === undefined || plaintext.length < 4) throw new Corrupt(nameOf(kind))
  const end = 4 + plaintext.readUInt32BE(0)
  if (
    end <= plaintext.length &&
    plaintext.length <= maxPlaintext &&
    paddedLength(end - 4) === plaintext.length &&
    plaintext.compare(zeros, 0, plaintext.length - end, end) === 0
  ) {
    return plaintext.subarray(4, end)
  }
  plaintext.fill(0)
  throw new Corrupt(nameOf(kind))
}

/** The kind that a box names, when its form is that of a box: for a look without keys. */
export function boxForm(box: Uint8Array): number | undefined {
  const total = box.length - headerBytes - tagBytes
  const hasForm = box[0] === version && (box[1] === suiteXChaCha || box[1] === suiteGcm)
  return hasForm && total <= maxPlaintext && total >= 64 && padme(total) === total ? box[2] : undefined
}

/** The epoch that a box names, before it is opened: it says which key to take. Throws Corrupt, UnsupportedVersion. */
export function boxEpoch(box: Uint8Array): number {
  if (box.length < headerBytes + tagBytes) throw new Corrupt('sealed record')
  if (box[0] !== version) throw new UnsupportedVersion('sealed record')
  return asBuffer(box).readUInt32BE(3)
}

/** The kind that a box says it is of, before it is opened. Throws Corrupt, UnsupportedVersion. */
export function boxKind(box: Uint8Array): number {
  boxEpoch(box)
  return box[2] ?? 0
}
