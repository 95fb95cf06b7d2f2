// export mbox: writes readable mail as mbox files.
import type { SiteCommand } from '../command.ts'
import { plainExport, type PlainExportInput, type PlainExportResult } from '../plain-export.ts'

/** Writes an account as mbox files. */
export const exportMbox: SiteCommand<PlainExportInput, PlainExportResult> = plainExport('mbox', {
  summary: 'write the mail of an account as readable mbox files',
  notes: 'One file for each mailbox (mboxrd), in folders as the mailboxes are.',
  example: '/srv/export/alice-mbox',
})
