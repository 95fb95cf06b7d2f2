// Builds search text: opens messages, a bounded number at a time, and writes what SEARCH asks of them into pages (FORMAT.md §9.9).
import { breathe } from '../base/async.ts'
import type { MessageState, Uid } from './api.ts'
import { isRefusal } from './errors.ts'
import { textKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { MemoryBudget } from './memory-budget.ts'
import { messageContents } from './message-contents.ts'
import { MessageParts, openContents, type Opened } from './message-parts.ts'
import { cutAll, encodeTextPage, rawBytes, type TextEntry } from './text-codec.ts'
import { blankEntry, certain, makeEntry, narrowed } from './text-entry.ts'
import { sealTextPage } from './text-seal.ts'
import { textState } from './text-state.ts'
import { lowerBound } from './uid-ranges.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

/** Messages of one batch, which is one commit: a quarter of a second's work, a few pages. */
const messagesAtOnce = 192
const textBytesAtOnce = 1024 * 1024
/** Text of a page before it is deflated: mostly a quarter of that, below the 64 KiB of a value even when it is half. */
const pageTextBytes = 112 * 1024
const pageEntries = 400
/** Data of a page, with box and padding below 64 KiB. */
const pageDataBytes = 61 * 1024

/** Mail opened at once to be indexed, over all accounts. */
const budget = new MemoryBudget(64 * 1024 * 1024)

interface Page {
  readonly entries: readonly TextEntry[]
  readonly data: Buffer
}

/** Pages of all entries, each as small as it has to be. */
async function paged(entries: readonly TextEntry[]): Promise<Page[]> {
  const [first] = entries
  if (!first) return []
  const data = await encodeTextPage(entries)
  if (data.length <= pageDataBytes) return [{ entries, data }]
  if (entries.length === 1) {
    // What was narrowed already, or whose facts alone are too long, does not get smaller.
    const narrow = narrowed(first, certain)
    return rawBytes(narrow) < rawBytes(first) ? paged([narrow]) : paged([blanked(first)])
  }
  const middle = entries.length >>> 1
  return [...(await paged(entries.slice(0, middle))), ...(await paged(entries.slice(middle)))]
}

const nothing = Buffer.alloc(0)
const blanked = (entry: TextEntry): TextEntry => ({
  ...{ ...entry, cut: cutAll, facts: nothing, front: nothing },
  ...{ own: nothing, parts: nothing, body: nothing },
})

/** Runs of entries whose text makes about a page. */
function runs(entries: readonly TextEntry[]): TextEntry[][] {
  const found: TextEntry[][] = []
  let bytes = Infinity
  for (const entry of entries) {
    const run = found.at(-1)
    bytes += rawBytes(entry)
    if (run && bytes <= pageTextBytes && run.length < pageEntries) run.push(entry)
    else {
      found.push([entry])
      bytes = rawBytes(entry)
    }
  }
  return found
}

/** Undefined: the message was expunged meanwhile. */
async function entryOf(opened: Opened, state: MessageState): Promise<TextEntry | undefined> {
  if ('damage' in opened) return blankEntry(state)
  try {
    return await makeEntry(state, new MessageParts(opened.content, budget))
  } catch (error) {
    if (isRefusal(error, 'message-expunged')) return undefined
    if (isRefusal(error, 'damaged')) return blankEntry(state)
    throw error
  }
}

/** Entries of the first of `uids`, as many as one batch takes, and whether that is all of them. `isStopped` ends it early. */
async function readEntries(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly Uid[],
  isStopped: () => boolean,
): Promise<{ readonly entries: readonly TextEntry[]; readonly isAll: boolean }> {
  const contents = (wanted: readonly Uid[]) => messageContents(account, table, wanted, () => undefined)
  const mailbox = {
    contents,
    async content(uid: Uid) {
      for await (const content of contents([uid])) return content
      return undefined
    },
  }
  const entries: TextEntry[] = []
  let bytes = 0
  for await (const opened of openContents(mailbox, uids)) {
    const state = table.row(opened.uid)
    if (!state) continue
    const entry = await entryOf(opened, state)
    if (!entry) continue
    entries.push(entry)
    bytes += rawBytes(entry)
    // One message takes about half a millisecond.
    await breathe()
    if (bytes > textBytesAtOnce || isStopped()) return { entries, isAll: false }
  }
  return { entries, isAll: true }
}

export interface Stretch {
  /** Where the page that begins the stretch begins, or where no page is any more. */
  readonly from: number
  /** Not included: where the next page begins, or the end. */
  readonly until: number
}

/**
 * Indexes the first messages of a stretch of a mailbox in one commit, in place of the pages that begin there; resolves to
 * the UID where to go on, `until` at the end. A message that is expunged meanwhile is left out.
 */
export async function buildSome(
  account: UnlockedAccount,
  table: MailboxTable,
  { from, until }: Stretch,
  isStopped: () => boolean,
): Promise<number> {
  const uids = present(table, from, until)
  const batch = uids.slice(0, messagesAtOnce)
  const { entries, isAll } = await readEntries(account, table, batch, isStopped)
  const last = (isAll ? batch : entries).at(-1)
  const lastUid = typeof last === 'number' ? last : last?.uid
  const next = lastUid === undefined || (isAll && batch.length === uids.length) ? until : lastUid + 1
  const pages = (await Promise.all(runs(entries).map((run) => paged(run)))).flat()
  await account.commit(async (): Promise<Commit<undefined> | undefined> => {
    if (!account.state.mailboxes.has(table.id)) return undefined
    const writes: { readonly key: Buffer; readonly sealed: Buffer }[] = []
    for (const page of pages) {
      const kept = page.entries.filter(({ uid }) => table.has(uid))
      const [first] = kept
      if (!first) continue
      const data = kept.length === page.entries.length ? page.data : await encodeTextPage(kept)
      const sealed = sealTextPage(account.vault, table, first.uid, data)
      writes.push({ key: textKey(table.idBytes, first.uid), sealed })
    }
    return {
      changes: [],
      value: undefined,
      write(tx) {
        tx.deleteRange(textKey(table.idBytes, from), textKey(table.idBytes, next))
        for (const { key, sealed } of writes) tx.put(key, sealed)
      },
      applied() {
        const state = textState(table)
        state.indexedUntil = Math.max(state.indexedUntil ?? 1, next)
        for (const uid of state.missing) if (uid >= from && uid < next) state.missing.delete(uid)
      },
    }
  })
  return next
}

function present(table: MailboxTable, from: number, until: number): Uid[] {
  const { uids } = table
  return Array.from(uids.subarray(lowerBound(uids, from), lowerBound(uids, until))) as Uid[]
}
