// Cuts the rows of a mailbox into state pages: which of those on disk stay, and which are sealed anew (FORMAT.md §9.6).
import { breathe } from '../base/async.ts'
import { boxKinds, sealBox } from '../crypto/box.ts'
import { sha256 } from '../crypto/digest.ts'
import { statePlace } from '../crypto/places.ts'
import { stateKey } from './keys.ts'
import type { StatePageRef } from './list-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import type { MessageColumns } from './message-columns.ts'
import { bareRowBytes, encodeStatePage, rowBytes } from './state-codec.ts'
import type { Vault } from './vault.ts'

/** Rows of a page that is not split yet: with box and padding it stays below 64 KiB. */
const pageBytes = 46 * 1024
/** A page that is cut anew; neighbours that are smaller together become one page, so that gaps do not add up. */
const cutBytes = 30 * 1024

export interface PageWrite {
  readonly key: Buffer
  /** undefined: the page goes. */
  readonly sealed: Buffer | undefined
}

export interface MailboxPages {
  readonly table: MailboxTable
  readonly pages: readonly StatePageRef[]
  readonly writes: readonly PageWrite[]
}

/** Neighbouring pages as on disk, and which rows belong to them. */
interface Stretch {
  readonly old: readonly StatePageRef[]
  readonly firstUid: number
  readonly from: number
  readonly to: number
  readonly isDirty: boolean
}

function stretches(table: MailboxTable, stale: ReadonlySet<number>): Stretch[] {
  const { pages, uids } = table
  const found: Stretch[] = []
  let from = 0
  const bounds: readonly (StatePageRef | undefined)[] = pages.length > 0 ? pages : [undefined]
  for (const [index, page] of bounds.entries()) {
    const end = bounds[index + 1]?.firstUid ?? Infinity
    let to = from
    const isDirty = !page || table.dirtyPages.has(page.firstUid) || stale.has(page.firstUid)
    if (!isDirty) to += page.count
    else while ((uids[to] ?? Infinity) < end) to += 1
    const next: Stretch = { old: page ? [page] : [], firstUid: page?.firstUid ?? 0, from, to, isDirty }
    const last = found.at(-1)
    if (last && (last.isDirty || isDirty) && (to - last.from) * bareRowBytes <= cutBytes) {
      found[found.length - 1] = { ...last, old: [...last.old, ...next.old], to, isDirty: true }
    } else found.push(next)
    from = to
  }
  return found
}

/** Where the pages of the rows from index `from` up to `to` begin and end. */
function cut(rows: MessageColumns, from: number, to: number): [from: number, to: number][] {
  let total = 0
  for (let index = from; index < to; index += 1) total += rowBytes(rows.flagSet(index))
  const limit = total > pageBytes ? cutBytes : pageBytes
  const parts: [number, number][] = []
  let bytes = Infinity
  for (let index = from; index < to; index += 1) {
    const ofRow = rowBytes(rows.flagSet(index))
    bytes += ofRow
    const part = parts.at(-1)
    if (part && bytes <= limit) part[1] = index + 1
    else {
      parts.push([index, index + 1])
      bytes = ofRow
    }
  }
  return parts
}

/**
 * Seals the changed pages of a mailbox, whose rows must be loaded, and those that `stale` names by their first UID. For use
 * inside a commit: the rows must not change meanwhile.
 */
export async function statePages(
  vault: Vault,
  table: MailboxTable,
  stale: ReadonlySet<number>,
): Promise<MailboxPages> {
  const key = vault.root().mailboxKey(table.idBytes)
  const pages: StatePageRef[] = []
  const writes: PageWrite[] = []
  for (const { old, firstUid, from, to, isDirty } of stretches(table, stale)) {
    if (!isDirty) {
      pages.push(...old)
      continue
    }
    const { rows, uids } = table
    const written = new Set<number>()
    for (const [start, end] of cut(rows, from, to)) {
      const first = start === from ? firstUid : (uids[start] ?? 0)
      const place = statePlace(vault.account, table.idBytes, table.uidValidity, first)
      const data = encodeStatePage(rows, start, end, table.keywords)
      const sealed = sealBox(key, boxKinds.statePage, vault.epoch, place, data)
      pages.push({ firstUid: first, count: end - start, digest: sha256(sealed) })
      writes.push({ key: stateKey(table.idBytes, first), sealed })
      written.add(first)
      await breathe()
    }
    for (const page of old) {
      if (!written.has(page.firstUid))
        writes.push({ key: stateKey(table.idBytes, page.firstUid), sealed: undefined })
    }
  }
  return { table, pages, writes }
}
