// Which record of own keys an account has, as its directory entry says: so that a delivery, which has no key of the account, notices another one or none (FORMAT.md §8.10).
import { equalBytes, MalformedRecord } from '../base/bytes.ts'
import { sha256 } from '../crypto/digest.ts'
import { changeField, presentEntry, type EntryHome } from './directory-edit.ts'
import { findEntry, type DirectoryEntry } from './directory.ts'
import { entryField, fieldOf, type EntryField } from './directory-fields.ts'
import { Damage, Refusal } from './errors.ts'
import { sealingKey } from './keys.ts'
import { isDamage } from './refusing.ts'

/** The record is missing, not the one that was expected, or not of this site: no mail may be stored that was to be sealed. */
export class SealingDamage extends Damage {}

const digestBytes = 32

/** What stands for having no record. */
const noRecord: Buffer = Buffer.alloc(digestBytes)

/** What an account's log, and its directory entry, know of its record. */
export const sealingDigest = (bytes: Uint8Array | undefined): Buffer => (bytes ? sha256(bytes) : noRecord)

/** Digests of the records that may be the account's: two of them while it is being changed; none where nobody has settled it yet. */
export const expectedField: EntryField<readonly Buffer[]> = entryField<readonly Buffer[]>('sealing', {
  standard: [],
  decode(from) {
    const count = from.u8()
    if (count < 1 || count > 2) throw new MalformedRecord('own keys of an unknown number')
    return Array.from({ length: count }, () => Buffer.from(from.fixed(digestBytes)))
  },
  encode(to, digests) {
    if (digests.length === 0) return
    to.u8(digests.length)
    for (const digest of digests) to.fixed(digest)
  },
})

/** Whether this may be the account's record. Of an account that was given its keys by an older version the entry says nothing. */
export function isExpected({ fields }: DirectoryEntry, bytes: Uint8Array | undefined): boolean {
  const expected = fieldOf(fields, expectedField)
  const digest = sealingDigest(bytes)
  return expected.length === 0 || expected.some((each) => equalBytes(each, digest))
}

/** How often what was read is compared again because the entry was changed meanwhile. */
const triesAtMost = 20

/**
 * What `read` finds, once its record is one that the account's entry expects. `entry` was read before. Throws SealingDamage when it is another
 * one, and the entry is the same as before: then nobody was changing it.
 */
export async function readExpected<T extends { readonly sealingBytes: Uint8Array | undefined }>(
  home: EntryHome,
  entry: DirectoryEntry,
  read: () => Promise<T>,
): Promise<T> {
  let expecting = entry
  for (let tries = 0; tries < triesAtMost; tries += 1) {
    const found = await read()
    if (isExpected(expecting, found.sealingBytes)) return found
    const present = await presentEntry(home, entry)
    if (equalBytes(present.bytes, expecting.bytes))
      throw new SealingDamage('the public keys are not those that the directory names')
    expecting = present
  }
  throw new Refusal('busy', 'The keys of the account are being changed')
}

/**
 * For an account that was just put back from a backup: what is stored is what is expected from here on. Until then its mail is deferred; so it is
 * where its entry is damaged, or after a crash, until the next unlock.
 */
export async function expectRestored(home: EntryHome, address: string): Promise<void> {
  try {
    const entry = await findEntry(home, address)
    if (!entry) return
    const bytes = await home.store.read(entry.account, (snapshot) => snapshot.get(sealingKey))
    if (!bytes && fieldOf(entry.fields, expectedField).length === 0) return
    await changeField(home, entry, expectedField, () => [sealingDigest(bytes)])
  } catch (error) {
    if (!isDamage(error)) throw error
  }
}

/** The account and where its entry is, as of an unlocked account. */
export interface Owned {
  readonly site: EntryHome
  readonly id: Buffer
  readonly address: string
}

async function entryOf({ site, id, address }: Owned): Promise<DirectoryEntry | undefined> {
  const entry = await findEntry(site, address)
  return entry?.account.equals(id) ? entry : undefined
}

/** Whether the account's entry names just this record. */
export async function isNamed(owned: Owned, bytes: Uint8Array): Promise<boolean> {
  const entry = await entryOf(owned)
  const digest = sealingDigest(bytes)
  return entry !== undefined && fieldOf(entry.fields, expectedField).some((each) => equalBytes(each, digest))
}

/** Before the record is changed: either may be found from here on. Refuses with 'no-such-account'. */
export async function expectEither(
  owned: Owned,
  present: Uint8Array | undefined,
  next: Uint8Array,
): Promise<void> {
  const entry = await entryOf(owned)
  if (!entry) throw new Refusal('no-such-account', 'No such account')
  await changeField(owned.site, entry, expectedField, () => [sealingDigest(present), sealingDigest(next)])
}

/** What an entry said before it was settled. */
export type Settled = 'same' | 'unsettled' | 'other'

/**
 * Has the entry name the record that the account's log knows (`known`: its digest), and no other. Resolves to 'other' when it did not name that
 * one at all: it is older than the account, or was put back. Only while no commit runs.
 */
export async function settleExpected(owned: Owned, known: Uint8Array | undefined): Promise<Settled> {
  const entry = await entryOf(owned)
  if (!entry) return 'same'
  const digest = known ?? noRecord
  const present = fieldOf(entry.fields, expectedField)
  const [first] = present
  // An account that never had keys of its own needs no such field.
  if (!first && !known) return 'same'
  if (first && present.length === 1 && equalBytes(first, digest)) return 'same'
  const isNamed = present.some((each) => equalBytes(each, digest))
  await changeField(owned.site, entry, expectedField, () => [Buffer.from(digest)])
  return isNamed || !first ? 'unsettled' : 'other'
}
