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
import { packRest, sealedPages, worthwhile, type LooseRecord } from './pack.ts'
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
    while (!isStopped()) {
      const mailboxes = await adoptSome(account, queue)
      if (!mailboxes) return
      // Of a long backlog what follows goes into pages at once, which takes that nothing loose stands before it.
      if (queue.hasMore) for (const table of mailboxes) await packRest(account, table)
    }
  } finally {
    await queue.close()
  }
}

/** What a mailbox gets in one commit. */
interface Share {
  readonly firstUid: number
  readonly records: LooseRecord[]
}

/** Values to be put. */
type Writes = readonly { readonly key: Buffer; readonly box: Buffer }[]

/** Adopts the next few arrivals in one commit. Resolves to the mailboxes that got mail; undefined: there are no more. */
function adoptSome(
  account: UnlockedAccount,
  queue: ArrivalQueue,
): Promise<readonly MailboxTable[] | undefined> {
  return account.commit(async (): Promise<Commit<readonly MailboxTable[]> | undefined> => {
    const opened = await queue.next()
    if (opened.length === 0) return undefined
    const { site } = account
    const changes: Change[] = []
    const shares = new Map<MailboxTable, Share>()
    for (const taken of opened) {
      if (taken.kind === 'trail') continue
      const { arrival, blob, data } = taken
      const table = destination(account, arrival.detail)
      const share = shares.get(table) ?? { firstUid: table.uidNext, records: [] }
      shares.set(table, share)
      const uid = share.firstUid + share.records.length
      share.records.push([uid, encodeMessage({ ...arrival, blob })])
      data.fill(0)
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
    const puts: Writes[] = []
    for (const [table, { firstUid, records }] of shares) {
      const nextUid = firstUid + records.length
      if (table.packedUntil === firstUid && records.length >= worthwhile) {
        puts.push(await sealedPages(account.vault, table, records))
        changes.push({ kind: 'packed', mailbox: table.id, packedUntil: nextUid })
      } else puts.push(await sealedRecords(account, table, records))
      changes.push(...recentChange(account, table, nextUid))
    }
    return {
      changes,
      value: [...shares.keys()],
      write(tx) {
        for (const { key, box } of puts.flat()) tx.put(key, box)
        for (const { version } of opened) tx.delete(arrivalKey(version))
        trail.write(tx)
      },
    }
  })
}

/** Each by itself. The records are wiped. */
async function sealedRecords(
  { vault }: UnlockedAccount,
  table: MailboxTable,
  records: readonly LooseRecord[],
): Promise<Writes> {
  const writes: Writes[number][] = []
  for (const [uid, encoded] of records) {
    writes.push({
      key: messageKey(table.idBytes, uid),
      box: sealMessageRecord(vault, table, uid, encoded),
    })
    if (writes.length % recordsBetweenBreaths === 0) await breathe()
  }
  return writes
}

/** When a session will take fresh mail as its \Recent, later sessions shall not (RFC 3501 §2.3.2). */
export function recentChange(account: UnlockedAccount, table: MailboxTable, uidNext: number): Change[] {
  if (!account.watchers.recentClaimant(table.id)) return []
  return [{ kind: 'recent', mailbox: table.id, recentFrom: uidNext }]
}
