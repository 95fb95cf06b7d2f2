// import mbox: takes mail in from mbox files.
import { openMbox } from '../../transfer/mbox-source.ts'
import { fileImport, type FileImportInput } from '../file-import.ts'
import type { SiteCommand } from '../command.ts'
import type { ImportResult } from '../import-job.ts'

/** Takes in an mbox, or a tree of them. */
export const importMbox: SiteCommand<FileImportInput, ImportResult> = fileImport('mbox', openMbox, {
  summary: 'take in an mbox file, or a folder of them',
  notes:
    'A single file goes to INBOX unless --into names another mailbox. Which kind of mbox a file is shows in it: lengths count only where all ' +
    'of them fit, else From_ lines part messages, and one > before From is taken away. Status, X-Status, X-Keywords and Mozilla’s fields ' +
    'become flags. Let nobody write to the files meanwhile.',
  path: 'absolute path of a file or folder',
  example: '/home/alice/mail',
})
