// EXPUNGE: removes messages for good; their keys go in the same commit (RFC 3501 §6.4.3, FORMAT.md §9.5).
import type { Snapshot, Transaction } from '../store/store.ts'
import { Damage } from './errors.ts'
import type { Uid } from './api.ts'
import { pageOf } from './contents.ts'
import { deletedBit } from './flags.ts'
import { messageKey, pageKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { decodeMessage } from './message-codec.ts'
import { openMessagePage, openMessageRecord, sealMessagePage } from './message-seal.ts'
import { decoded } from './replay.ts'
import { toRanges } from './uid-ranges.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

/** Messages a commit removes: at most as many pages are written again. */
export const expungeAtOnce = 500

export interface Removal {
  readonly uids: readonly number[]
  readonly blobs: readonly Buffer[]
  /** Puts and deletes that take the records away. */
  write(tx: Transaction): void
}

async function planRemoval(
  snapshot: Snapshot,
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly number[],
): Promise<Removal> {
  const { vault } = account
  const blobs: Buffer[] = []
  const writes: ((tx: Transaction) => void)[] = []
  const blobOf = (encoded: Buffer): Buffer => {
    const blob = Buffer.from(decoded('message record', () => decodeMessage(encoded)).blob)
    encoded.fill(0)
    return blob
  }
  let index = 0
  while (index < uids.length) {
    const uid = uids[index] ?? 0
    if (uid >= table.packedUntil) {
      const sealed = await snapshot.get(messageKey(table.idBytes, uid))
      if (!sealed) throw new Damage('the record of a message is missing')
      blobs.push(blobOf(openMessageRecord(vault, table, uid, sealed)))
      writes.push((tx) => tx.delete(messageKey(table.idBytes, uid)))
      index += 1
      continue
    }
    const page = await pageOf(snapshot, table, uid)
    if (!page) throw new Damage('a message page is missing')
    const [firstUid, sealed] = page
    const records = openMessagePage(vault, table, firstUid, sealed)
    const byUid = new Map(records)
    const gone = new Set<number>()
    for (let next = uids[index]; next !== undefined && byUid.has(next); next = uids[index]) {
      gone.add(next)
      blobs.push(blobOf(byUid.get(next) ?? Buffer.alloc(0)))
      index += 1
    }
    if (gone.size === 0) throw new Damage('a message is missing from its page')
    writes.push(
      rewrite(
        account,
        table,
        firstUid,
        records.filter(([kept]) => !gone.has(kept)),
      ),
    )
  }
  return {
    uids,
    blobs,
    write(tx) {
      for (const write of writes) write(tx)
      for (const blob of blobs) tx.unlink(blob)
    },
  }
}

function rewrite(
  account: UnlockedAccount,
  table: MailboxTable,
  firstUid: number,
  kept: readonly (readonly [number, Buffer])[],
): (tx: Transaction) => void {
  const key = pageKey(table.idBytes, firstUid)
  if (kept.length === 0) return (tx) => tx.delete(key)
  const sealed = sealMessagePage(account.vault, table, firstUid, kept)
  return (tx) => tx.put(key, sealed)
}

/** Prepares the removal of messages that are present; for use inside a commit. */
export function removal(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly number[],
): Promise<Removal> {
  return account.read((snapshot) => planRemoval(snapshot, account, table, uids))
}

export function octetsOf(table: MailboxTable, uids: readonly number[]): number {
  return uids.reduce((sum, uid) => sum + (table.row(uid)?.sizeBytes ?? 0), 0)
}

/** Removes `uids`, those of them that carry \Deleted unless `all` is set. Returns what went, ascending. */
export async function expunge(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly Uid[],
  options: { readonly all: boolean },
  by: object | undefined,
): Promise<Uid[]> {
  const gone: Uid[] = []
  for (let from = 0; from < uids.length; from += expungeAtOnce) {
    const batch = uids.slice(from, from + expungeAtOnce)
    await account.commit(async (): Promise<Commit<undefined> | undefined> => {
      if (!account.state.mailboxes.has(table.id)) return undefined
      const present = batch.filter((uid) => {
        const row = table.row(uid)
        return row !== undefined && (options.all || (row.flagSet.bits & deletedBit) !== 0)
      })
      if (present.length === 0) return undefined
      const plan = await removal(account, table, present)
      const octets = octetsOf(table, present)
      for (const uid of present) gone.push(uid)
      return {
        changes: [{ kind: 'expunge', mailbox: table.id, ranges: toRanges(present) }],
        value: undefined,
        write(tx) {
          plan.write(tx)
          tx.addUsage(-octets)
        },
      }
    }, by)
  }
  return gone
}
