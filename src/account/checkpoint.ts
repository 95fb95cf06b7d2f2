// Checkpoints: write the state as pages and a manifest, so that the next unlock replays little (FORMAT.md §9.2, §9.3, §9.6).
import { boxKinds, sealBox } from '../crypto/box.ts'
import { sha256 } from '../crypto/digest.ts'
import { listPlace, manifestPlace, statePlace } from '../crypto/places.ts'
import type { Transaction } from '../store/store.ts'
import {
  arrivalRange,
  headKey,
  listKey,
  listRange,
  logRange,
  manifestKey,
  stateKey,
  versionOfKey,
} from './keys.ts'
import { encodeListPages, encodeManifest, type ListEntry, type StatePageRef } from './list-codec.ts'
import type { MailboxTable, MessageRow } from './mailbox-table.ts'
import { compareNames } from './names.ts'
import { readHead } from './replay.ts'
import { encodeStatePage } from './state-codec.ts'
import { NotNow, type UnlockedAccount } from './unlocked-account.ts'

/** Rows of a state page: about 40 KB. A page that grew beyond is split. */
const rowsAtMost = 900
const rowsOfSplit = 600
const listPageBytes = 48 * 1024
/** Arrivals that a manifest names. */
const waitingAtMost = 200

interface PageWrite {
  readonly key: Buffer
  readonly sealed: Buffer | undefined
}

interface MailboxPages {
  readonly table: MailboxTable
  readonly pages: readonly StatePageRef[]
  readonly writes: readonly PageWrite[]
}

/** Seals the changed state pages of a mailbox; all of them when `everything` is set. */
function statePages(account: UnlockedAccount, table: MailboxTable, everything: boolean): MailboxPages {
  const { vault, id } = account
  const mailKey = vault.root().mailboxKey(table.idBytes)
  const pages: StatePageRef[] = []
  const writes: PageWrite[] = []
  const bounds = table.pages.length > 0 ? table.pages : [{ firstUid: 0, count: 0, digest: Buffer.alloc(0) }]
  let at = 0
  for (const [index, page] of bounds.entries()) {
    const end = bounds[index + 1]?.firstUid ?? Infinity
    const rows: MessageRow[] = []
    for (let uid = table.uids[at]; uid !== undefined && uid < end; uid = table.uids[at]) {
      const row = table.row(uid)
      if (row) rows.push(row)
      at += 1
    }
    const isKept = !everything && page.count > 0 && !table.dirtyPages.has(page.firstUid)
    if (isKept) {
      pages.push(page)
      continue
    }
    if (rows.length === 0 && page.count > 0) {
      writes.push({ key: stateKey(table.idBytes, page.firstUid), sealed: undefined })
    }
    const size = rows.length > rowsAtMost ? rowsOfSplit : rowsAtMost
    for (let from = 0; from < rows.length; from += size) {
      const part = rows.slice(from, from + size)
      const firstUid = from === 0 ? page.firstUid : (part[0]?.uid ?? 0)
      const place = statePlace(id, table.idBytes, table.uidValidity, firstUid)
      const sealed = sealBox(
        mailKey,
        boxKinds.statePage,
        vault.epoch,
        place,
        encodeStatePage(part, table.keywords),
      )
      pages.push({ firstUid, count: part.length, digest: sha256(sealed) })
      writes.push({ key: stateKey(table.idBytes, firstUid), sealed })
    }
  }
  return { table, pages, writes }
}

function listItems(
  account: UnlockedAccount,
  renewed: ReadonlyMap<string, readonly StatePageRef[]>,
): ListEntry[] {
  const { state } = account
  const tables = [...state.mailboxes.values()].sort((a, b) => compareNames(a.name, b.name))
  return [
    ...tables.map((table): ListEntry => {
      const entry = table.entry()
      return { kind: 'mailbox', entry: { ...entry, pages: renewed.get(table.id) ?? entry.pages } }
    }),
    ...[...state.subscriptions].sort().map((name): ListEntry => ({ kind: 'subscription', name })),
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

/**
 * Writes a checkpoint in one commit; resolves to whether it did: not while a great many arrivals wait. `everything` seals all pages anew (a key rotation).
 */
export async function checkpoint(
  account: UnlockedAccount,
  options: { readonly everything: boolean },
): Promise<boolean> {
  const { state } = account
  try {
    const done = await account.commit(async () => {
      if (options.everything) for (const table of state.mailboxes.values()) await account.loadRowsNow(table)
      const changed = [...state.mailboxes.values()].filter((table) => table.isDirty || options.everything)
      for (const table of changed) await account.loadRowsNow(table)
      const renewed = changed.map((table) => statePages(account, table, options.everything))
      const byId = new Map(renewed.map(({ table, pages }) => [table.id, pages]))
      const { vault, id } = account
      const lists = encodeListPages(listItems(account, byId), listPageBytes).map((data, page) =>
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
          table.isDirty = false
        }
        state.isListDirty = false
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
