// The record of when app passwords were last used (FORMAT.md §9.14), sealed.
import { ByteReader, ByteWriter, fromHex, hex } from '../base/bytes.ts'
import { boxEpoch, boxKinds, openBox, sealBox } from '../crypto/box.ts'
import { slotUsePlace } from '../crypto/places.ts'
import { isDamage } from './refusing.ts'
import { decoded } from './replay.ts'
import type { Vault } from './vault.ts'
import { Damage } from './errors.ts'

export interface SlotUse {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly remoteAddress: string
  /** What the client called itself; empty when it did not. */
  readonly client: string
}

/** By the slot's identifier in hexadecimal. */
export type SlotUseTable = ReadonlyMap<string, SlotUse>

export function sealSlotUses(vault: Vault, uses: SlotUseTable): Buffer {
  const to = new ByteWriter().u8(1).u8(uses.size)
  for (const [slot, { at, remoteAddress, client }] of uses)
    to.fixed(fromHex(slot)).i64(at).text16(remoteAddress).text16(client)
  const { slotUseKey } = vault.root()
  return sealBox(slotUseKey, boxKinds.slotUse, vault.epoch, slotUsePlace(vault.account), to.finish())
}

/** Throws Damage, Corrupt, UnsupportedVersion. */
export function openSlotUses(vault: Vault, sealed: Uint8Array): SlotUseTable {
  const { slotUseKey } = vault.root(boxEpoch(sealed))
  const data = openBox(slotUseKey, boxKinds.slotUse, slotUsePlace(vault.account), sealed)
  return decoded('slot use', () => {
    const from = new ByteReader(data)
    if (from.u8() !== 1) throw new Damage('slot use of an unknown version')
    const uses = new Map<string, SlotUse>()
    for (let count = from.u8(); count > 0; count -= 1) {
      const slot = hex(from.fixed(16))
      uses.set(slot, { at: from.i64(), remoteAddress: from.text16(), client: from.text16() })
    }
    from.end()
    return uses
  })
}

/** As `openSlotUses`; one that is missing or does not open is as good as empty: nobody is kept from their mail by it. */
export function slotUsesOrNone(vault: Vault, sealed: Uint8Array | undefined): SlotUseTable {
  if (!sealed) return new Map()
  try {
    return openSlotUses(vault, sealed)
  } catch (error) {
    if (isDamage(error)) return new Map()
    throw error
  }
}
