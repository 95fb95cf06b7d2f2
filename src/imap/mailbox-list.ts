// Rows of LIST and LSUB, and STATUS answers: which mailboxes, with which attributes.
import type { MailboxInfo, OpenAccount } from '../account/api.ts'
import { lockedText } from '../account/locked-session.ts'
import { mailboxIdOf } from '../account/object-ids.ts'
import { Answer } from './errors.ts'
import type { Session } from './session.ts'
import { compileListPattern } from './wire/list-pattern.ts'
import type { ListRequest, StatusItem } from './wire/list-request.ts'
import type { ResponseWriter } from './wire/writer.ts'

/** Between the levels of a mailbox name. */
export const delimiter = '/'

export interface ListRow {
  readonly name: string
  readonly attributes: readonly string[]
  /** RFC 5258 §3.5: the selection options that something below this name meets. */
  readonly childInfo: readonly string[]
  /** RFC 9051 §6.3.9.7: the form in which the client gave the name; RFC 5465 §5.4: what a mailbox just renamed was called. */
  readonly oldName?: string
}

function attributesOf(mailbox: MailboxInfo): string[] {
  const attributes = [mailbox.hasChildren ? '\\HasChildren' : '\\HasNoChildren']
  if (mailbox.specialUse) attributes.push(mailbox.specialUse)
  return attributes
}

/** What LIST answers (RFC 5258 §3). Attributes that were not asked for are sent as well where clients expect them. */
export function rowsOf(
  request: ListRequest,
  mailboxes: readonly MailboxInfo[],
  subscriptions: readonly string[],
): ListRow[] {
  const patterns = request.patterns.flatMap(
    (pattern) => compileListPattern(request.reference, pattern, delimiter) ?? [],
  )
  const matches = (name: string): boolean => patterns.some((pattern) => pattern.matches(name))
  const selects = (option: ListRequest['selection'][number]): boolean => request.selection.includes(option)
  const isSelected = (mailbox: MailboxInfo): boolean =>
    (!selects('SUBSCRIBED') || mailbox.isSubscribed) &&
    (!selects('SPECIAL-USE') || mailbox.specialUse !== undefined)
  const existing = new Set(mailboxes.map(({ name }) => name))
  const selectedOnly = mailboxes.filter(isSelected).map(({ name }) => name)
  // A name may be subscribed that no mailbox has; it has no special use then.
  const isBySubscription = selects('SUBSCRIBED') && !selects('SPECIAL-USE')
  const missing = isBySubscription ? subscriptions.filter((name) => !existing.has(name)) : []
  // RFC 5258 §3.1: with RECURSIVEMATCH a name stands for what is selected below it and shown by no pattern.
  const hidden = selects('RECURSIVEMATCH')
    ? [...selectedOnly, ...missing].filter((name) => !matches(name))
    : []
  const standIns = new Set(hidden.flatMap(levelsAbove))
  const criteria = request.selection.filter((option) => option === 'SUBSCRIBED' || option === 'SPECIAL-USE')
  const childInfo = (name: string): readonly string[] => (standIns.has(name) ? criteria : [])
  const showsSubscribed = selects('SUBSCRIBED') || request.returns.includes('SUBSCRIBED')

  const rows: ListRow[] = []
  for (const mailbox of mailboxes) {
    const { name } = mailbox
    if (!matches(name) || !(isSelected(mailbox) || standIns.has(name))) continue
    const attributes = attributesOf(mailbox)
    if (showsSubscribed && mailbox.isSubscribed) attributes.unshift('\\Subscribed')
    rows.push({ name, attributes, childInfo: childInfo(name) })
  }
  const subscribed = new Set(missing)
  for (const name of new Set([...missing, ...standIns])) {
    if (existing.has(name) || !matches(name)) continue
    const attributes = subscribed.has(name) ? ['\\Subscribed', '\\NonExistent'] : ['\\NonExistent']
    rows.push({ name, attributes, childInfo: childInfo(name) })
  }
  return rows
}

/** What LSUB answers: subscribed names; with `%` also the levels above those that are out of its reach. */
export function subscribedRows(
  reference: string,
  pattern: string,
  subscriptions: readonly string[],
): ListRow[] {
  const compiled = compileListPattern(reference, pattern, delimiter)
  if (!compiled) return []
  const subscribed = new Set(subscriptions)
  const rows = new Map<string, ListRow>()
  for (const name of subscriptions) {
    if (compiled.matches(name)) {
      rows.set(name, { name, attributes: [], childInfo: [] })
    } else if (pattern.includes('%')) {
      // RFC 3501 §6.3.9: "foo" is told with \Noselect when only "foo/bar" is subscribed and "%" does not reach it.
      for (const parent of levelsAbove(name)) {
        if (subscribed.has(parent) || !compiled.matches(parent)) continue
        rows.set(parent, { name: parent, attributes: ['\\Noselect'], childInfo: [] })
      }
    }
  }
  return [...rows.values()]
}

export function sendRow(out: ResponseWriter, response: 'LIST' | 'LSUB', row: ListRow): void {
  out
    .untagged()
    .text(`${response} (${row.attributes.join(' ')}) "${delimiter}" `)
    .mailbox(row.name)
  const isOfChildren = row.childInfo.length > 0
  if (isOfChildren || row.oldName !== undefined) {
    out.text(' (')
    if (isOfChildren) out.text(`"CHILDINFO" (${row.childInfo.map((option) => `"${option}"`).join(' ')})`)
    if (row.oldName !== undefined) {
      out
        .text(isOfChildren ? ' "OLDNAME" (' : '"OLDNAME" (')
        .mailbox(row.oldName)
        .text(')')
    }
    out.text(')')
  }
  out.end()
}

/** RFC 9051 §6.3.2: the LIST that SELECT and EXAMINE answer with, once IMAP4rev2 is enabled. */
export function sendSelected(session: Session, given: string): void {
  const mailbox = session.account.mailbox(given)
  if (!session.modes.isRev2 || !mailbox) return
  const row = { name: mailbox.name, attributes: attributesOf(mailbox), childInfo: [] }
  sendRow(session.out, 'LIST', { ...row, ...(isOtherForm(given) && { oldName: given }) })
}

/**
 * RFC 9051 §6.3.4 to §6.3.6: LIST with OLDNAME for a name that was not in the form in which names are kept. `given` names what
 * was made, deleted or renamed, `now` what it is called since; undefined: it is gone.
 */
export function tellOldName(session: Session, given: string, now: string | undefined): void {
  if (!session.modes.isRev2 || !(isOtherForm(given) || isOtherForm(now ?? ''))) return
  const mailbox = now === undefined ? undefined : session.account.mailbox(now)
  const row = mailbox
    ? { name: mailbox.name, attributes: attributesOf(mailbox) }
    : { name: given.normalize('NFC'), attributes: ['\\NonExistent'] }
  sendRow(session.out, 'LIST', { ...row, childInfo: [], oldName: given })
}

const isOtherForm = (name: string): boolean => name.normalize('NFC') !== name

/** One STATUS response. Throws Refusal 'mailbox-not-found'. */
export async function sendStatus(
  session: Session,
  name: string,
  items: readonly StatusItem[],
): Promise<void> {
  const { account } = session
  const status = await account.status(name)
  const deletedBytes = items.includes('DELETED-STORAGE') ? await account.deletedBytes(name) : 0
  const values: Record<StatusItem, number | string> = {
    APPENDLIMIT: session.context.settings.maxMessageBytes,
    DELETED: status.deleted,
    'DELETED-STORAGE': deletedBytes,
    HIGHESTMODSEQ: status.highestModSeq,
    MAILBOXID: `(${mailboxIdOf(status.id)})`,
    MESSAGES: status.messages,
    RECENT: status.recent,
    SIZE: status.sizeBytes,
    UIDNEXT: status.uidNext,
    UIDVALIDITY: status.uidValidity,
    UNSEEN: status.unseen,
  }
  const text = items.map((item) => `${item} ${values[item]}`).join(' ')
  session.out.untagged().text('STATUS ').mailbox(name).text(` (${text})`).end()
}

function levelsAbove(name: string): string[] {
  const levels: string[] = []
  for (let end = name.lastIndexOf(delimiter); end > 0; end = name.lastIndexOf(delimiter, end - 1)) {
    levels.push(name.slice(0, end))
  }
  return levels
}

/** Behind the rows of a list that is not all there is: an OK would tell clients that every other mailbox, with its local copy, is gone. */
export function requireComplete({ isIncomplete }: OpenAccount): void {
  if (isIncomplete) throw new Answer('NO', lockedText, 'UNAVAILABLE')
}
