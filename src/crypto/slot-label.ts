// What a slot's sealed label says (FORMAT.md §6): the owner's name for it, and of an app password where and how long it is good.
import { ByteReader, ByteWriter, MalformedRecord, utf8 } from '../base/bytes.ts'
import { Corrupt, UnsupportedVersion } from './errors.ts'

/** Where an app password may be used. */
export type SlotProtocol = 'imap' | 'submission'

export interface SlotLabel {
  readonly name: string
  readonly protocols: readonly SlotProtocol[]
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined
}

const version = 2
const bits: Readonly<Record<SlotProtocol, number>> = { imap: 1, submission: 2 }
export const slotProtocols: readonly SlotProtocol[] = ['imap', 'submission']

/** The most bytes of a name: all labels then take the same room. */
export const slotNameBytes = 50

/** Throws RangeError for a name that is too long. */
export function encodeSlotLabel({ name, protocols, expiresAt }: SlotLabel): Buffer {
  const bytes = utf8(name)
  if (bytes.length > slotNameBytes) throw new RangeError('the name of a slot is too long')
  const allowed = protocols.reduce((sum, protocol) => sum | bits[protocol], 0)
  return new ByteWriter()
    .u8(version)
    .u8(allowed)
    .u64(expiresAt ?? 0)
    .fixed(bytes)
    .finish()
}

/** What a label of either version says. Throws Corrupt, UnsupportedVersion. */
export function decodeSlotLabel(label: Uint8Array): SlotLabel {
  const [first = 0x20] = label
  // Version 1 was the name alone, and no name begins with a control character.
  if (first >= 0x20) return { name: textOf(label), protocols: slotProtocols, expiresAt: undefined }
  if (first !== version) throw new UnsupportedVersion('slot label')
  try {
    const from = new ByteReader(label.subarray(1))
    const allowed = from.u8()
    const expires = from.u64()
    return {
      name: textOf(from.rest()),
      protocols: slotProtocols.filter((protocol) => (allowed & bits[protocol]) !== 0),
      expiresAt: expires === 0 ? undefined : expires,
    }
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Corrupt('slot label', { cause: error })
    throw error
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (error) {
    throw new Corrupt('slot label', { cause: error })
  }
}
