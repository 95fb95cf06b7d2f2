// Packing: gathers single message records into pages, so that reading many of them opens few boxes (FORMAT.md §9.5).
import { breathe } from '../base/async.ts'
import { messageKey, pageKey, uidOfKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { openMessageRecord, sealMessagePage } from './message-seal.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

/** Records in a page: with box and padding below the store's 64 KiB. */
const pageBytes = 48 * 1024
const recordsAtOnce = 1000
const bytesAtOnce = 4 * 1024 * 1024
const recordsBetweenBreaths = 64
/** Fewer loose records than this stay loose. */
const worthwhile = 64

/** Full pages out of records in UID order; what does not fill a page is left over. */
function fill(records: readonly (readonly [number, Buffer])[]): (readonly [number, Buffer])[][] {
  const pages: (readonly [number, Buffer])[][] = []
  let page: (readonly [number, Buffer])[] = []
  let size = 0
  for (const record of records) {
    const length = record[1].length + 8
    if (size + length > pageBytes && page.length > 0) {
      pages.push(page)
      page = []
      size = 0
    }
    page.push(record)
    size += length
  }
  return pages
}

async function packSome(account: UnlockedAccount, table: MailboxTable): Promise<boolean> {
  const packed = await account.commit(async (): Promise<Commit<true> | undefined> => {
    if (!account.state.mailboxes.has(table.id)) return undefined
    const { vault } = account
    const loose = await account.read(async (snapshot) => {
      const records: (readonly [number, Buffer])[] = []
      let bytes = 0
      const range = {
        gte: messageKey(table.idBytes, table.packedUntil),
        lt: messageKey(table.idBytes, 0xffffffff),
        limit: recordsAtOnce,
      }
      for await (const entries of snapshot.range(range)) {
        for (const [key, sealed] of entries) {
          const uid = uidOfKey(key)
          records.push([uid, openMessageRecord(vault, table, uid, sealed)])
          bytes += sealed.length
          if (records.length % recordsBetweenBreaths === 0) await breathe()
        }
        if (bytes > bytesAtOnce) break
      }
      return records
    })
    const pages = fill(loose)
    const lastUid = pages.at(-1)?.at(-1)?.[0]
    for (const [uid, left] of loose) if (uid > (lastUid ?? 0)) left.fill(0)
    if (lastUid === undefined) return undefined
    const sealed: { readonly key: Buffer; readonly box: Buffer }[] = []
    for (const page of pages) {
      const firstUid = page[0]?.[0] ?? 0
      sealed.push({
        key: pageKey(table.idBytes, firstUid),
        box: sealMessagePage(vault, table, firstUid, page),
      })
      await breathe()
    }
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
      if (!(await packSome(account, table))) break
    }
  }
}
