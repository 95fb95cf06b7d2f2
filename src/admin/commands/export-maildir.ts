// export maildir: writes readable mail as a Maildir.
import type { SiteCommand } from '../command.ts'
import { plainExport, type PlainExportInput, type PlainExportResult } from '../plain-export.ts'

/** Writes an account as a Maildir. */
export const exportMaildir: SiteCommand<PlainExportInput, PlainExportResult> = plainExport('maildir', {
  summary: 'write the mail of an account as a readable Maildir',
  notes: 'Maildir++, which Dovecot takes over with the UIDs that clients know.',
  example: '/srv/export/alice',
})
