// Checkpoints: write the state as pages and a manifest, so that the next unlock replays little (FORMAT.md §9.2, §9.3, §9.6).
import { boxKinds, sealBox } from '../crypto/box.ts'
import { sha256 } from '../crypto/digest.ts'
import { listPlace, manifestPlace } from '../crypto/places.ts'
import type { Transaction } from '../store/store.ts'
import { arrivalRange, headKey, listKey, listRange, logRange, manifestKey, versionOfKey } from './keys.ts'
import { encodeListPages, encodeManifest, type ListEntry, type StatePageRef } from './list-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { compareNames } from './names.ts'
import { readHead } from './replay.ts'
import { statePages, type MailboxPages } from './state-pages.ts'
import { renewedExpunges, type WrittenExpunges } from './vanished.ts'
import { NotNow, type UnlockedAccount } from './unlocked-account.ts'

const listPageBytes = 48 * 1024
/** Arrivals that a manifest names. */
const waitingAtMost = 200

function listItems(
  account: UnlockedAccount,
  renewed: ReadonlyMap<string, readonly StatePageRef[]>,
  expunges: ReadonlyMap<string, Buffer>,
): ListEntry[] {
  const { state } = account
  const tables = [...state.mailboxes.values()].sort((a, b) => compareNames(a.name, b.name))
  return [
    ...tables.map((table): ListEntry => {
      const entry = table.entry()
      const pages = renewed.get(table.id) ?? entry.pages
      const expungedDigest = expunges.get(table.id) ?? entry.expungedDigest
      return { kind: 'mailbox', entry: { ...entry, pages, expungedDigest } }
    }),
    ...[...state.subscriptions].sort().map((name): ListEntry => ({ kind: 'subscription', name })),
    ...[...state.annotations.all()].map((found): ListEntry => ({ kind: 'annotation', ...found })),
    ...[...state.facts]
      .sort(([a], [b]) => a - b)
      .map(([fact, value]): ListEntry => ({ kind: 'fact', fact, value })),
  ]
}

/** The arrivals that are not adopted: the manifest vouches for them. Throws NotNow when there are too many to name. */
async function waitingArrivals(tx: Transaction): Promise<[number, Buffer][]> {
  const found: [number, Buffer][] = []
  for await (const page of tx.range({ ...arrivalRange, limit: waitingAtMost + 1 })) {
    for (const [key, value] of page) found.push([versionOfKey(key), sha256(value)])
  }
  if (found.length > waitingAtMost) throw new NotNow()
  return found
}

/** What of a mailbox is to be sealed anew although it did not change. */
export interface Stale {
  /** State pages, by the UID they begin with. */
  readonly pages: ReadonlySet<number>
  readonly expunges: boolean
}
export type StaleRecords = ReadonlyMap<MailboxTable, Stale>

const none: ReadonlySet<number> = new Set()

/** Seals what changed in each mailbox. */
async function renewedPages(account: UnlockedAccount, stale: StaleRecords): Promise<MailboxPages[]> {
  const renewed: MailboxPages[] = []
  for (const table of account.state.mailboxes.values()) {
    const ofTable = stale.get(table)?.pages ?? none
    if (table.dirtyPages.size === 0 && ofTable.size === 0) continue
    await account.loadRowsNow(table)
    renewed.push(await statePages(account.vault, table, ofTable))
  }
  return renewed
}

/** Seals what is new in the expunge history of each mailbox. */
async function renewedHistories(account: UnlockedAccount, stale: StaleRecords): Promise<WrittenExpunges[]> {
  const renewed: WrittenExpunges[] = []
  for (const table of account.state.mailboxes.values()) {
    const { expunges } = table
    const isStale = stale.get(table)?.expunges === true && expunges.digest !== undefined
    if (expunges.isDirty || isStale) renewed.push(await renewedExpunges(account, table))
  }
  return renewed
}

/**
 * Writes a checkpoint in one commit; resolves to whether it did: not while a great many arrivals wait. Besides the records
 * that changed it seals those in `stale` anew (a key rotation).
 */
export async function checkpoint(
  account: UnlockedAccount,
  stale: StaleRecords = new Map(),
): Promise<boolean> {
  const { state } = account
  try {
    const done = await account.commit(async () => {
      const renewed = await renewedPages(account, stale)
      const byId = new Map(renewed.map(({ table, pages }) => [table.id, pages]))
      const histories = await renewedHistories(account, stale)
      const digests = new Map(histories.map(({ table, digest }) => [table.id, digest]))
      const { vault, id } = account
      const lists = encodeListPages(listItems(account, byId, digests), listPageBytes).map((data, page) =>
        sealBox(vault.root().listKey, boxKinds.list, vault.epoch, listPlace(id, page), data),
      )
      const write = async (tx: Transaction, version: number): Promise<void> => {
        const before = readHead(await tx.get(headKey))
        const waiting = await waitingArrivals(tx)
        for (const { writes } of renewed) {
          for (const { key, sealed } of writes) {
            if (sealed) tx.put(key, sealed)
            else tx.delete(key)
          }
        }
        for (const { key, sealed } of histories) tx.put(key, sealed)
        tx.deleteRange(listRange.gte, listRange.lt)
        for (const [page, sealed] of lists.entries()) tx.put(listKey(page), sealed)
        const manifest = encodeManifest({
          version: before.version,
          head: before.head,
          keysetVersion: state.keysetVersion,
          slotsDigest: state.slotsDigest,
          lastUidValidity: state.lastUidValidity,
          pageDigests: lists.map((sealed) => sha256(sealed)),
          waiting,
        })
        tx.put(
          manifestKey,
          sealBox(vault.root().manifestKey, boxKinds.manifest, vault.epoch, manifestPlace(id), manifest),
        )
        const old = logRange(0, version)
        tx.deleteRange(old.gte, old.lt)
      }
      const applied = (): void => {
        for (const { table, pages } of renewed) {
          table.pages = pages
          table.dirtyPages.clear()
        }
        for (const { table, digest } of histories) table.expunges.written(digest, table.highestModSeq)
        state.tailLength = 0
      }
      return { changes: [{ kind: 'checkpoint' } as const], write, applied, value: true }
    })
    return done === true
  } catch (error) {
    if (error instanceof NotNow) return false
    throw error
  }
}
