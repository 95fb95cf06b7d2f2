// COPY and MOVE: message keys are wrapped again for the new place; no body is read (RFC 3501 §6.4.7, RFC 6851).
import { breathe } from '../base/async.ts'
import { recentChange } from './adopt.ts'
import type { CopyResult, Uid, UidValidity } from './api.ts'
import { readNow } from './contents.ts'
import { batchOf } from './commit-limits.ts'
import { isRefusal, Refusal } from './errors.ts'
import { expunge, handled } from './expunge.ts'
import { readFlags, type FlagSet } from './flags.ts'
import { messageKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { sealMessageRecord } from './message-seal.ts'
import { removal } from './removal.ts'
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

/** `uids` are present, and not too many; of a MOVE as many are taken as can be removed from their pages in one commit. */
async function copyBatch(
  account: UnlockedAccount,
  { from, to, isMove }: Transfer,
  uids: readonly Uid[],
): Promise<Commit<Batch>> {
  const { vault, site } = account
  const plan = isMove ? await removal(account, from, uids, { damagedToo: false }) : undefined
  const present = plan?.uids ?? uids
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
  const puts: { readonly key: Buffer; readonly sealed: Buffer; readonly blob: Buffer }[] = []
  for (const { encoded, record } of await readNow(account, from, present)) {
    const blob = Buffer.from(record.blob)
    const uid = first + puts.length
    puts.push({ key: messageKey(to.idBytes, uid), sealed: sealMessageRecord(vault, to, uid, encoded), blob })
    if (puts.length % 32 === 0) await breathe()
  }
  changes.push(...recentChange(account, to, first + present.length))
  if (isMove) changes.push({ kind: 'expunge', mailbox: from.id, ranges: toRanges(present) })
  const octets = from.octetsOf(present)
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
  const limits = {
    messages: copyAtOnce,
    bytesOf: (uid: number) => changeBytes + (from.flagsOf(uid)?.encodedBytes ?? 0),
  }
  let next = 0
  const plan = async (): Promise<Commit<Batch> | undefined> => {
    for (const table of [from, to]) {
      if (!account.state.mailboxes.has(table.id))
        throw new Refusal('mailbox-not-found', 'The mailbox was deleted')
    }
    const batch = batchOf(from, uids, next, limits)
    const present = batch.filter((uid) => from.has(uid))
    const planned = present.length > 0 ? await copyBatch(account, { from, to, isMove }, present) : undefined
    next += planned ? handled(batch, present, planned.value.source) : batch.length
    return planned
  }
  try {
    while (next < uids.length) {
      const done = await account.commit(plan, by)
      for (const uid of done?.source ?? []) source.push(uid)
      for (const uid of done?.destination ?? []) destination.push(uid)
    }
  } catch (error) {
    if (!isMove) await takeBack(account, to, destination)
    throw error
  }
  return { uidValidity: to.shownUidValidity as UidValidity, source, destination }
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
