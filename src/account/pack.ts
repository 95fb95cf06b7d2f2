// Packing: gathers single message records into pages, so that reading many of them opens few boxes (FORMAT.md §9.5).
import { breathe } from '../base/async.ts'
import { messageKey, pageKey, uidOfKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { openMessageRecord, sealMessagePage } from './message-seal.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'
import type { Vault } from './vault.ts'

/** Records in a page: with box and padding below the store's 64 KiB. */
const pageBytes = 48 * 1024
const recordsAtOnce = 1000
const bytesAtOnce = 4 * 1024 * 1024
const recordsBetweenBreaths = 64
/** Fewer loose records than this stay loose. */
export const worthwhile = 64

/** Of a message: its UID and its encoded record. */
export type LooseRecord = readonly [uid: number, encoded: Buffer]

/** Pages of records in UID order; all but the last are full. */
function pagesOf(records: readonly LooseRecord[]): LooseRecord[][] {
  const pages: LooseRecord[][] = []
  let size = Infinity
  for (const record of records) {
    const length = record[1].length + 8
    const page = pages.at(-1)
    size += length
    if (page && size <= pageBytes) page.push(record)
    else {
      pages.push([record])
      size = length
    }
  }
  return pages
}

export interface SealedPage {
  readonly key: Buffer
  readonly box: Buffer
}

async function seal(
  vault: Vault,
  table: MailboxTable,
  pages: readonly LooseRecord[][],
): Promise<SealedPage[]> {
  const sealed: SealedPage[] = []
  for (const page of pages) {
    const firstUid = page[0]?.[0] ?? 0
    const box = sealMessagePage(vault, table, firstUid, page)
    sealed.push({ key: pageKey(table.idBytes, firstUid), box })
    await breathe()
  }
  return sealed
}

/** All of `records`, which ascend, in pages, sealed. The records are wiped. */
export function sealedPages(
  vault: Vault,
  table: MailboxTable,
  records: readonly LooseRecord[],
): Promise<SealedPage[]> {
  return seal(vault, table, pagesOf(records))
}

interface Loose {
  readonly records: readonly LooseRecord[]
  /** No more stand behind them. */
  readonly isAll: boolean
}

function readLoose(account: UnlockedAccount, table: MailboxTable): Promise<Loose> {
  const range = {
    gte: messageKey(table.idBytes, table.packedUntil),
    lt: messageKey(table.idBytes, 0xffffffff),
    limit: recordsAtOnce,
  }
  return account.read(async (snapshot) => {
    const records: LooseRecord[] = []
    let bytes = 0
    for await (const entries of snapshot.range(range)) {
      for (const [key, sealed] of entries) {
        const uid = uidOfKey(key)
        records.push([uid, openMessageRecord(account.vault, table, uid, sealed)])
        bytes += sealed.length
        if (records.length % recordsBetweenBreaths === 0) await breathe()
      }
      if (bytes > bytesAtOnce) return { records, isAll: false }
    }
    return { records, isAll: records.length < recordsAtOnce }
  })
}

/** `withRest`: also what does not fill a page. Resolves to whether there was something to do. */
async function packSome(account: UnlockedAccount, table: MailboxTable, withRest: boolean): Promise<boolean> {
  const packed = await account.commit(async (): Promise<Commit<true> | undefined> => {
    if (!account.state.mailboxes.has(table.id)) return undefined
    const { records, isAll } = await readLoose(account, table)
    const isWhole = withRest && isAll
    const pages = pagesOf(records)
    if (!isWhole) for (const [, left] of pages.pop() ?? []) left.fill(0)
    const lastUid = isWhole ? table.uidNext - 1 : pages.at(-1)?.at(-1)?.[0]
    if (lastUid === undefined || lastUid < table.packedUntil) return undefined
    const sealed = await seal(account.vault, table, pages)
    return {
      changes: [{ kind: 'packed', mailbox: table.id, packedUntil: lastUid + 1 }],
      value: true,
      write(tx) {
        for (const { key, box } of sealed) tx.put(key, box)
        for (const [uid] of pages.flat()) tx.delete(messageKey(table.idBytes, uid))
      },
    }
  })
  return packed === true
}

/** Packs what is worth it, in all mailboxes that are in memory. */
export async function pack(account: UnlockedAccount): Promise<void> {
  for (const table of [...account.state.mailboxes.values()]) {
    while (!account.isFailed && table.uidNext - table.packedUntil >= worthwhile) {
      if (!(await packSome(account, table, false))) break
    }
  }
}

/** Packs the few that are loose in a mailbox, so that pages can follow. Leaves more than a few to `pack`. */
export async function packRest(account: UnlockedAccount, table: MailboxTable): Promise<void> {
  const loose = table.uidNext - table.packedUntil
  if (loose > 0 && loose < recordsAtOnce) await packSome(account, table, true)
}
