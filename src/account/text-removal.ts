// Takes messages out of the search text, in the commit that removes them: no word of theirs stays (FORMAT.md §9.9).
import { breathe } from '../base/async.ts'
import { MalformedRecord } from '../base/bytes.ts'
import type { Snapshot, Transaction } from '../store/store.ts'
import { pageOf } from './page-reader.ts'
import { mailboxRange, textKey, uidOfKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { isDamage } from './refusing.ts'
import { encodeTextPage, type TextPage } from './text-codec.ts'
import { openTextPage, sealTextPage } from './text-seal.ts'
import { noteMissing, noteUnindexed } from './text-state.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import { lowerBound } from './uid-ranges.ts'

/** Pages that one commit writes again, a few milliseconds each; of more, what they hold is indexed anew later. */
const rewrittenAtMost = 12
const deletionsBetweenBreaths = 64

/** First UID of the text page behind `uid`; Infinity when there is none. */
export async function nextPage(snapshot: Snapshot, table: MailboxTable, uid: number): Promise<number> {
  const { idBytes } = table
  const behind = { gte: textKey(idBytes, uid + 1), lt: mailboxRange('t', idBytes).lt, limit: 1 }
  for await (const entries of snapshot.range(behind)) for (const [key] of entries) return uidOfKey(key)
  return Infinity
}

/** undefined: the page cannot be read, and goes. */
async function rewritten(
  account: UnlockedAccount,
  table: MailboxTable,
  firstUid: number,
  page: TextPage,
  gone: ReadonlySet<number>,
): Promise<Buffer | undefined> {
  try {
    const kept = (await page.entries()).filter(({ uid }) => !gone.has(uid))
    return sealTextPage(account.vault, table, firstUid, await encodeTextPage(kept))
  } catch (error) {
    if (!(error instanceof MalformedRecord)) throw error
    noteMissing(table, firstUid)
    return undefined
  }
}

/**
 * Prepares it for those of `uids` (ascending) that are in pages, whole or not: a page that does not open goes as a whole. For
 * use inside a commit. What is returned puts and deletes.
 */
export async function textRemoval(
  account: UnlockedAccount,
  table: MailboxTable,
  snapshot: Snapshot,
  uids: readonly number[],
): Promise<(tx: Transaction) => void> {
  const gone = new Set(uids)
  const rewrites: (readonly [firstUid: number, page: TextPage])[] = []
  const deleted: Buffer[] = []
  let at = 0
  for (let uid = uids[at]; uid !== undefined; uid = uids[at]) {
    const found = await pageOf(snapshot, table, uid, 't')
    const end = await nextPage(snapshot, table, uid)
    at = end === Infinity ? uids.length : lowerBound(uids, end)
    if (!found) continue
    const [firstUid, sealed] = found
    const page = opened(account, table, firstUid, sealed)
    if (page && !page.uids.some((each) => gone.has(each))) continue
    const kept = page?.uids.filter((each) => !gone.has(each)) ?? [firstUid]
    if (page && kept.length > 0 && rewrites.length < rewrittenAtMost) {
      rewrites.push([firstUid, page])
      continue
    }
    deleted.push(textKey(table.idBytes, firstUid))
    const [left] = kept
    if (left !== undefined) noteMissing(table, left)
    if (deleted.length % deletionsBetweenBreaths === 0) await breathe()
  }
  const written = await Promise.all(
    rewrites.map(async ([firstUid, page]) => ({
      key: textKey(table.idBytes, firstUid),
      sealed: await rewritten(account, table, firstUid, page, gone),
    })),
  )
  if (deleted.length > 0) noteUnindexed(account)
  return (tx) => {
    for (const key of deleted) tx.delete(key)
    for (const { key, sealed } of written) {
      if (sealed) tx.put(key, sealed)
      else tx.delete(key)
    }
  }
}

function opened(
  account: UnlockedAccount,
  table: MailboxTable,
  firstUid: number,
  sealed: Uint8Array,
): TextPage | undefined {
  try {
    return openTextPage(account.vault, table, firstUid, sealed)
  } catch (error) {
    if (!isDamage(error)) throw error
    return undefined
  }
}
