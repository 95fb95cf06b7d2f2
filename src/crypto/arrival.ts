// The frame of an arrival (FORMAT.md §8.2): a sealed message in the drop box, vouched for by the site.
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { Corrupt, UnsupportedVersion } from './errors.ts'
import { labels } from './labels.ts'
import { equalSecret, mac } from './primitives.ts'
import type { SiteKey } from './site-key.ts'

export interface ArrivalFrame {
  /** The version of the account that this arrival makes. */
  readonly accountVersion: number
  /** Chain head before it, 32 bytes. */
  readonly previousHead: Buffer
  /** 16 bytes. */
  readonly blob: Buffer
  /** §5, kind 4, at `arrivalPlace(account, blob)`. */
  readonly capsule: Buffer
}

const version = 1
const macBytes = 32

/** The record's value. */
export function frameArrival(siteKey: SiteKey, account: Uint8Array, frame: ArrivalFrame): Buffer {
  if (frame.previousHead.length !== 32 || frame.blob.length !== 16) throw new RangeError('wrong length')
  const before = new ByteWriter()
    .u8(version)
    .u64(frame.accountVersion)
    .fixed(frame.previousHead)
    .fixed(frame.blob)
    .bytes32(frame.capsule)
    .finish()
  return Buffer.concat([before, mac(siteKey.macKey, labels.arrival, account, before)])
}

/**
 * Reads an arrival, as views on `bytes`. Without a site key the MAC is not checked (a reader that holds only the
 * owner's keys). Throws Corrupt, UnsupportedVersion.
 */
export function readArrival(
  siteKey: SiteKey | undefined,
  account: Uint8Array,
  bytes: Uint8Array,
): ArrivalFrame {
  try {
    const reader = new ByteReader(bytes)
    if (reader.u8() !== version) throw new UnsupportedVersion('arrival')
    const frame = {
      accountVersion: reader.u64(),
      previousHead: reader.fixed(32),
      blob: reader.fixed(16),
      capsule: reader.bytes32(),
    }
    const given = reader.fixed(macBytes)
    reader.end()
    if (siteKey) {
      const expected = mac(
        siteKey.macKey,
        labels.arrival,
        account,
        bytes.subarray(0, bytes.length - macBytes),
      )
      if (!equalSecret(given, expected)) throw new Corrupt('arrival')
    }
    return frame
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Corrupt('arrival', { cause: error })
    throw error
  }
}
