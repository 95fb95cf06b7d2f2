// Public records that the site vouches for (FORMAT.md §8.10 to §8.13): readable without any key, and nobody else's making.
import { Corrupt } from './errors.ts'
import { labels } from './labels.ts'
import { equalSecret, mac } from './primitives.ts'
import type { SiteKey } from './site-key.ts'

const macBytes = 32

/** Which record it is; one does not pass for another. */
export type VouchedRecord = 'publicKeys' | 'publicKeyNotices' | 'alias' | 'domain' | 'site' | 'partial'

/** How many bytes of a record are its MAC. */
export const vouchedMacBytes: number = macBytes

const inWords: Readonly<Record<VouchedRecord, string>> = {
  publicKeys: 'public keys',
  publicKeyNotices: 'public keys',
  alias: 'alias',
  domain: 'domain',
  site: 'record of the site key',
  partial: 'record of who has a message',
}

/** The record: `body` and the site's MAC of it. `owner`: the account, or what else it belongs to. */
export function vouched(
  siteKey: SiteKey,
  record: VouchedRecord,
  owner: Uint8Array,
  body: Uint8Array,
): Buffer {
  return Buffer.concat([body, mac(siteKey.macKey, labels[record], owner, body)])
}

/**
 * The same record with this site's word for it. Only for one that another site vouched for, and that is known to be genuine by other means: its
 * MAC is not looked at.
 */
export function vouchedAnew(
  siteKey: SiteKey,
  record: VouchedRecord,
  owner: Uint8Array,
  bytes: Uint8Array,
): Buffer {
  return vouched(siteKey, record, owner, bytes.subarray(0, Math.max(0, bytes.length - macBytes)))
}

/** The body of a record, a view. Throws Corrupt when it is damaged, another owner's, or another site's. */
export function openVouched(
  siteKey: SiteKey,
  record: VouchedRecord,
  owner: Uint8Array,
  bytes: Uint8Array,
): Uint8Array {
  const body = bytes.subarray(0, Math.max(0, bytes.length - macBytes))
  const expected = mac(siteKey.macKey, labels[record], owner, body)
  if (!equalSecret(bytes.subarray(body.length), expected)) throw new Corrupt(inWords[record])
  return body
}
