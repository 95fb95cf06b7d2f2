// Names for a message and for who has it that tell nothing to whoever has no site key (FORMAT.md §8.13).
import { sha256 } from './digest.ts'
import { labels } from './labels.ts'
import { mac } from './primitives.ts'
import type { SiteKey } from './site-key.ts'

export const holderBytes: number = 16

/** What the names of such records among the site's begin with. */
export const partialPrefix = 'partial-'

/** Of a message, by its sender and its octets. */
export function messageName(siteKey: SiteKey, sender: string, message: Uint8Array): string {
  const of = mac(siteKey.macKey, labels.partialName, Buffer.of(1), sha256(message), Buffer.from(sender))
  return of.subarray(0, 24).toString('base64url')
}

/** Of somebody who has the message of this name. */
export function holderName(siteKey: SiteKey, message: string, address: string): string {
  const of = mac(siteKey.macKey, labels.partialName, Buffer.of(2), Buffer.from(message), Buffer.from(address))
  return of.subarray(0, holderBytes).toString('hex')
}
