// COPY and MOVE: message keys are wrapped again for the new place; no body is read (RFC 3501 §6.4.7, RFC 6851).
import { recentChange } from './adopt.ts'
import type { CopyResult, Uid, UidValidity } from './api.ts'
import { readNow } from './contents.ts'
import { batchOf } from './commit-limits.ts'
import { isRefusal, Refusal } from './errors.ts'
import { expunge, octetsOf, removal, type Removal } from './expunge.ts'
import { readFlags, type FlagSet } from './flags.ts'
import { messageKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { sealMessageRecord } from './message-seal.ts'
import { withKeywords } from './store-flags.ts'
import { toRanges } from './uid-ranges.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

/** Messages a commit copies: records of at most about 37 KB each, and as many pages of a MOVE as `removal` takes. */
const copyAtOnce = 200
/** Bytes of an append change besides its flags, and of a range of the expunge that goes with a MOVE. */
const changeBytes = 47 + 8

interface Batch {
  readonly source: readonly Uid[]
  readonly destination: readonly Uid[]
}

interface Transfer {
  readonly from: MailboxTable
  readonly to: MailboxTable
  readonly isMove: boolean
}

/** Flags as the other mailbox spells them: a keyword that it knows keeps the spelling it has there. */
function respeller(to: MailboxTable): (flags: FlagSet) => FlagSet {
  const done = new Map<FlagSet, FlagSet>()
  let known: readonly string[] = to.keywords
  return (flags) => {
    const spelled = done.get(flags) ?? readFlags(flags.list, known)
    done.set(flags, spelled)
    known = withKeywords(known, spelled)
    return spelled
  }
}

/** The next messages that one commit takes; for a MOVE with the plan that takes them away. */
async function choose(
  account: UnlockedAccount,
  { from, isMove }: Transfer,
  uids: readonly Uid[],
): Promise<{ present: readonly Uid[]; plan: Removal | undefined }> {
  const present = batchOf(from, uids, 0, {
    messages: copyAtOnce,
    bytesOf: (uid) => changeBytes + (from.row(uid)?.flagSet.encodedBytes ?? 0),
  })
  if (!isMove) return { present, plan: undefined }
  const plan = await removal(account, from, present)
  return { present: plan.uids, plan }
}

async function copyBatch(
  account: UnlockedAccount,
  transfer: Transfer,
  uids: readonly Uid[],
): Promise<Commit<Batch> | undefined> {
  const { vault, site } = account
  const { from, to, isMove } = transfer
  const { present, plan } = await choose(account, transfer, uids)
  if (present.length === 0) return undefined
  const first = to.uidNext
  const spell = respeller(to)
  const changes = present.flatMap((sourceUid, index): Change[] => {
    const row = from.row(sourceUid)
    if (!row) return []
    const { internalDate, zoneMinutes, sizeBytes, flagSet } = row
    return [
      {
        ...{ kind: 'append', mailbox: to.id, uid: first + index, flags: spell(flagSet) },
        ...{ internalDate, zoneMinutes, sizeBytes, savedAt: site.clock.now() },
      },
    ]
  })
  const puts = (await readNow(account, from, present)).map(({ encoded, record }, index) => {
    const blob = Buffer.from(record.blob)
    const uid = first + index
    return { key: messageKey(to.idBytes, uid), sealed: sealMessageRecord(vault, to, uid, encoded), blob }
  })
  changes.push(...recentChange(account, to, first + present.length))
  if (isMove) changes.push({ kind: 'expunge', mailbox: from.id, ranges: toRanges(present) })
  const octets = octetsOf(from, present)
  return {
    changes,
    value: { source: present, destination: present.map((_, index) => (first + index) as Uid) },
    write(tx) {
      for (const { key, sealed, blob } of puts) {
        tx.put(key, sealed)
        tx.link(blob)
      }
      if (plan) plan.write(tx)
      else tx.addUsage(octets)
    },
  }
}

/**
 * Copies or moves messages, `uids` ascending. A COPY that fails half way takes back what it had copied; a MOVE leaves each message either in
 * the one mailbox or in the other.
 */
export async function transfer(
  account: UnlockedAccount,
  from: MailboxTable,
  destinationName: string,
  uids: readonly Uid[],
  isMove: boolean,
  by: object | undefined,
): Promise<CopyResult> {
  const to = await account.mailbox(destinationName)
  const source: Uid[] = []
  const destination: Uid[] = []
  let left: readonly Uid[] = uids
  const next = async (): Promise<Commit<Batch> | undefined> => {
    for (const table of [from, to]) {
      if (!account.state.mailboxes.has(table.id))
        throw new Refusal('mailbox-not-found', 'The mailbox was deleted')
    }
    left = left.filter((uid) => from.row(uid))
    const planned = await copyBatch(account, { from, to, isMove }, left)
    left = left.slice(planned?.value.source.length ?? left.length)
    return planned
  }
  try {
    while (left.length > 0) {
      const batch = await account.commit(next, by)
      for (const uid of batch?.source ?? []) source.push(uid)
      for (const uid of batch?.destination ?? []) destination.push(uid)
    }
  } catch (error) {
    if (!isMove) await takeBack(account, to, destination)
    throw error
  }
  return { uidValidity: to.uidValidity as UidValidity, source, destination }
}

/** RFC 3501 §6.4.7: a COPY that failed leaves nothing behind. If that fails too, the reason why the COPY did is still the answer. */
async function takeBack(account: UnlockedAccount, to: MailboxTable, copies: readonly Uid[]): Promise<void> {
  try {
    await expunge(account, to, copies, { all: true }, undefined)
  } catch (error) {
    const reason = isRefusal(error) ? error.code : 'fault'
    account.site.log.write('error', 'copy.left-behind', { account: account.id.toString('hex'), reason })
  }
}
