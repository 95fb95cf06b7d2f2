// Public records that the site vouches for (FORMAT.md §8.10): readable without any key, and nobody else's making.
import { Corrupt } from './errors.ts'
import { labels } from './labels.ts'
import { equalSecret, mac } from './primitives.ts'
import type { SiteKey } from './site-key.ts'

const macBytes = 32

/** Which record it is; one does not pass for another. */
export type VouchedRecord = 'publicKeys' | 'publicKeyNotices'

/** The record: `body` and the site's MAC of it. */
export function vouched(
  siteKey: SiteKey,
  record: VouchedRecord,
  account: Uint8Array,
  body: Uint8Array,
): Buffer {
  return Buffer.concat([body, mac(siteKey.macKey, labels[record], account, body)])
}

/**
 * The same record with this site's word for it. Only for one that another site vouched for, and that is known to be genuine by other means: its
 * MAC is not looked at.
 */
export function vouchedAnew(
  siteKey: SiteKey,
  record: VouchedRecord,
  account: Uint8Array,
  bytes: Uint8Array,
): Buffer {
  return vouched(siteKey, record, account, bytes.subarray(0, Math.max(0, bytes.length - macBytes)))
}

/** The body of a record, a view. Throws Corrupt when it is damaged, another account's, or another site's. */
export function openVouched(
  siteKey: SiteKey,
  record: VouchedRecord,
  account: Uint8Array,
  bytes: Uint8Array,
): Uint8Array {
  const body = bytes.subarray(0, Math.max(0, bytes.length - macBytes))
  const expected = mac(siteKey.macKey, labels[record], account, body)
  if (!equalSecret(bytes.subarray(body.length), expected)) throw new Corrupt('public keys')
  return body
}
