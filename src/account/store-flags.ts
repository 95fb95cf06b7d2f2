// STORE: changes flags of messages, in commits of bounded size (RFC 3501 §6.4.6, RFC 7162 §3.1.3).
import { keywordsPerMailbox } from '../base/limits.ts'
import type { Flag, Uid } from './api.ts'
import { Refusal } from './errors.ts'
import { changeFlags, readFlags, type FlagSet } from './flags.ts'
import type { Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { toRanges } from './uid-ranges.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** Messages a commit changes: its log entry stays below 64 KiB even when no two UIDs are neighbours. */
const messagesAtOnce = 4000

export interface StoreRequest {
  readonly action: 'replace' | 'add' | 'remove'
  readonly flags: readonly Flag[]
  readonly unchangedSince: number | undefined
}

export function checkKeywords(table: MailboxTable, flags: FlagSet): void {
  const fresh = flags.keywords.filter((word) => !table.keywords.includes(word))
  if (table.keywords.length + fresh.length > keywordsPerMailbox) {
    throw new Refusal('limit', 'The mailbox has too many keywords')
  }
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
  for (let from = 0; from < uids.length; from += messagesAtOnce) {
    const batch = uids.slice(from, from + messagesAtOnce)
    await account.commit(() => {
      if (!account.state.mailboxes.has(table.id))
        throw new Refusal('mailbox-not-found', 'The mailbox was deleted')
      const given = readFlags(request.flags, table.keywords)
      if (request.action !== 'remove') checkKeywords(table, given)
      const groups = new Map<FlagSet, Uid[]>()
      for (const uid of batch) {
        const row = table.row(uid)
        if (!row) continue
        if (request.unchangedSince !== undefined && row.modSeq > request.unchangedSince) {
          modified.push(uid)
          continue
        }
        const after = changeFlags(row.flagSet, request.action, given)
        if (after.bits === row.flagSet.bits && after.keywords.join(' ') === row.flagSet.keywords.join(' '))
          continue
        const group = groups.get(after)
        if (group) group.push(uid)
        else groups.set(after, [uid])
        changed.push(uid)
      }
      if (groups.size === 0) return undefined
      const changes = [...groups].map(([flags, members]): Change => ({
        kind: 'flags',
        mailbox: table.id,
        flags,
        ranges: toRanges(members),
      }))
      return { changes, value: undefined }
    }, by)
  }
  return { changed, modified }
}
