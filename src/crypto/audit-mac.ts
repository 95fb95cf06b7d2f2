// What authenticates a line of the site's audit log (FORMAT.md §12).
import { labels } from './labels.ts'
import { mac } from './primitives.ts'
import type { SiteKey } from './site-key.ts'

/** 64 hexadecimal digits over the line's bytes before its MAC. */
export function auditMac(siteKey: SiteKey, line: Uint8Array): string {
  return mac(siteKey.macKey, labels.audit, line).toString('hex')
}
