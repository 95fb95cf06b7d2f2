// STORE: changes flags of messages, in commits of bounded size (RFC 3501 §6.4.6, RFC 7162 §3.1.3).
import { keywordsPerMailbox } from '../base/limits.ts'
import type { Flag, Uid } from './api.ts'
import { batchOf, changesBytes } from './commit-limits.ts'
import { Refusal } from './errors.ts'
import { changeFlags, noFlags, readFlags, type FlagSet } from './flags.ts'
import type { Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** Messages a commit looks at: for so long nobody else has a turn. */
const messagesAtOnce = 16_384
/** Bytes of a change besides its flags and ranges (FORMAT.md §9.1). */
const changeBytes = 21
const rangeBytes = 8
/** Bytes of all keywords of a mailbox: they stand in one entry of the mailbox list, with much else. */
const keywordBytesOfMailbox = 16 * 1024

export interface StoreRequest {
  readonly action: 'replace' | 'add' | 'remove'
  readonly flags: readonly Flag[]
  readonly unchangedSince: number | undefined
}

/** The keywords that a mailbox will know with those of `flags`; refuses with 'limit' when they are too many. */
export function withKeywords(known: readonly string[], flags: FlagSet): readonly string[] {
  const fresh = flags.keywords.filter((word) => !known.includes(word))
  if (fresh.length === 0) return known
  const all = [...known, ...fresh]
  const bytes = all.reduce((sum, word) => sum + 2 + Buffer.byteLength(word), 0)
  if (all.length > keywordsPerMailbox || bytes > keywordBytesOfMailbox) {
    throw new Refusal('limit', 'The mailbox has too many keywords')
  }
  return all
}

/** What the messages of one STORE came to, as far as they were looked at. */
interface Outcome {
  readonly changed: Uid[]
  readonly modified: Uid[]
  /** Index of the first UID that was not looked at. */
  next: number
}

/** Messages that get the same flags: those next to each other in the mailbox are one range, whatever UIDs between them are gone. */
interface Group {
  readonly ranges: [first: number, last: number][]
  /** Index of the last one in the mailbox. */
  last: number
}

/** What flags become: most messages have the same before, and it is found out once for each set of them. */
class Changing {
  readonly #request: StoreRequest
  readonly #given: FlagSet
  readonly #known = new Map<FlagSet, FlagSet>()
  #before: FlagSet | undefined
  #after: FlagSet = noFlags

  constructor(request: StoreRequest, given: FlagSet) {
    this.#request = request
    this.#given = given
  }

  /** The very same set when nothing changes. */
  after(before: FlagSet): FlagSet {
    if (before === this.#before) return this.#after
    let after = this.#known.get(before)
    if (!after) {
      const changed = changeFlags(before, this.#request.action, this.#given)
      after = sameFlags(before, changed) ? before : changed
      this.#known.set(before, after)
    }
    this.#before = before
    this.#after = after
    return after
  }
}

/** The changes of one commit, for the messages from `outcome.next` on; what it looked at goes into `outcome`. */
function plan(
  table: MailboxTable,
  uids: readonly Uid[],
  request: StoreRequest,
  outcome: Outcome,
): readonly Change[] {
  const given = readFlags(request.flags, table.keywords)
  if (request.action !== 'remove') withKeywords(table.keywords, given)
  const batch = batchOf(table, uids, outcome.next, { messages: messagesAtOnce, bytesOf: () => 0 })
  const { rows } = table
  const changing = new Changing(request, given)
  const groups = new Map<FlagSet, Group>()
  let group: Group = { ranges: [], last: -1 }
  let flags: FlagSet | undefined
  let bytes = 0
  for (const uid of batch) {
    const index = rows.indexOf(uid)
    const before = index < 0 ? noFlags : rows.flagSet(index)
    const isTooNew =
      index >= 0 && request.unchangedSince !== undefined && rows.modSeq(index) > request.unchangedSince
    const after = index < 0 || isTooNew ? before : changing.after(before)
    if (after !== before) {
      if (after !== flags) {
        flags = after
        group = groups.get(after) ?? { ranges: [], last: -1 }
      }
      const range = group.last === index - 1 ? group.ranges.at(-1) : undefined
      if (!range) {
        bytes += rangeBytes + (group.last < 0 ? changeBytes + after.encodedBytes : 0)
        if (bytes > changesBytes && groups.size > 0) break
      }
      if (range) range[1] = uid
      else group.ranges.push([uid, uid])
      group.last = index
      groups.set(after, group)
      outcome.changed.push(uid)
    }
    if (isTooNew) outcome.modified.push(uid)
    outcome.next += 1
  }
  return [...groups].map(([to, { ranges }]) => ({ kind: 'flags', mailbox: table.id, flags: to, ranges }))
}

function sameFlags(a: FlagSet, b: FlagSet): boolean {
  return a === b || (a.bits === b.bits && a.keywords.join(' ') === b.keywords.join(' '))
}

/** `changed`: whose flags differ now; `modified`: left alone because they changed after `unchangedSince`. Both ascend. */
export async function storeFlags(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly Uid[],
  request: StoreRequest,
  by: object,
): Promise<{ changed: Uid[]; modified: Uid[] }> {
  const outcome: Outcome = { changed: [], modified: [], next: 0 }
  while (outcome.next < uids.length) {
    await account.commit(() => {
      if (!account.state.mailboxes.has(table.id))
        throw new Refusal('mailbox-not-found', 'The mailbox was deleted')
      const changes = plan(table, uids, request, outcome)
      return changes.length > 0 ? { changes, value: undefined } : undefined
    }, by)
  }
  return outcome
}
