// Making, removing and renaming mailboxes, and subscriptions (RFC 3501 §6.3.3 to §6.3.7).
import { mailboxesPerAccount } from '../base/limits.ts'
import { makeId } from '../crypto/random.ts'
import type { MailboxInfo, MailboxStatus, SpecialUse, Uid } from './api.ts'
import { copyAnnotations } from './annotations.ts'
import { changesBytes } from './commit-limits.ts'
import { transfer } from './copy.ts'
import { Refusal } from './errors.ts'
import { expunge } from './expunge.ts'
import { mailboxRange } from './keys.ts'
import { encodedBytes, type Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { canonicalName, compareNames, isBelow, newMailboxName, parentsOf } from './names.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

export function describe(account: UnlockedAccount, table: MailboxTable): MailboxInfo {
  const { state } = account
  return {
    id: table.id,
    name: table.name,
    specialUse: table.specialUse === '' ? undefined : (table.specialUse as SpecialUse),
    isSubscribed: state.subscriptions.has(table.name),
    hasChildren: state.names().some((name) => isBelow(name, table.name)),
  }
}

export function listMailboxes(account: UnlockedAccount): MailboxInfo[] {
  const { state } = account
  const parents = new Set(state.names().flatMap(parentsOf))
  return [...state.mailboxes.values()]
    .sort((a, b) => compareNames(a.name, b.name))
    .map((table) => ({
      id: table.id,
      name: table.name,
      specialUse: table.specialUse === '' ? undefined : (table.specialUse as SpecialUse),
      isSubscribed: state.subscriptions.has(table.name),
      hasChildren: parents.has(table.name),
    }))
}

/** STATUS. Rows are read only when some of them are \\Recent: clients ask for all their mailboxes. */
export async function statusOf(account: UnlockedAccount, name: string): Promise<MailboxStatus> {
  const table = account.state.byName(name)
  if (!table) throw new Refusal('mailbox-not-found', 'No such mailbox')
  if (table.recent === undefined) await account.rowsOf(table)
  return table.status()
}

/** Octets of the messages that carry \Deleted. */
export async function deletedBytesOf(account: UnlockedAccount, name: string): Promise<number> {
  const table = account.state.byName(name)
  if (!table) throw new Refusal('mailbox-not-found', 'No such mailbox')
  if (table.deleted === 0) return 0
  await account.rowsOf(table)
  return table.deletedBytes()
}

/** A clock beyond this (in 2097) is wrong, and must not use up the numbers there are. */
const latestClock = 4_000_000_000

/** UIDVALIDITY is never given twice in an account, even when a mailbox is made again under its old name. */
export function nextUidValidity(account: UnlockedAccount, above: number): number {
  const now = Math.min(Math.floor(account.site.clock.now() / 1000), latestClock)
  const next = Math.max(above + 1, now)
  if (next > 0xffffffff) throw new Refusal('limit', 'No more mailboxes can be made')
  return next
}

export function creations(
  account: UnlockedAccount,
  names: readonly { readonly name: string; readonly specialUse: string }[],
): Change[] {
  let last = account.state.lastUidValidity
  return names.map(({ name, specialUse }) => {
    last = nextUidValidity(account, last)
    return { kind: 'created', mailbox: makeId().toString('hex'), name, specialUse, uidValidity: last }
  })
}

export async function createMailbox(
  account: UnlockedAccount,
  given: string,
  specialUse: SpecialUse | undefined,
  by: object,
): Promise<MailboxInfo> {
  const name = newMailboxName(given)
  await account.commit(() => {
    const { state } = account
    if (state.byName(name)) throw new Refusal('mailbox-exists', 'The mailbox exists already')
    if (specialUse && [...state.mailboxes.values()].some((table) => table.specialUse === specialUse)) {
      throw new Refusal('mailbox-exists', 'Another mailbox has that special use')
    }
    const missing = parentsOf(name).filter((parent) => !state.byName(parent))
    if (state.mailboxes.size + missing.length >= mailboxesPerAccount)
      throw new Refusal('limit', 'Too many mailboxes')
    const wanted = [
      ...missing.map((parent) => ({ name: parent, specialUse: '' })),
      { name, specialUse: specialUse ?? '' },
    ]
    return { changes: creations(account, wanted), value: undefined }
  }, by)
  return describe(account, await account.mailbox(name))
}

export async function deleteMailbox(account: UnlockedAccount, given: string, by: object): Promise<void> {
  const name = canonicalName(given)
  if (name === 'INBOX') throw new Refusal('mailbox-not-deletable', 'INBOX cannot be deleted')
  const table = await account.mailbox(name)
  // Asked again inside each commit: somebody may rename it or make an inferior while its messages go.
  const check = (): void => {
    const { state } = account
    if (state.byName(name) !== table) throw new Refusal('mailbox-not-found', 'No such mailbox')
    if (state.names().some((other) => isBelow(other, name)))
      throw new Refusal('mailbox-has-children', 'The mailbox has inferior mailboxes')
  }
  for (;;) {
    check()
    // What is copied into it meanwhile goes too; the last look and the deletion are one commit.
    await expunge(account, table, [...table.uids] as Uid[], { all: true, check }, by)
    const isDone = await account.commit(() => {
      check()
      if (table.uids.length > 0) return undefined
      return {
        changes: [{ kind: 'deleted', mailbox: table.id } as const],
        value: true,
        write(tx) {
          for (const kind of ['m', 'p', 'x', 'v', 't'] as const) {
            const { gte, lt } = mailboxRange(kind, table.idBytes)
            tx.deleteRange(gte, lt)
          }
        },
      }
    }, by)
    if (isDone) return
  }
}

/** A mailbox and all below it, inferiors first. Refuses what cannot be renamed as a whole. */
function renaming(account: UnlockedAccount, from: string, to: string): Change[] {
  const { state } = account
  if (!state.byName(from)) throw new Refusal('mailbox-not-found', 'No such mailbox')
  if (state.byName(to)) throw new Refusal('mailbox-exists', 'The mailbox exists already')
  if (to === from || isBelow(to, from))
    throw new Refusal('mailbox-name-invalid', 'A mailbox cannot be moved below itself')
  const moved = state.names().filter((name) => name === from || isBelow(name, from))
  return moved
    .sort()
    .reverse()
    .flatMap((name): Change[] => {
      const renamed = newMailboxName(to + name.slice(from.length))
      if (state.byName(renamed))
        throw new Refusal('mailbox-exists', 'A mailbox of the new name exists already')
      const id = state.byName(name)?.id
      return id ? [{ kind: 'renamed', mailbox: id, name: renamed }] : []
    })
}

/** The first of `changes`, as many as one log entry holds. */
function fitting(changes: readonly Change[]): Change[] {
  let bytes = 0
  const over = changes.findIndex((change) => (bytes += encodedBytes(change)) > changesBytes)
  return over < 0 ? [...changes] : changes.slice(0, Math.max(over, 1))
}

/**
 * Inferiors go along (RFC 3501 §6.3.5). More than one log entry holds are several commits, the mailbox itself in the last:
 * whatever stops it, the same command goes on with what is left.
 */
export async function renameMailbox(
  account: UnlockedAccount,
  givenFrom: string,
  givenTo: string,
  by: object,
): Promise<void> {
  const from = canonicalName(givenFrom)
  const to = newMailboxName(givenTo)
  if (from === 'INBOX') return renameInbox(account, to, by)
  for (;;) {
    const isDone = await account.commit(() => {
      const { state } = account
      const renamed = renaming(account, from, to)
      const missing = parentsOf(to).filter((parent) => !state.byName(parent))
      if (state.mailboxes.size + missing.length > mailboxesPerAccount)
        throw new Refusal('limit', 'Too many mailboxes')
      const made = creations(
        account,
        missing.map((name) => ({ name, specialUse: '' })),
      )
      const all = [...made, ...renamed]
      const changes = fitting(all)
      return { changes, value: changes.length === all.length }
    }, by)
    if (isDone) return
  }
}

/** RFC 3501 §6.3.5: the messages move to a new mailbox, INBOX stays and is empty; inferiors of INBOX stay. */
async function renameInbox(account: UnlockedAccount, to: string, by: object): Promise<void> {
  await createMailbox(account, to, undefined, by)
  await copyAnnotations(account, 'INBOX', to, by)
  const inbox = await account.mailbox('INBOX')
  await transfer(account, inbox, to, [...inbox.uids] as Uid[], true, undefined)
}

export async function setSubscribed(
  account: UnlockedAccount,
  given: string,
  isSubscribed: boolean,
  by: object,
): Promise<void> {
  const name = canonicalName(given)
  await account.commit(() => {
    if (account.state.subscriptions.has(name) === isSubscribed) return undefined
    // A subscribed name need not exist (RFC 3501 §6.3.6), but it must be one that could.
    const kept = isSubscribed ? newMailboxName(name) : name
    if (isSubscribed && account.state.subscriptions.size >= mailboxesPerAccount) {
      throw new Refusal('limit', 'Too many subscriptions')
    }
    return { changes: [{ kind: isSubscribed ? 'subscribed' : 'unsubscribed', name: kept }], value: undefined }
  }, by)
}
