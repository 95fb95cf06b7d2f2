// EXPUNGE: removes messages for good; their keys go in the same commit (RFC 3501 §6.4.3, FORMAT.md §9.5).
import { breathe } from '../base/async.ts'
import type { Snapshot, Transaction } from '../store/store.ts'
import { batchOf, recordsBytes } from './commit-limits.ts'
import { Damage } from './errors.ts'
import type { Uid } from './api.ts'
import { pageOf } from './contents.ts'
import { deletedBit } from './flags.ts'
import { messageKey, pageKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { decodeMessage } from './message-codec.ts'
import { openMessagePage, openMessageRecord, sealMessagePage } from './message-seal.ts'
import { decoded } from './replay.ts'
import { lowerBound, toRanges } from './uid-ranges.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

/** Messages that one commit removes. */
const expungeAtOnce = 500
const rangeBytes = 8

export interface Removal {
  /** Those that it takes away: not all that were asked for, when too many pages would have to be written again. */
  readonly uids: readonly Uid[]
  readonly blobs: readonly Buffer[]
  /** Puts and deletes that take the records away. */
  write(tx: Transaction): void
}

async function planRemoval(
  snapshot: Snapshot,
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly Uid[],
): Promise<Removal> {
  const { vault } = account
  const blobs: Buffer[] = []
  const writes: ((tx: Transaction) => void)[] = []
  let bytes = 0
  const blobOf = (encoded: Buffer): Buffer => {
    const blob = Buffer.from(decoded('message record', () => decodeMessage(encoded)).blob)
    encoded.fill(0)
    return blob
  }
  let index = 0
  while (index < uids.length && bytes < recordsBytes) {
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
    bytes += sealed.length
    await breathe()
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
    uids: uids.slice(0, index),
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
  uids: readonly Uid[],
): Promise<Removal> {
  return account.read((snapshot) => planRemoval(snapshot, account, table, uids))
}

export function octetsOf(table: MailboxTable, uids: readonly number[]): number {
  return uids.reduce((sum, uid) => sum + (table.row(uid)?.sizeBytes ?? 0), 0)
}

/** How many of `batch` are dealt with once `taken`, the first of those that are `present`, are. */
export function handled(batch: readonly Uid[], present: readonly Uid[], taken: readonly Uid[]): number {
  const last = taken.length < present.length ? taken.at(-1) : undefined
  return last === undefined ? batch.length : lowerBound(batch, last + 1)
}

export interface ExpungeOptions {
  /** Whatever their flags. */
  readonly all: boolean
  /** Called inside each commit; throws when it is not to go on. */
  readonly check?: () => void
}

/** Removes `uids`, those of them that carry \Deleted unless `all` is set. Returns what went, ascending. */
export async function expunge(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly Uid[],
  options: ExpungeOptions,
  by: object | undefined,
): Promise<Uid[]> {
  const gone: Uid[] = []
  const isWanted = (uid: Uid): boolean => {
    const row = table.row(uid)
    return row !== undefined && (options.all || (row.flagSet.bits & deletedBit) !== 0)
  }
  const wanted = uids.filter(isWanted)
  let next = 0
  while (next < wanted.length) {
    await account.commit(async (): Promise<Commit<undefined> | undefined> => {
      if (!account.state.mailboxes.has(table.id)) {
        next = wanted.length
        return undefined
      }
      options.check?.()
      const batch = batchOf(table, wanted, next, { messages: expungeAtOnce, bytesOf: () => rangeBytes })
      // Others may have been there since.
      const present = batch.filter(isWanted)
      const plan = present.length > 0 ? await removal(account, table, present) : undefined
      next += plan ? handled(batch, present, plan.uids) : batch.length
      if (!plan) return undefined
      const octets = octetsOf(table, plan.uids)
      for (const uid of plan.uids) gone.push(uid)
      return {
        changes: [{ kind: 'expunge', mailbox: table.id, ranges: toRanges(plan.uids) }],
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
