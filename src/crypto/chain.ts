// The hash chain over an account's log (FORMAT.md §9.1). Needs no key, so that arrivals extend it while locked.
import { u32, u64 } from '../base/bytes.ts'
import { labels } from './labels.ts'
import { H } from './primitives.ts'

/** Head of an account without entries. */
export const emptyHead: Readonly<Buffer> = Buffer.alloc(32)

/** Head after the entry `entryValue` (the stored bytes) at `version`. */
export function nextHead(
  account: Uint8Array,
  version: number,
  previousHead: Uint8Array,
  entryValue: Uint8Array,
): Buffer {
  return nextHeadFromDigest(account, version, previousHead, H(entryValue))
}

/** The same from the entry's SHA-256, for entries that are gone and whose digest was kept. */
export function nextHeadFromDigest(
  account: Uint8Array,
  version: number,
  previousHead: Uint8Array,
  digest: Uint8Array,
): Buffer {
  if (account.length !== 16 || previousHead.length !== 32 || digest.length !== 32) {
    throw new RangeError('wrong length')
  }
  return H(labels.chain, account, u64(version), previousHead, digest)
}

/** Head of the trail's own chain (FORMAT.md §9.10) after the entry whose data is `entry`. */
export function nextTrailHead(
  account: Uint8Array,
  number: number,
  previousHead: Uint8Array,
  entry: Uint8Array,
): Buffer {
  if (account.length !== 16 || previousHead.length !== 32) throw new RangeError('wrong length')
  return H(labels.trailChain, account, u32(number), previousHead, H(entry))
}
