// The site's MAC of a directory entry (FORMAT.md §8.3): whoever writes the disk cannot make one up.
import { ByteWriter } from '../base/bytes.ts'
import { labels } from './labels.ts'
import { equalSecret, mac } from './primitives.ts'
import type { SiteKey } from './site-key.ts'

export const directoryMacBytes = 32

/** Over the address and all of the entry that stands before the MAC. */
export function directoryMac(siteKey: SiteKey, address: string, before: Uint8Array): Buffer {
  return mac(siteKey.macKey, labels.directory, new ByteWriter().text16(address).finish(), before)
}

/** Whether an entry's last 32 bytes are its MAC. */
export function isDirectoryMacRight(siteKey: SiteKey, address: string, entry: Uint8Array): boolean {
  const end = entry.length - directoryMacBytes
  return end >= 0 && equalSecret(directoryMac(siteKey, address, entry.subarray(0, end)), entry.subarray(end))
}
