// Seals everything an account has under its newest key epoch, then drops the older ones: the second half of enabling at-rest encryption.
import { breathe } from '../base/async.ts'
import { boxEpoch } from '../crypto/box.ts'
import { currentEpoch, dropOldEpochs } from '../crypto/keyset.ts'
import { adoptAll } from './adopt.ts'
import { checkpoint, type Stale } from './checkpoint.ts'
import { conversionKey, mailboxRange, messageKey, pageKey, uidOfKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { openMessagePage, openMessageRecord, sealMessagePage, sealMessageRecord } from './message-seal.ts'
import { Refusal } from './errors.ts'
import { convertSlotUses } from './slot-uses.ts'
import { editSlots, type KeySettings } from './slots.ts'
import { refusing } from './refusing.ts'
import { convertText } from './text-convert.ts'
import { convertTrail } from './trail.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

const recordsAtOnce = 64
const bytesAtOnce = 2 * 1024 * 1024

type Progress = (done: number, total: number) => void

/** Seals the next records of one kind that are still of an older epoch; resolves to how many messages and where to go on. */
async function convertSome(
  account: UnlockedAccount,
  table: MailboxTable,
  kind: 'm' | 'p',
  from: number,
): Promise<{ messages: number; next: number | undefined }> {
  const { vault } = account
  let next: number | undefined
  const converted = await account.commit(async (): Promise<Commit<number> | undefined> => {
    if (!account.state.mailboxes.has(table.id)) return undefined
    const key = kind === 'm' ? messageKey : pageKey
    const found = await account.read(async (snapshot) => {
      const records: (readonly [number, Uint8Array])[] = []
      let bytes = 0
      const range = {
        gte: key(table.idBytes, from),
        lt: mailboxRange(kind, table.idBytes).lt,
        limit: recordsAtOnce,
      }
      for await (const entries of snapshot.range(range)) {
        for (const [name, sealed] of entries) {
          if (bytes > bytesAtOnce) return records
          records.push([uidOfKey(name), sealed])
          bytes += sealed.length
        }
      }
      return records
    })
    const last = found.at(-1)?.[0]
    if (last === undefined) return undefined
    next = last + 1
    const puts: { key: Buffer; sealed: Buffer }[] = []
    let messages = 0
    for (const [uid, sealed] of found) {
      if (boxEpoch(sealed) === vault.epoch) continue
      if (kind === 'm') {
        const record = openMessageRecord(vault, table, uid, sealed)
        puts.push({ key: key(table.idBytes, uid), sealed: sealMessageRecord(vault, table, uid, record) })
        messages += 1
      } else {
        const records = openMessagePage(vault, table, uid, sealed)
        puts.push({ key: key(table.idBytes, uid), sealed: sealMessagePage(vault, table, uid, records) })
        messages += records.length
        await breathe()
      }
    }
    if (puts.length === 0) return undefined
    return {
      changes: [],
      value: messages,
      write(tx) {
        for (const { key: at, sealed } of puts) tx.put(at, sealed)
      },
    }
  })
  return { messages: converted ?? 0, next }
}

/** State pages and expunge histories that one checkpoint seals anew: about 4 MB. */
const recordsInCheckpoint = 100

/** Seals manifest, list, state pages and expunge histories under the newest epoch, and drops the older log, in checkpoints of bounded size. */
async function renewState(account: UnlockedAccount): Promise<void> {
  const left = [...account.state.mailboxes.values()].flatMap((table) => [
    [table, undefined] as const,
    ...table.pages.map(({ firstUid }) => [table, firstUid] as const),
  ])
  do {
    const stale = new Map<MailboxTable, Stale>()
    for (const [table, firstUid] of left.splice(0, recordsInCheckpoint)) {
      const { pages, expunges } = stale.get(table) ?? { pages: new Set(), expunges: false }
      stale.set(
        table,
        firstUid === undefined
          ? { pages, expunges: true }
          : { pages: new Set(pages).add(firstUid), expunges },
      )
    }
    // Not while a great many arrivals wait.
    while (!(await checkpoint(account, stale))) await adoptAll(account)
  } while (left.length > 0)
}

async function renewAll(
  account: UnlockedAccount,
  settings: KeySettings,
  progress: Progress | undefined,
): Promise<void> {
  const { epoch } = account.vault
  // Arrivals under the older key: none comes any more, since the delivery card names the new one.
  await adoptAll(account)
  const tables = [...account.state.mailboxes.values()]
  const total = tables.reduce((sum, table) => sum + table.messages, 0)
  let done = 0
  for (const table of tables) {
    for (const kind of ['p', 'm'] as const) {
      let from: number | undefined = 0
      while (from !== undefined) {
        const { messages, next } = await convertSome(account, table, kind, from)
        done += messages
        progress?.(Math.min(done, total), total)
        from = next
      }
    }
    await convertText(account, table)
  }
  await convertTrail(account)
  await convertSlotUses(account)
  await renewState(account)
  await editSlots(account, settings, {
    keep: () => true,
    add: [],
    keyset(present) {
      // Records were sealed under the epoch that was current when this began, and nothing else may be dropped.
      if (currentEpoch(present).epoch !== epoch) throw new Refusal('busy', 'The keys were renewed meanwhile')
      return dropOldEpochs(present)
    },
  })
  progress?.(total, total)
}

/**
 * Ends a rotation that is under way; does nothing when there is none. Resumable at any record, and the account is usable
 * meanwhile: each record names the epoch that opens it. In the end old epochs are dropped and the store is compacted, so that old key
 * material is not lying about; only then the mark of the rotation goes. Refuses with 'damaged', 'unavailable'.
 */
export async function convert(
  account: UnlockedAccount,
  settings: KeySettings,
  progress?: Progress,
): Promise<void> {
  if (account.vault.keyset.epochs.length > 1) await renewAll(account, settings, progress)
  const isMarked = (await account.read((snapshot) => snapshot.get(conversionKey))) !== undefined
  if (!isMarked) return
  await refusing(() => account.site.store.compact(account.id))
  await account.commit(() => ({ changes: [], value: undefined, write: (tx) => tx.delete(conversionKey) }))
}
