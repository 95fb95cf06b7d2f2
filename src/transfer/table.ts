// The table that an export puts beside what it writes: names, uses and subscriptions that the formats themselves cannot hold.
import { z } from 'zod'
import { readSmall, type BytePath, type FileTree } from './files.ts'

export const tableFile = 'letterlock-export.json'
const tableBytes = 64 * 1024 * 1024

const rowForm = z.object({
  name: z.string(),
  /** Below the folder of the export, in ASCII; `.` for the folder itself. */
  path: z.string(),
  specialUse: z
    .enum(['\\All', '\\Archive', '\\Drafts', '\\Flagged', '\\Junk', '\\Sent', '\\Trash'])
    .optional(),
  isSubscribed: z.boolean(),
  uidValidity: z.number(),
  /** The state of the mailbox that was written whole (its HIGHESTMODSEQ and UIDNEXT, and the choice of messages). */
  written: z.string().optional(),
})

export const tableForm = z.object({
  format: z.enum(['maildir', 'mbox']),
  version: z.literal(1),
  address: z.string(),
  mailboxes: z.array(rowForm),
})

export type TableRow = z.output<typeof rowForm>
export type Table = z.output<typeof tableForm>

/** The table of an export; undefined: this is none of ours, or it cannot be read. Then the format alone counts. */
export async function exportTable(root: BytePath, tree?: FileTree): Promise<readonly TableRow[] | undefined> {
  return (await readTable(root, tree))?.mailboxes
}

export async function readTable(root: BytePath, tree?: FileTree): Promise<Table | undefined> {
  const bytes = await readSmall(`${root}/${tableFile}`, tableBytes, tree)
  if (!bytes) return undefined
  try {
    const parsed = tableForm.safeParse(JSON.parse(bytes.toString('utf8')))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
