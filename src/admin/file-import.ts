// What `import maildir` and `import mbox` are: one command over two kinds of files.
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import type { Source } from '../transfer/source.ts'
import { siteCommand, type SiteCommand } from './command.ts'
import { addressArgument } from './forms.ts'
import {
  importExitCode,
  importForm,
  importInput,
  importOptions,
  runImport,
  showImport,
  type ImportResult,
} from './import-job.ts'
import { insideMayNeed, ownerNeeds } from './owner-secret.ts'

const input = z.strictObject({
  ...importInput,
  path: z.string().refine(isAbsolute, 'must be an absolute path: the running server reads it'),
})
export type FileImportInput = z.output<typeof input>

const common =
  'Nothing is changed or removed at the source. Dates, flags, keywords and the order of messages are kept; what a mailbox is for goes by its ' +
  'name. A message that is there already is not taken again, so that the same command goes on after an interruption; what was moved or ' +
  'deleted here since comes again. What cannot be taken is told, the rest is taken, and all of it is read back and compared. ' +
  'Exit code 65 when something was left behind.'

/** A command that takes mail in from files that `open` understands. */
export function fileImport(
  kind: 'maildir' | 'mbox',
  open: (path: string) => Promise<Source>,
  words: {
    readonly summary: string
    readonly notes: string
    readonly path: string
    readonly example: string
  },
): SiteCommand<FileImportInput, ImportResult> {
  return siteCommand({
    name: `import ${kind}`,
    summary: words.summary,
    notes: `${words.notes} ${common}`,
    examples: [
      {
        line: `letterlock import ${kind} alice@example.org ${words.example}`,
        does: 'asks for the password of the account, takes everything in',
      },
      {
        line: `letterlock import ${kind} bob@example.org ${words.example} --site-key --dry-run`,
        does: 'says what would be taken, for an account that the site’s key opens',
      },
    ],
    arguments: [addressArgument, { name: 'PATH', key: 'path', description: words.path }],
    options: importOptions,
    input,
    result: importForm,
    changesData: true,
    looksFirst: true,
    working: 'importing',
    rows: 'mailboxes',
    mayNeed: insideMayNeed,
    secrets: (given) => ownerNeeds(given),
    run: (work, given) => runImport(work, given, () => open(given.path)),
    exitCode: importExitCode,
    show: showImport,
  })
}
