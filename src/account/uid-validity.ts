// New UIDVALIDITYs for mailboxes whose UIDs clients must forget: one small change each, no record is sealed again (FORMAT.md §9.3).
import type { Transaction } from '../store/store.ts'
import { changesBytes } from './commit-limits.ts'
import { encodedBytes, type Change } from './log-codec.ts'
import { nextUidValidity } from './mailboxes.ts'
import type { MailboxTable } from './mailbox-table.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

/**
 * Gives each of `tables` a UIDVALIDITY greater than all before and than `above`; the last commit does `write` too. Sessions that have one of them selected
 * must be ended by the caller: it may not change under them (RFC 3501 §2.3.1.1).
 */
export async function raiseUidValidities(
  account: UnlockedAccount,
  tables: readonly MailboxTable[],
  { above = 0, write = () => undefined }: { above?: number; write?: (tx: Transaction) => void } = {},
): Promise<void> {
  for (let at = 0; at < tables.length || at === 0;) {
    let next = at
    await account.commit((): Commit<true> => {
      const { state } = account
      let last = Math.max(state.lastUidValidity, above)
      const changes: Change[] = []
      let bytes = 0
      for (next = at; next < tables.length && bytes < changesBytes; next += 1) {
        const table = tables[next]
        if (!table || !state.mailboxes.has(table.id)) continue
        last = nextUidValidity(account, last)
        const change: Change = { kind: 'revalidated', mailbox: table.id, uidValidity: last }
        bytes += encodedBytes(change)
        changes.push(change)
      }
      const isLast = next >= tables.length
      return { changes, value: true, write: (tx) => (isLast ? write(tx) : undefined) }
    })
    at = next
    if (tables.length === 0) return
  }
}
