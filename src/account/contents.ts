// Reads message records: from their pages, or one by one where they are not packed yet.
import type { Snapshot } from '../store/store.ts'
import { Damage, isRefusal } from './errors.ts'
import { messageKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { MessageView, type MessageRecord } from './message-codec.ts'
import { openMessagePage, openMessageRecord } from './message-seal.ts'
import { PageReader } from './page-reader.ts'
import { decoded } from './replay.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import type { Vault } from './vault.ts'

/** Pages, or single records times 16, read in one go: about a megabyte. */
const pagesAtOnce = 16
const recordsAtOnce = 256

export interface FoundRecord {
  readonly uid: number
  /** The encoded record, to be sealed again elsewhere. Holds the message key: whoever asked for it wipes it. */
  readonly encoded: Buffer
  /** Its parts. Throws Damage when it does not parse. */
  readonly record: Required<MessageRecord>
  /** The same, for its exception. */
  parse(): unknown
}

/** Taken apart when it is asked for: of the records of some pages that wait for their turn only one view each is kept. */
class StoredRecord implements FoundRecord {
  readonly uid: number
  readonly encoded: Buffer
  #record: Required<MessageRecord> | undefined

  constructor(uid: number, encoded: Buffer) {
    this.uid = uid
    this.encoded = encoded
  }

  /** Throws Damage. */
  parse(): Required<MessageRecord> {
    return (this.#record ??= decoded('message record', () => new MessageView(this.encoded)))
  }

  get record(): Required<MessageRecord> {
    return this.parse()
  }
}

/** Records of those of `wanted` (ascending, all below packedUntil) in the next few pages, and how many of `wanted` were dealt with. */
async function readPages(
  snapshot: Snapshot,
  vault: Vault,
  table: MailboxTable,
  wanted: readonly number[],
): Promise<{ records: FoundRecord[]; done: number }> {
  const records: FoundRecord[] = []
  const reader = new PageReader(snapshot, table)
  let done = 0
  for (let pages = 0; pages < pagesAtOnce; pages += 1) {
    const next = wanted[done]
    if (next === undefined) break
    const page = await reader.pageOf(next)
    const content = page ? openMessagePage(vault, table, page[0], page[1]) : []
    const inPage = content.length
    const last = Math.max(next, content.at(-1)?.[0] ?? 0)
    const before = done
    while (done < wanted.length && (wanted[done] ?? Infinity) <= last) done += 1
    let at = before
    for (const [uid, encoded] of content) {
      while (at < done && (wanted[at] ?? 0) < uid) at += 1
      if (at < done && wanted[at] === uid) records.push(new StoredRecord(uid, encoded))
      // Nobody asked for it: neither its key nor its text need lie about in memory.
      else encoded.fill(0)
    }
    // Whoever wants most of a page wants most of the next ones.
    const taken = done - before
    if (2 * taken > inPage) {
      const more = Math.ceil((wanted.length - done) / Math.max(inPage, 1))
      await reader.readAhead(last + 1, Math.min(more, pagesAtOnce - pages - 1))
    }
  }
  return { records, done }
}

async function readSingle(
  snapshot: Snapshot,
  vault: Vault,
  table: MailboxTable,
  uids: readonly number[],
): Promise<FoundRecord[]> {
  const sealed = await snapshot.getMany(uids.map((uid) => messageKey(table.idBytes, uid)))
  return uids.flatMap((uid, at) => {
    const bytes = sealed[at]
    return bytes ? [new StoredRecord(uid, openMessageRecord(vault, table, uid, bytes))] : []
  })
}

const wipe = (records: readonly FoundRecord[]): void => {
  for (const { encoded } of records) encoded.fill(0)
}

interface Batch {
  readonly records: FoundRecord[]
  /** How many of the UIDs asked for were dealt with. */
  readonly done: number
}

/** The records of the next few of `uids`, without waiting for commits. */
function readSome(account: UnlockedAccount, table: MailboxTable, uids: readonly number[]): Promise<Batch> {
  const { vault } = account
  return account.read(async (snapshot) => {
    const inPages = uids.slice(0, pagesAtOnce * recordsAtOnce).filter((uid) => uid < table.packedUntil)
    if (inPages.length > 0) return readPages(snapshot, vault, table, inPages)
    const single = uids.slice(0, recordsAtOnce)
    return { records: await readSingle(snapshot, vault, table, single), done: single.length }
  })
}

/** As `readSome`, but behind all commits that run, where places, keys and state agree. */
function readSomeInTurn(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly number[],
): Promise<Batch> {
  const some = uids.slice(0, recordsAtOnce)
  return account.exclusive(async () => ({
    records: await readNow(account, table, some),
    done: some.length,
  }))
}

/**
 * The records of those of `uids` (ascending) that exist, in order. A message that is expunged meanwhile is left out; one
 * that should be there and is not is damage. Refuses with 'damaged', 'unavailable'.
 */
export async function* readRecords(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly number[],
): AsyncGenerator<FoundRecord[]> {
  const isPresent = (uid: number): boolean => table.has(uid)
  // Expunged ones are not looked for: each would cost a page.
  let left = uids.filter(isPresent)
  while (left.length > 0) {
    // Packing moves records into pages between reads, and the end of a rotation takes the keys of older snapshots: what
    // is missing or does not open is looked for once more, in turn.
    let batch = await readSome(account, table, left).catch((error: unknown) => {
      if (isRefusal(error, 'damaged')) return undefined
      throw error
    })
    if (!batch || missing(table, left.slice(0, batch.done), batch.records)) {
      if (batch) wipe(batch.records)
      batch = await readSomeInTurn(account, table, left)
    }
    left = left.slice(batch.done)
    if (batch.records.length > 0) yield batch.records
  }
}

function missing(table: MailboxTable, asked: readonly number[], records: readonly FoundRecord[]): boolean {
  if (asked.length === records.length) return false
  const have = new Set(records.map((item) => item.uid))
  return asked.some((uid) => !have.has(uid) && table.has(uid))
}

/** As `readRecords`, all at once, for use inside a commit. Throws Corrupt when the record of a present message is missing. */
export async function readNow(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly number[],
): Promise<FoundRecord[]> {
  const { vault } = account
  const present = uids.filter((uid) => table.has(uid))
  const packed = present.filter((uid) => uid < table.packedUntil)
  const single = present.slice(packed.length)
  const records = await account.read(async (snapshot) => {
    const found: FoundRecord[] = []
    for (let index = 0; index < packed.length;) {
      const batch = await readPages(snapshot, vault, table, packed.slice(index))
      for (const record of batch.records) found.push(record)
      index += batch.done
    }
    for (const record of await readSingle(snapshot, vault, table, single)) found.push(record)
    return found
  })
  if (records.length !== present.length) throw new Damage('the record of a message is missing')
  // One that does not parse is found out before anything is done with the others.
  for (const found of records) found.parse()
  return records
}
