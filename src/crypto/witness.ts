// A witness (FORMAT.md §9.18): how far an account was, remembered outside the store, so that an older copy of it is noticed.
import { ByteReader, ByteWriter, hex, MalformedRecord } from '../base/bytes.ts'
import { Corrupt, UnsupportedVersion } from './errors.ts'
import { labels } from './labels.ts'
import { equalSecret, mac } from './primitives.ts'

export interface Witness {
  /** 16 bytes. */
  readonly account: Uint8Array
  readonly version: number
  /** Head of the chain at that version, 32 bytes. */
  readonly head: Uint8Array
  /** Epoch of the keyset whose root the MAC's key comes from. */
  readonly epoch: number
  readonly keysetVersion: number
  readonly vkVersion: number
  /** H(slot list), 32 bytes. */
  readonly slotsDigest: Uint8Array
  /** Milliseconds since 1970. */
  readonly at: number
}

const magic = Buffer.from('LLWITNES')
const macBytes = 32

/** The file's bytes. `witnessKey` is the current epoch's. */
export function encodeWitness(witnessKey: Uint8Array, witness: Witness): Buffer {
  const before = new ByteWriter()
    .fixed(magic)
    .u8(1)
    .fixed(witness.account)
    .u64(witness.version)
    .fixed(witness.head)
    .u32(witness.epoch)
    .u32(witness.keysetVersion)
    .u32(witness.vkVersion)
    .fixed(witness.slotsDigest)
    .i64(witness.at)
    .finish()
  return Buffer.concat([before, mac(witnessKey, labels.witness, before)])
}

/** What a file says, not verified: the key may be one that the account does not have any more. Throws Corrupt, UnsupportedVersion. */
export function readWitness(account: Uint8Array, bytes: Uint8Array): Witness {
  try {
    const from = new ByteReader(bytes)
    if (!from.fixed(magic.length).equals(magic)) throw new Corrupt('witness')
    if (from.u8() !== 1) throw new UnsupportedVersion('witness')
    const witness = {
      account: Buffer.from(from.fixed(16)),
      version: from.u64(),
      head: Buffer.from(from.fixed(32)),
      epoch: from.u32(),
      keysetVersion: from.u32(),
      vkVersion: from.u32(),
      slotsDigest: Buffer.from(from.fixed(32)),
      at: from.i64(),
    }
    from.fixed(macBytes)
    from.end()
    if (hex(witness.account) !== hex(account)) throw new Corrupt('witness')
    return witness
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Corrupt('witness', { cause: error })
    throw error
  }
}

/** Whether the account wrote it, under the key of the epoch that it names. */
export function isWitnessGenuine(witnessKey: Uint8Array, bytes: Uint8Array): boolean {
  const end = bytes.length - macBytes
  return end > 0 && equalSecret(mac(witnessKey, labels.witness, bytes.subarray(0, end)), bytes.subarray(end))
}
