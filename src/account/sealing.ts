// Sealing mail to its owner's own keys before it is stored: which keys, whether they can be used, and what if not.
import { equalBytes } from '../base/bytes.ts'
import { notSealedField, withField } from '../pubkey/entity.ts'
import { UnusableKey } from '../pubkey/public-key.ts'
import { sealInThread } from '../pubkey/sealer.ts'
import { Overloaded, ThreadFault } from '../pubkey/seal-thread.ts'
import type { SmimeCipher } from '../pubkey/cms-seal.ts'
import { factNumbers } from './account-facts.ts'
import { Damage, Refusal } from './errors.ts'
import { sealingKey } from './keys.ts'
import { sealingDigest } from './sealing-expected.ts'
import { decodeSealing, type SealingRecord, type StoredKey } from './pubkey-codec.ts'
import type { Site, UnlockedAccount } from './unlocked-account.ts'

/** `[storage.encryption]`. */
export interface SiteSealing {
  readonly isEnabled: boolean
  /** What clients APPEND is sealed as well, where an account does not say otherwise. */
  readonly append: boolean
  readonly smimeCipher: SmimeCipher
}

export const defaultSealing: SiteSealing = { isEnabled: true, append: false, smimeCipher: 'auto' }

export const sealingOf = ({ sealing }: Site): SiteSealing => sealing ?? defaultSealing

/** Why mail is not sealed although its owner wants it to be. */
export type Trouble =
  | 'no-usable-key' // all are expired
  | 'refused-by-key' // the library does not seal to it any more
  | 'switched-off' // by the site

const words: Readonly<Record<Trouble, string>> = {
  'no-usable-key': 'every key has expired',
  'refused-by-key': 'nothing can be sealed to the keys any more',
  'switched-off': 'the site has switched sealing off',
}

export const troubleInWords = (trouble: Trouble): string => words[trouble]

/** Those that are in use at this moment: OpenPGP keys, or certificates where no OpenPGP key can be used. */
export function usableKeys(record: SealingRecord, now: number): readonly StoredKey[] {
  const valid = record.keys.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now)
  const openPgp = valid.filter(({ kind }) => kind === 'openpgp')
  return openPgp.length > 0 ? openPgp : valid
}

/** undefined: mail can be sealed, as far as one can tell without sealing any. */
export function troubleOf(site: Site, record: SealingRecord): Trouble | undefined {
  if (!sealingOf(site).isEnabled) return 'switched-off'
  return usableKeys(record, site.clock.now()).length > 0 ? undefined : 'no-usable-key'
}

/** Whether the owner would rather have mail stored without the second seal than not at all. A site that says no decides for them. */
export const isStoredMarked = (record: SealingRecord, trouble: Trouble): boolean =>
  trouble === 'switched-off' || record.settings.onTrouble === 'store-marked'

export interface Sealed {
  /** What is to be stored. */
  readonly message: Buffer
  /** It is not sealed, and says so. */
  readonly trouble: Trouble | undefined
}

/** No key can be used, and the owner's policy is to refuse: the sender tries again. */
export const noUsableKey = (trouble: Trouble): Refusal =>
  new Refusal('key-trouble', `Mail cannot be sealed to the owner’s key: ${troubleInWords(trouble)}`)

/**
 * The message as it is to be stored: sealed, or left alone because it is encrypted already. In trouble, marked or refused with
 * 'key-trouble', as the account has it. Refuses with 'busy', 'unavailable'. Never gives back an unmarked message that could be read.
 */
export async function sealForOwner(
  site: Site,
  record: SealingRecord,
  message: Buffer,
  options: { readonly isVerified?: boolean } = {},
): Promise<Sealed> {
  if (record.keys.length === 0) return { message, trouble: undefined }
  const trouble = troubleOf(site, record)
  if (trouble) return inTrouble(record, message, trouble)
  const now = site.clock.now()
  try {
    const sealed = await sealInThread(message, {
      keys: usableKeys(record, now).map(({ kind, fingerprint, bytes }) => ({ kind, fingerprint, bytes })),
      protectHeaders: record.settings.protectHeaders,
      smimeCipher: sealingOf(site).smimeCipher,
      isVerified: options.isVerified === true,
      now,
    })
    return { message: sealed ?? message, trouble: undefined }
  } catch (error) {
    if (error instanceof UnusableKey) return inTrouble(record, message, 'refused-by-key')
    if (error instanceof Overloaded)
      throw new Refusal('busy', 'Too much mail waits to be sealed', { cause: error })
    const reason = error instanceof ThreadFault ? error.message : 'fault'
    site.log.write('error', 'pubkey.seal-failed', { reason, bytes: message.length })
    throw new Refusal('unavailable', 'Mail cannot be sealed to the owner’s key now', { cause: error })
  }
}

function inTrouble(record: SealingRecord, message: Buffer, trouble: Trouble): Sealed {
  if (!isStoredMarked(record, trouble)) throw noUsableKey(trouble)
  return { message: withField(message, notSealedField, troubleInWords(trouble)), trouble }
}

/** The digest of the record that the account's log knows; undefined: it never had one. */
export function knownDigest({ state }: UnlockedAccount): Buffer | undefined {
  const known = state.facts.get(factNumbers.publicKeys)
  return known && known.length > 0 ? known : undefined
}

/** The record as stored. One that was swapped, put back or taken away since it was last changed by the owner is damage. */
export async function knownSealing(account: UnlockedAccount): Promise<Uint8Array | undefined> {
  const bytes = await account.read((snapshot) => snapshot.get(sealingKey))
  const known = knownDigest(account)
  if (!bytes && !known) return undefined
  if (!bytes || !known || !equalBytes(sealingDigest(bytes), known))
    throw new Damage('the public keys are not those that the owner gave')
  return bytes
}

/** What that record holds. */
export async function currentSealing(account: UnlockedAccount): Promise<SealingRecord | undefined> {
  const bytes = await knownSealing(account)
  return bytes && decodeSealing(account.site.siteKey, account.id, bytes)
}
