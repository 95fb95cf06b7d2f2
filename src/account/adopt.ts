// Adoption: takes arrivals, in order, out of the drop box into their mailbox, under the owner's keys and with a UID.
import { breathe } from '../base/async.ts'
import { ArrivalQueue } from './arrival-queue.ts'
import { Damage } from './errors.ts'
import { noFlags } from './flags.ts'
import { arrivalKey, messageKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { encodeMessage } from './message-codec.ts'
import { sealMessageRecord } from './message-seal.ts'
import { canonicalName } from './names.ts'
import { trailWrites } from './trail.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

const recordsBetweenBreaths = 32

/** Mail to `name+detail` goes into the mailbox `detail` when there is one, else into INBOX. */
function destination(account: UnlockedAccount, detail: string): MailboxTable {
  const named = detail === '' ? undefined : account.state.byName(canonicalName(detail))
  const table = named ?? account.state.byName('INBOX')
  if (!table) throw new Damage('the account has no INBOX')
  return table
}

/** Adopts what there is, a few at a time, until there is no more or it is to stop. */
export async function adoptAll(
  account: UnlockedAccount,
  isStopped: () => boolean = () => false,
): Promise<void> {
  const queue = new ArrivalQueue(account)
  try {
    while (!isStopped()) if ((await adoptSome(account, queue)) === 0) return
  } finally {
    await queue.close()
  }
}

/** Adopts the next few arrivals in one commit. Resolves to how many; 0 when there are none. */
async function adoptSome(account: UnlockedAccount, queue: ArrivalQueue): Promise<number> {
  const adopted = await account.commit(async (): Promise<Commit<number> | undefined> => {
    const opened = await queue.next()
    if (opened.length === 0) return undefined
    const { vault, site } = account
    const changes: Change[] = []
    const nextUids = new Map<MailboxTable, number>()
    const records: { key: Buffer; sealed: Buffer }[] = []
    for (const taken of opened) {
      if (taken.kind === 'trail') continue
      const { arrival, blob, data } = taken
      const table = destination(account, arrival.detail)
      const uid = nextUids.get(table) ?? table.uidNext
      nextUids.set(table, uid + 1)
      const record = encodeMessage({ ...arrival, blob })
      records.push({
        key: messageKey(table.idBytes, uid),
        sealed: sealMessageRecord(vault, table, uid, record),
      })
      data.fill(0)
      if (records.length % recordsBetweenBreaths === 0) await breathe()
      changes.push({
        kind: 'append',
        mailbox: table.id,
        uid,
        flags: noFlags,
        internalDate: arrival.internalDate,
        zoneMinutes: arrival.zoneMinutes,
        sizeBytes: arrival.sizeBytes,
        savedAt: site.clock.now(),
      })
    }
    const trail = await trailWrites(
      account,
      opened.flatMap((taken) => (taken.kind === 'trail' ? [taken.entry] : [])),
    )
    changes.push(...trail.changes, {
      kind: 'adopted',
      arrivals: opened.map(({ version, digest }) => [version, digest] as const),
    })
    for (const [table, uid] of nextUids) changes.push(...recentChange(account, table, uid))
    return {
      changes,
      value: opened.length,
      write(tx) {
        for (const { key, sealed } of records) tx.put(key, sealed)
        for (const { version } of opened) tx.delete(arrivalKey(version))
        trail.write(tx)
      },
    }
  })
  return adopted ?? 0
}

/** When a session will take fresh mail as its \Recent, later sessions shall not (RFC 3501 §2.3.2). */
export function recentChange(account: UnlockedAccount, table: MailboxTable, uidNext: number): Change[] {
  if (!account.watchers.recentClaimant(table.id)) return []
  return [{ kind: 'recent', mailbox: table.id, recentFrom: uidNext }]
}
