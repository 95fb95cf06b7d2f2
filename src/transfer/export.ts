// Writes an account's mail out as readable files: Maildir or mbox. What is written is read again and compared.
import type { MailboxInfo, OpenAccount, SelectedMailbox, Uid } from '../account/api.ts'
import { Refusal } from '../account/errors.ts'
import { exportMaildir } from './export-maildir.ts'
import { exportMbox } from './export-mbox.ts'
import type { ExportFormat } from './export-paths.ts'
import { ExportPlace } from './export-place.ts'
import { subscriptionsFile } from './export-maildir-index.ts'
import type { TableRow } from './table.ts'
import type { Trouble } from './source.ts'

export interface ExportOptions {
  readonly format: ExportFormat
  /** Only this mailbox. */
  readonly mailbox?: string
  /** Only messages with an internal date of this moment or later: milliseconds since 1970. */
  readonly since?: number
  readonly signal: AbortSignal
  readonly progress: (done: number, total: number) => void
  readonly trouble: (trouble: Trouble) => void
}

export interface ExportedMailbox {
  readonly name: string
  /** Below the folder of the export. */
  readonly path: string
  readonly messages: number
  /** Of those: written now. The others were there from an earlier run. */
  readonly written: number
  /** Read again from the files, and equal. */
  readonly verified: number
}

/** What a format is given for one mailbox. */
export interface MailboxExport {
  readonly place: ExportPlace
  readonly row: TableRow
  readonly mailbox: SelectedMailbox
  readonly uids: readonly Uid[]
  /** Names this state of the mailbox and this choice of messages. */
  readonly state: string
  readonly signal: AbortSignal
  /** After each message. */
  readonly step: () => void
  /** A message that cannot be written; the others are. */
  readonly left: (uid: Uid, reason: string) => void
}

/** How many were written now, and how many were compared with what they are in the account. */
export interface MailboxExported {
  readonly written: number
  readonly verified: number
}

function chosen(account: OpenAccount, name: string | undefined): readonly MailboxInfo[] {
  if (name === undefined) return account.mailboxes()
  const mailbox = account.mailbox(name)
  if (!mailbox) throw new Refusal('mailbox-not-found', 'No such mailbox')
  return [mailbox]
}

/**
 * Exports to the folder `root`, which is new, empty, or holds an earlier export of the same account and format: then what is missing
 * is added. Nothing is ever removed there. Throws TransferFailure; refuses as reading does.
 */
export async function exportMail(
  account: OpenAccount,
  root: string,
  options: ExportOptions,
): Promise<ExportedMailbox[]> {
  const { format, since, signal } = options
  const mailboxes = chosen(account, options.mailbox)
  const place = await ExportPlace.open(root, format, account.address)
  let total = 0
  for (const { name } of mailboxes) total += (await account.status(name)).messages
  let steps = 0
  const done: ExportedMailbox[] = []
  for (const info of mailboxes) {
    signal.throwIfAborted()
    const mailbox = await account.select(info.name, { isReadOnly: true })
    try {
      const row = place.row(info, mailbox.uidValidity)
      const uids = mailbox
        .uids()
        .filter((uid) => since === undefined || (mailbox.state(uid)?.internalDate ?? 0) >= since)
      const state = [mailbox.uidValidity, mailbox.highestModSeq, mailbox.uidNext, since ?? ''].join(' ')
      const write = format === 'maildir' ? exportMaildir : exportMbox
      const counts = await write({
        ...{ place, row, mailbox, uids, state, signal },
        step: () => {
          // Long work is no idling: the account must not be locked under it.
          account.active()
          options.progress(Math.min((steps += 1), total), total)
        },
        left: (uid, reason) => options.trouble({ mailbox: info.name, label: `UID ${uid}`, reason }),
      })
      done.push({ name: info.name, path: row.path, messages: uids.length, ...counts })
    } finally {
      mailbox.close()
    }
  }
  if (format === 'maildir' && options.mailbox === undefined) {
    await place.write('subscriptions', subscriptionsFile(account.subscriptions()))
  }
  await place.save()
  options.progress(total, total)
  return done
}
