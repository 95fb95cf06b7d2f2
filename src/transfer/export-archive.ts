// An account's mail as the files of an archive, read from the account while the archive is taken: nothing touches the disk.
import type {
  MailboxInfo,
  MessageContent,
  MessageState,
  OpenAccount,
  SelectedMailbox,
} from '../account/api.ts'
import { isRefusal } from '../account/errors.ts'
import { collect } from '../base/async.ts'
import { utf8 } from '../base/bytes.ts'
import {
  furtherKeywords,
  furtherKeywordsFile,
  keywordsFile,
  keywordsWithLetters,
  lettersOf,
  subscriptionsFile,
  uidList,
} from './export-maildir-index.ts'
import { baseOf, damagedApart, stemOf } from './export-maildir.ts'
import { mboxEntry } from './export-mbox.ts'
import { freePath, type ExportFormat } from './export-paths.ts'
import { tableFile, type Table, type TableRow } from './table.ts'
import { toUnixLines } from './unix-lines.ts'
import { nothing, type ZipEntry } from './zip.ts'

export interface ArchiveOptions {
  readonly format: ExportFormat
  /** Name of the folder that everything is in. */
  readonly folder: string
  /** Milliseconds since 1970, of the files that are no messages. */
  readonly now: number
  readonly signal: AbortSignal
}

interface Work extends ArchiveOptions {
  readonly account: OpenAccount
  readonly left: string[]
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

/** Each message that can be read, whole; the others are named. */
async function* messagesOf(
  { account, signal, left }: Work,
  mailbox: SelectedMailbox,
): AsyncGenerator<{ state: MessageState; message: Buffer }> {
  const leave = (content: Pick<MessageContent, 'uid'>): void =>
    void left.push(`${mailbox.name}, UID ${content.uid}: is damaged in the store`)
  const readable = await damagedApart(mailbox, mailbox.uids(), (uid) => leave({ uid }))
  for await (const content of mailbox.contents(readable)) {
    signal.throwIfAborted()
    // Long work is no idling: the account must not be locked under it.
    account.active()
    const state = mailbox.state(content.uid)
    if (!state) continue
    const message = await collect(content.read(0, content.sizeBytes)).catch((error: unknown) => {
      // Somebody removed it this very moment.
      if (isRefusal(error, 'message-expunged')) return undefined
      if (!isRefusal(error, 'damaged')) throw error
      leave(content)
      return undefined
    })
    if (message) yield { state, message }
  }
}

/** undefined, and named among what was left out: it was removed, or got another name, since the export began. */
async function selected({ account, left }: Work, name: string): Promise<SelectedMailbox | undefined> {
  try {
    return await account.select(name, { isReadOnly: true })
  } catch (error) {
    if (!isRefusal(error, 'mailbox-not-found')) throw error
    left.push(`${name}: was removed, or renamed, while this was made`)
    return undefined
  }
}

async function* mboxOctets(work: Work, name: string): AsyncGenerator<Buffer> {
  const mailbox = await selected(work, name)
  if (!mailbox) return
  try {
    for await (const { state, message } of messagesOf(work, mailbox)) yield mboxEntry(message, state)
  } finally {
    mailbox.close()
  }
}

async function* maildirFiles(work: Work, { name, path }: TableRow): AsyncGenerator<ZipEntry> {
  const { now } = work
  const within = (file: string): string => (path === '.' ? file : `${path}/${file}`)
  const file = (own: string, bytes: Buffer): ZipEntry => ({
    ...{ path: within(own), modifiedAt: now },
    content: once(bytes),
  })
  for (const own of ['cur/', 'new/', 'tmp/']) yield { path: within(own), modifiedAt: now, content: nothing() }
  if (path !== '.') yield { path: within('maildirfolder'), modifiedAt: now, content: nothing() }
  const mailbox = await selected(work, name)
  if (!mailbox) return
  try {
    const lettered = keywordsWithLetters([], mailbox.keywords)
    yield file('dovecot-keywords', keywordsFile(lettered))
    const bases = new Map<MessageState['uid'], string>()
    const further = new Map<string, readonly string[]>()
    for await (const { state, message } of messagesOf(work, mailbox)) {
      const bytes = toUnixLines(message)
      const base = baseOf(stemOf(mailbox, state), state, bytes, message)
      bases.set(state.uid, base)
      const words = furtherKeywords(state.flags, lettered)
      if (words.length > 0) further.set(base, words)
      yield {
        path: within(`cur/${base}:2,${lettersOf(state.flags, lettered)}`),
        modifiedAt: state.internalDate,
        content: once(bytes),
      }
    }
    yield file('dovecot-uidlist', uidList(mailbox, bases))
    if (further.size > 0) yield file('courierimapkeywords/:list', furtherKeywordsFile(further))
  } finally {
    mailbox.close()
  }
}

function rowsOf(
  format: ExportFormat,
  mailboxes: readonly (MailboxInfo & { uidValidity: number })[],
): TableRow[] {
  const rows: TableRow[] = []
  for (const { name, specialUse, isSubscribed, uidValidity } of mailboxes) {
    rows.push({
      ...{ name, path: freePath(format, name, rows), isSubscribed, uidValidity },
      ...(specialUse ? { specialUse } : {}),
    })
  }
  return rows
}

async function* filesOf(work: Work): AsyncGenerator<ZipEntry> {
  const { account, format, now, left, signal } = work
  const mailboxes = []
  for (const info of account.mailboxes())
    mailboxes.push({ ...info, uidValidity: (await account.status(info.name)).uidValidity })
  const rows = rowsOf(format, mailboxes)
  const table: Table = { format, version: 1, address: account.address, mailboxes: rows }
  const text = (path: string, lines: string): ZipEntry => ({
    ...{ path, modifiedAt: now },
    content: once(utf8(lines)),
  })
  yield text(tableFile, `${JSON.stringify(table, undefined, 1)}\n`)
  for (const row of rows) {
    signal.throwIfAborted()
    if (format === 'maildir') yield* maildirFiles(work, row)
    else yield { path: row.path, modifiedAt: now, content: mboxOctets(work, row.name) }
  }
  if (format === 'maildir') {
    const bytes = subscriptionsFile(account.subscriptions())
    yield { path: 'subscriptions', modifiedAt: now, content: once(bytes) }
  }
  if (left.length > 0) yield text('NOT-EXPORTED.txt', `${left.join('\n')}\n`)
}

/**
 * The files of an export, in the order in which they are to be read, each once. `importMail` takes all of it back as it was. A damaged
 * message is left out, and named in a file at the end. Throws what reading refuses, and what `signal` is aborted with.
 */
export async function* archiveOf(account: OpenAccount, options: ArchiveOptions): AsyncGenerator<ZipEntry> {
  const files = filesOf({ ...options, account, left: [] })
  for await (const entry of files) yield { ...entry, path: `${options.folder}/${entry.path}` }
}
