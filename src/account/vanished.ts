// What vanished from a mailbox since a MODSEQ (RFC 7162 §3.2.6): reads and writes the record of its expunge history (FORMAT.md §9.8).
import { equalBytes } from '../base/bytes.ts'
import { boxEpoch, boxKinds, openBox, sealBox } from '../crypto/box.ts'
import { sha256 } from '../crypto/digest.ts'
import { expungedPlace } from '../crypto/places.ts'
import { Damage } from './errors.ts'
import { decodeExpunges, encodeExpunges, type ExpungeRecord } from './expunge-history.ts'
import { expungedKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { isDamage } from './refusing.ts'
import { decoded } from './replay.ts'
import type { UidRange } from './uid-ranges.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** A history as a checkpoint is to store it. */
export interface WrittenExpunges {
  readonly table: MailboxTable
  readonly key: Buffer
  readonly sealed: Buffer
  readonly digest: Buffer
}

function open(
  { vault }: UnlockedAccount,
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
    expunges.stored = open(account, table, digest, sealed)
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
