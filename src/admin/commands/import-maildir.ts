// import maildir: takes mail in from a Maildir.
import { openMaildir } from '../../transfer/maildir-source.ts'
import { fileImport, type FileImportInput } from '../file-import.ts'
import type { SiteCommand } from '../command.ts'
import type { ImportResult } from '../import-job.ts'

/** Takes in a Maildir with its folders. */
export const importMaildir: SiteCommand<FileImportInput, ImportResult> = fileImport('maildir', openMaildir, {
  summary: 'take in a Maildir with all its folders',
  notes:
    'Maildir++ (folders named .Name) and folders in folders (LAYOUT=fs), of Dovecot, Courier and others; dovecot-uidlist, dovecot-keywords, ' +
    'courierimapkeywords and subscriptions are read. Messages packed with gzip are unpacked.',
  path: 'absolute path of the folder that has cur, new and tmp',
  example: '/srv/old/alice',
})
