// STORE: changes flags of messages, in commits of bounded size (RFC 3501 §6.4.6, RFC 7162 §3.1.3).
import { keywordsPerMailbox } from '../base/limits.ts'
import type { Flag, Uid } from './api.ts'
import { batchOf, changesBytes } from './commit-limits.ts'
import { Refusal } from './errors.ts'
import { changeFlags, noFlags, readFlags, type FlagSet } from './flags.ts'
import type { Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { toRanges } from './uid-ranges.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** Messages a commit changes: its log entry stays below 64 KiB even when no two UIDs are neighbours. */
const messagesAtOnce = 4000
/** Bytes of a change besides its flags and ranges (FORMAT.md §9.1). */
const changeBytes = 21
const rangeBytes = 8
/** Bytes of all keywords of a mailbox: they stand in one entry of the mailbox list, with much else. */
const keywordBytesOfMailbox = 16 * 1024

export interface StoreRequest {
  readonly action: 'replace' | 'add' | 'remove'
  readonly flags: readonly Flag[]
  readonly unchangedSince: number | undefined
}

/** The keywords that a mailbox will know with those of `flags`; refuses with 'limit' when they are too many. */
export function withKeywords(known: readonly string[], flags: FlagSet): readonly string[] {
  const fresh = flags.keywords.filter((word) => !known.includes(word))
  if (fresh.length === 0) return known
  const all = [...known, ...fresh]
  const bytes = all.reduce((sum, word) => sum + 2 + Buffer.byteLength(word), 0)
  if (all.length > keywordsPerMailbox || bytes > keywordBytesOfMailbox) {
    throw new Refusal('limit', 'The mailbox has too many keywords')
  }
  return all
}

interface Plan {
  readonly changes: readonly Change[]
  readonly changed: readonly Uid[]
  readonly modified: readonly Uid[]
  /** Index of the first UID that was not looked at. */
  readonly next: number
}

function plan(table: MailboxTable, uids: readonly Uid[], from: number, request: StoreRequest): Plan {
  const given = readFlags(request.flags, table.keywords)
  if (request.action !== 'remove') withKeywords(table.keywords, given)
  const batch = batchOf(table, uids, from, { messages: messagesAtOnce, bytesOf: () => rangeBytes })
  const groups = new Map<FlagSet, Uid[]>()
  const changed: Uid[] = []
  const modified: Uid[] = []
  let bytes = 0
  let next = from
  for (const uid of batch) {
    const row = table.row(uid)
    const before = row?.flagSet ?? noFlags
    const isTooNew =
      row !== undefined && request.unchangedSince !== undefined && row.modSeq > request.unchangedSince
    const after = row && !isTooNew ? changeFlags(before, request.action, given) : before
    if (!sameFlags(before, after)) {
      bytes += rangeBytes + (groups.has(after) ? 0 : changeBytes + after.encodedBytes)
      if (bytes > changesBytes && changed.length > 0) break
      const group = groups.get(after)
      if (group) group.push(uid)
      else groups.set(after, [uid])
      changed.push(uid)
    }
    if (isTooNew) modified.push(uid)
    next += 1
  }
  const changes = [...groups].map(([flags, members]): Change => {
    return { kind: 'flags', mailbox: table.id, flags, ranges: toRanges(members) }
  })
  return { changes, changed, modified, next }
}

function sameFlags(a: FlagSet, b: FlagSet): boolean {
  return a === b || (a.bits === b.bits && a.keywords.join(' ') === b.keywords.join(' '))
}

/** `changed`: whose flags differ now; `modified`: left alone because they changed after `unchangedSince`. Both ascend. */
export async function storeFlags(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly Uid[],
  request: StoreRequest,
  by: object,
): Promise<{ changed: Uid[]; modified: Uid[] }> {
  const changed: Uid[] = []
  const modified: Uid[] = []
  let next = 0
  while (next < uids.length) {
    await account.commit(() => {
      if (!account.state.mailboxes.has(table.id))
        throw new Refusal('mailbox-not-found', 'The mailbox was deleted')
      const planned = plan(table, uids, next, request)
      next = planned.next
      for (const uid of planned.changed) changed.push(uid)
      for (const uid of planned.modified) modified.push(uid)
      return planned.changes.length > 0 ? { changes: planned.changes, value: undefined } : undefined
    }, by)
  }
  return { changed, modified }
}
