// The site's MAC of a backup's manifest (FORMAT.md §8.8): which site made it, and that nobody changed it since.
import { labels } from './labels.ts'
import { equalSecret, mac } from './primitives.ts'
import type { SiteKey } from './site-key.ts'

export function backupMac(siteKey: SiteKey, manifest: Uint8Array): Buffer {
  return mac(siteKey.macKey, labels.backup, manifest)
}

export function isBackupMac(siteKey: SiteKey, manifest: Uint8Array, given: Uint8Array): boolean {
  return equalSecret(backupMac(siteKey, manifest), given)
}
