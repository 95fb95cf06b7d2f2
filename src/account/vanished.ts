// What vanished from a mailbox since a MODSEQ (RFC 7162 §3.2.6): reads and writes the record of its expunge history (FORMAT.md §9.8).
import { equalBytes } from '../base/bytes.ts'
import { boxEpoch, boxKinds, openBox, sealBox } from '../crypto/box.ts'
import { sha256 } from '../crypto/digest.ts'
import { expungedPlace } from '../crypto/places.ts'
import type { Snapshot } from '../store/store.ts'
import { Damage } from './errors.ts'
import { decodeExpunges, encodeExpunges, type ExpungeRecord } from './expunge-history.ts'
import { expungedKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { isDamage } from './refusing.ts'
import { decoded } from './replay.ts'
import { within, type UidRange } from './uid-ranges.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import type { Vault } from './vault.ts'

/** A history as a checkpoint is to store it. */
export interface WrittenExpunges {
  readonly table: MailboxTable
  readonly key: Buffer
  readonly sealed: Buffer
  readonly digest: Buffer
}

/** What the record of a mailbox's list entry says. Throws Corrupt, UnsupportedVersion, Damage. */
function open(
  vault: Vault,
  table: MailboxTable,
  digest: Buffer,
  sealed: Uint8Array | undefined,
): ExpungeRecord {
  if (!sealed || !equalBytes(digest, sha256(sealed)))
    throw new Damage('an expunge history is missing, altered or replaced')
  const key = vault.root(boxEpoch(sealed)).mailboxKey(table.idBytes)
  const place = expungedPlace(vault.account, table.idBytes, table.uidValidity)
  const data = openBox(key, boxKinds.expungeHistory, place, sealed)
  return decoded('expunge history', () => decodeExpunges(data))
}

/** What is wrong with the stored history of a mailbox whose rows are loaded; undefined: nothing. */
export async function faultOfExpunges(
  snapshot: Snapshot,
  vault: Vault,
  table: MailboxTable,
): Promise<string | undefined> {
  const { digest } = table.expunges
  if (!digest) return undefined
  try {
    const { entries } = open(vault, table, digest, await snapshot.get(expungedKey(table.idBytes)))
    const isThere = entries.some(({ ranges }) => within(table.uids, ranges).length > 0)
    return isThere ? 'its expunge history names a message that is there' : undefined
  } catch (error) {
    if (!isDamage(error)) throw error
    return 'its expunge history does not open'
  }
}

/**
 * Reads the record, if there is one that was not read. A damaged one is given up: it only saves clients from hearing of
 * more than they asked for. For use while no commit runs, or inside one.
 */
async function readStored(account: UnlockedAccount, table: MailboxTable): Promise<void> {
  const { expunges } = table
  const { digest } = expunges
  if (!digest || expunges.stored) return
  const sealed = await account.read((snapshot) => snapshot.get(expungedKey(table.idBytes)))
  try {
    expunges.stored = open(account.vault, table, digest, sealed)
  } catch (error) {
    if (!isDamage(error)) throw error
    expunges.lose()
    account.site.log.write('error', 'expunge-history.damaged', { account: account.id.toString('hex') })
  }
}

/** Seals the history as it is now. For use inside a commit. */
export async function renewedExpunges(
  account: UnlockedAccount,
  table: MailboxTable,
): Promise<WrittenExpunges> {
  await account.loadRowsNow(table)
  await readStored(account, table)
  const { vault } = account
  const data = encodeExpunges(table.expunges.next(table.uids))
  const place = expungedPlace(vault.account, table.idBytes, table.uidValidity)
  const key = vault.root().mailboxKey(table.idBytes)
  const sealed = sealBox(key, boxKinds.expungeHistory, vault.epoch, place, data)
  return { table, key: expungedKey(table.idBytes), sealed, digest: sha256(sealed) }
}

/** UIDs that went after `modSeq`, and perhaps others that are gone; ascending and disjoint. */
export async function vanishedSince(
  account: UnlockedAccount,
  table: MailboxTable,
  modSeq: number,
): Promise<UidRange[]> {
  await account.rowsOf(table)
  if (table.expunges.needsStored(modSeq)) await account.exclusive(() => readStored(account, table))
  return table.expunges.since(modSeq, table.uids, table.uidNext)
}
