// COPY and MOVE: message keys are wrapped again for the new place; no body is read (RFC 3501 §6.4.7, RFC 6851).
import { recentChange } from './adopt.ts'
import type { CopyResult, Uid, UidValidity } from './api.ts'
import { readNow } from './contents.ts'
import { Refusal } from './errors.ts'
import { expunge, octetsOf, removal } from './expunge.ts'
import { messageKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { sealMessageRecord } from './message-seal.ts'
import { checkKeywords } from './store-flags.ts'
import { toRanges } from './uid-ranges.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

/** Messages a commit copies: records of at most about 35 KB each stay below the store's transaction limit. */
const copyAtOnce = 250

interface Batch {
  readonly source: Uid[]
  readonly destination: Uid[]
}

async function copyBatch(
  account: UnlockedAccount,
  from: MailboxTable,
  to: MailboxTable,
  uids: readonly Uid[],
  isMove: boolean,
): Promise<Commit<Batch> | undefined> {
  const { vault, site } = account
  for (const table of [from, to]) {
    if (!account.state.mailboxes.has(table.id))
      throw new Refusal('mailbox-not-found', 'The mailbox was deleted')
  }
  const present = uids.filter((uid) => from.row(uid))
  if (present.length === 0) return undefined
  const found = await readNow(account, from, present)
  const puts: { key: Buffer; sealed: Buffer; blob: Buffer }[] = []
  const changes: Change[] = []
  let uid = to.uidNext
  for (const { uid: sourceUid, encoded, record } of found) {
    const row = from.row(sourceUid)
    if (!row) continue
    checkKeywords(to, row.flagSet)
    const blob = Buffer.from(record.blob)
    puts.push({ key: messageKey(to.idBytes, uid), sealed: sealMessageRecord(vault, to, uid, encoded), blob })
    const { internalDate, zoneMinutes, sizeBytes, flagSet } = row
    changes.push({
      ...{ kind: 'append', mailbox: to.id, uid, flags: flagSet },
      ...{ internalDate, zoneMinutes, sizeBytes, savedAt: site.clock.now() },
    })
    uid += 1
  }
  changes.push(...recentChange(account, to, uid))
  const plan = isMove ? await removal(account, from, present) : undefined
  if (plan) changes.push({ kind: 'expunge', mailbox: from.id, ranges: toRanges(present) })
  const octets = octetsOf(from, present)
  return {
    changes,
    value: { source: present, destination: present.map((_, index) => (uid - present.length + index) as Uid) },
    write(tx) {
      for (const { key, sealed, blob } of puts) {
        tx.put(key, sealed)
        tx.link(blob)
      }
      if (!plan) tx.addUsage(octets)
      plan?.write(tx)
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
  try {
    for (let start = 0; start < uids.length; start += copyAtOnce) {
      const batch = await account.commit(
        () => copyBatch(account, from, to, uids.slice(start, start + copyAtOnce), isMove),
        by,
      )
      source.push(...(batch?.source ?? []))
      destination.push(...(batch?.destination ?? []))
    }
  } catch (error) {
    if (!isMove && destination.length > 0) await expunge(account, to, destination, { all: true }, undefined)
    throw error
  }
  return { uidValidity: to.uidValidity as UidValidity, source, destination }
}
