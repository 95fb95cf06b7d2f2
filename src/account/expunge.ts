// EXPUNGE: removes messages for good; their keys go in the same commit (RFC 3501 §6.4.3, FORMAT.md §9.5).
import type { Uid } from './api.ts'
import { batchOf } from './commit-limits.ts'
import { deletedBit } from './flags.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { removal } from './removal.ts'
import { lowerBound, toRanges } from './uid-ranges.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

/** Messages that one commit removes. */
const expungeAtOnce = 500
const rangeBytes = 8

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
    const flags = table.flagsOf(uid)
    return flags !== undefined && (options.all || (flags.bits & deletedBit) !== 0)
  }
  const wanted = uids.filter(isWanted)
  let damaged = 0
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
      const plan =
        present.length > 0 ? await removal(account, table, present, { damagedToo: true }) : undefined
      next += plan ? handled(batch, present, plan.uids) : batch.length
      if (!plan) return undefined
      const octets = table.octetsOf(plan.uids)
      for (const uid of plan.uids) gone.push(uid)
      damaged += plan.damaged
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
  if (damaged > 0) {
    const fields = { account: account.id.toString('hex'), messages: damaged }
    account.site.log.write('warn', 'expunge.damaged', fields)
  }
  return gone
}
