// What an unlocked account knows of its search text while it is in memory: where indexing goes on, and where pages are missing.
import type { Snapshot } from '../store/store.ts'
import { pageOf } from './page-reader.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { isDamage } from './refusing.ts'
import { openTextPage } from './text-seal.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

interface TextState {
  /** Messages from here on are in no page. Undefined: not looked yet. */
  indexedUntil: number | undefined
  /** UIDs of messages below that are in no page. Lost with the memory: the next search finds them again. */
  readonly missing: Set<number>
}

// Kept beside accounts and mailboxes, not in them: the text is derived from what they are, and nothing else wants to know.
const states = new WeakMap<MailboxTable, TextState>()
const wakers = new WeakMap<UnlockedAccount, () => void>()

/** More are not remembered: they are found again when these are done. */
const missingAtMost = 10_000

export function textState(table: MailboxTable): TextState {
  let state = states.get(table)
  if (!state) states.set(table, (state = { indexedUntil: undefined, missing: new Set() }))
  return state
}

/** `wake` is called when there may be something to index. It must only take note. */
export function onUnindexed(account: UnlockedAccount, wake: () => void): void {
  wakers.set(account, wake)
}

/** There may be messages that are not indexed. */
export function noteUnindexed(account: UnlockedAccount): void {
  wakers.get(account)?.()
}

export function noteMissing(table: MailboxTable, uid: number): void {
  const { missing } = textState(table)
  if (missing.size < missingAtMost) missing.add(uid)
}

/** The UID behind the last one in a page. A last page that is damaged counts as none. */
export async function indexedUntil(
  account: UnlockedAccount,
  snapshot: Snapshot,
  table: MailboxTable,
): Promise<number> {
  const state = textState(table)
  if (state.indexedUntil !== undefined) return state.indexedUntil
  const last = await pageOf(snapshot, table, table.uidNext, 't')
  // Set by a commit meanwhile, which knows better.
  return (state.indexedUntil ??= last ? behind(account, table, last) : 1)
}

function behind(
  account: UnlockedAccount,
  table: MailboxTable,
  [firstUid, sealed]: readonly [number, Uint8Array],
): number {
  try {
    return (openTextPage(account.vault, table, firstUid, sealed).uids.at(-1) ?? firstUid - 1) + 1
  } catch (error) {
    if (!isDamage(error)) throw error
    return firstUid
  }
}
