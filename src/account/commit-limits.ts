// How much one commit takes: its log entry is one value of the store, and what it writes is one transaction.
import type { MailboxTable } from './mailbox-table.ts'

/** Bytes of changes in one log entry: with box and padding they stay below the 64 KiB of a value. */
export const changesBytes: number = 48 * 1024
/** Bytes of message records and pages that one commit writes anew, less than half of a transaction. */
export const recordsBytes: number = 6 * 1024 * 1024
/** State pages that one commit may change: the next checkpoint writes them all in one transaction. */
const statePagesAtMost = 128

export interface BatchLimits {
  readonly messages: number
  /** Bytes that one message takes in the log entry. */
  readonly bytesOf: (uid: number) => number
}

/** Those of `uids` (ascending), from index `from` on, that one commit takes: at least one, if there are any. */
export function batchOf<U extends number>(
  table: MailboxTable,
  uids: readonly U[],
  from: number,
  { messages, bytesOf }: BatchLimits,
): U[] {
  const batch: U[] = []
  let bytes = 0
  let pages = 0
  let endOfPage = 0
  for (let index = from; index < uids.length && batch.length < messages; index += 1) {
    const uid = uids[index]
    if (uid === undefined) break
    if (uid >= endOfPage) {
      pages += 1
      endOfPage = table.pageOf(uid).end
    }
    bytes += bytesOf(uid)
    if (batch.length > 0 && (bytes > changesBytes || pages > statePagesAtMost)) break
    batch.push(uid)
  }
  return batch
}
