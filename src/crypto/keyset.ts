// The keyset (FORMAT.md §7): per epoch, the seed of the delivery key and the root of the metadata keys.
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { secretCopy } from '../base/secret.ts'
import { boxKinds, openBox, sealBox } from './box.ts'
import { Corrupt, UnsupportedVersion } from './errors.ts'
import { makeKemSeed } from './kem.ts'
import { labels } from './labels.ts'
import { keysetPlace } from './places.ts'
import { derive } from './primitives.ts'
import { randomBytes } from './random.ts'

export interface KeysetEpoch {
  readonly epoch: number
  /** X-Wing seed of the delivery key, 32 bytes. */
  readonly kemSeed: Buffer
  /** 32 bytes. */
  readonly root: Buffer
}

/** Keys of an account. Whoever holds one wipes it with `wipeKeyset`; two keysets never share memory. */
export interface Keyset {
  readonly version: number
  /** Ascending; the last one is current. Never empty. */
  readonly epochs: readonly KeysetEpoch[]
}

const formatVersion = 1

function makeEpoch(epoch: number): KeysetEpoch {
  return { epoch, kemSeed: makeKemSeed(), root: randomBytes(32) }
}

function copyEpoch({ epoch, kemSeed, root }: KeysetEpoch): KeysetEpoch {
  return { epoch, kemSeed: secretCopy(kemSeed), root: secretCopy(root) }
}

/** The keyset of a new account: version 1, epoch 1. */
export function makeKeyset(): Keyset {
  return { version: 1, epochs: [makeEpoch(1)] }
}

/** The epoch under which everything new is sealed. */
export function currentEpoch(keyset: Keyset): KeysetEpoch {
  const last = keyset.epochs.at(-1)
  if (!last) throw new Corrupt('keyset')
  return last
}

/** The next version, with a new epoch: a rotation begins. */
export function addEpoch(keyset: Keyset): Keyset {
  const epochs = [...keyset.epochs.map(copyEpoch), makeEpoch(currentEpoch(keyset).epoch + 1)]
  return { version: keyset.version + 1, epochs }
}

/** The next version, with the current epoch only: a rotation ends, and what it left behind cannot be opened any more. */
export function dropOldEpochs(keyset: Keyset): Keyset {
  return { version: keyset.version + 1, epochs: [copyEpoch(currentEpoch(keyset))] }
}

/** Overwrites all keys with zeros. */
export function wipeKeyset(keyset: Keyset): void {
  for (const { kemSeed, root } of keyset.epochs) {
    kemSeed.fill(0)
    root.fill(0)
  }
}

/** The keyset record. */
export function sealKeyset(
  account: Uint8Array,
  keyset: Keyset,
  volumeKey: Uint8Array,
  vkVersion: number,
): Buffer {
  const writer = new ByteWriter().u8(formatVersion).u32(keyset.version).u16(keyset.epochs.length)
  for (const { epoch, kemSeed, root } of keyset.epochs) writer.u32(epoch).fixed(kemSeed).fixed(root)
  const data = writer.finish()
  const key = derive(volumeKey, labels.keyset)
  try {
    return sealBox(key, boxKinds.keyset, 0, keysetPlace(account, vkVersion), data)
  } finally {
    key.fill(0)
    data.fill(0)
  }
}

/** Opens the keyset record. Throws Corrupt, UnsupportedVersion. */
export function openKeyset(
  account: Uint8Array,
  bytes: Uint8Array,
  volumeKey: Uint8Array,
  vkVersion: number,
): Keyset {
  const key = derive(volumeKey, labels.keyset)
  let data: Buffer | undefined
  try {
    data = openBox(key, boxKinds.keyset, keysetPlace(account, vkVersion), bytes)
    return decodeKeyset(data)
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Corrupt('keyset', { cause: error })
    throw error
  } finally {
    key.fill(0)
    data?.fill(0)
  }
}

function decodeKeyset(data: Buffer): Keyset {
  const reader = new ByteReader(data)
  if (reader.u8() !== formatVersion) throw new UnsupportedVersion('keyset')
  const version = reader.u32()
  const count = reader.u16()
  if (count === 0 || reader.remaining !== count * 68) throw new Corrupt('keyset')
  const epochs = Array.from({ length: count }, () =>
    copyEpoch({ epoch: reader.u32(), kemSeed: reader.fixed(32), root: reader.fixed(32) }),
  )
  reader.end()
  const ascends = epochs.every(({ epoch }, index) => epoch > (epochs[index - 1]?.epoch ?? 0))
  if (!ascends) throw new Corrupt('keyset')
  return { version, epochs }
}
