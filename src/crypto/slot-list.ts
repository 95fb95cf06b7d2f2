// The slot list (FORMAT.md §6): all slots of an account, authenticated under the volume key that they seal.
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { Corrupt, UnsupportedVersion } from './errors.ts'
import { labels } from './labels.ts'
import { derive, equalSecret, H, mac } from './primitives.ts'
import { leastSlotBytes, readSlot, writeSlot, type Slot } from './slot-codec.ts'

export interface SlotList {
  /** Version of the volume key that all slots seal. */
  readonly vkVersion: number
  readonly slots: readonly Slot[]
}

const version = 1
const macBytes = 32
/** The most slots in one list. */
export const maxSlots = 24

function listMac(account: Uint8Array, before: Uint8Array, volumeKey: Uint8Array): Buffer {
  const key = derive(volumeKey, labels.slotList)
  const value = mac(key, labels.slotList, account, before)
  key.fill(0)
  return value
}

/** The list's bytes with its MAC. */
export function encodeSlotList(account: Uint8Array, list: SlotList, volumeKey: Uint8Array): Buffer {
  if (list.slots.length > maxSlots) throw new RangeError('too many slots')
  const writer = new ByteWriter().u8(version).u32(list.vkVersion).u16(list.slots.length)
  for (const slot of list.slots) writeSlot(writer, slot)
  const before = writer.finish()
  return Buffer.concat([before, listMac(account, before, volumeKey)])
}

/** Reads a list without trusting it: enough to try a secret on its slots. Throws Corrupt, UnsupportedVersion. */
export function decodeSlotList(bytes: Uint8Array): SlotList {
  try {
    const reader = new ByteReader(bytes)
    if (reader.u8() !== version) throw new UnsupportedVersion('slot list')
    const vkVersion = reader.u32()
    const count = reader.u16()
    if (count > maxSlots || reader.remaining < count * leastSlotBytes + macBytes)
      throw new Corrupt('slot list')
    const slots = Array.from({ length: count }, () => readSlot(reader))
    reader.fixed(macBytes)
    reader.end()
    if (new Set(slots.map((slot) => slot.id.toString('hex'))).size !== count) throw new Corrupt('slot list')
    return { vkVersion, slots }
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Corrupt('slot list', { cause: error })
    throw error
  }
}

/** Must be called as soon as the volume key is known, before anything of the list is trusted. Throws Corrupt. */
export function verifySlotList(account: Uint8Array, bytes: Uint8Array, volumeKey: Uint8Array): SlotList {
  const list = decodeSlotList(bytes)
  const end = bytes.length - macBytes
  if (!equalSecret(listMac(account, bytes.subarray(0, end), volumeKey), bytes.subarray(end))) {
    throw new Corrupt('slot list')
  }
  return list
}

/** What the manifest and the log remember of a list: SHA-256 of its bytes. */
export function slotListDigest(bytes: Uint8Array): Buffer {
  return H(bytes)
}
