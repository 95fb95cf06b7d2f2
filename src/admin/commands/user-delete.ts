// user delete: removes an account and all its mail.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { accountForm, accountRow, address, addressArgument, type AccountRow } from '../forms.ts'
import { namesAtMost, sizeInWords, someNames } from '../words.ts'

const input = z.strictObject({ address })
const result = accountForm.extend({
  deleted: z.boolean().describe('false after a dry run'),
  wasBegun: z
    .boolean()
    .describe('true: an earlier deletion had not come to its end, and this went on with it'),
  aliases: z
    .array(z.string())
    .describe('aliases that lose it, the first 1,000; those that led to nobody else go too'),
  aliasCount: z.number().describe('how many lose it in all'),
})

/** What is left of an account whose deletion has begun says nothing any more. */
const halfGone = (whose: string): AccountRow => ({
  ...{ address: whose, isDisabled: true, atRest: 'off', isUnlocked: false },
  ...{ usedBytes: 0, quotaBytes: null, pendingArrivals: 0 },
})

/** Deletes an account: its sessions end, its keys and every byte of its mail are removed. */
export const userDelete: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user delete',
  summary: 'delete an account and all its mail',
  notes:
    'There is no way back but a backup. A deletion that a failing disk stopped half way is gone on with by the same command, and by the next start of the server; nobody can log in meanwhile. On a terminal the address has to be typed again; scripts give --yes.',
  examples: [
    { line: 'letterlock user delete alice@example.org --dry-run', does: 'says what would go' },
    { line: 'letterlock user delete alice@example.org --yes', does: 'for scripts' },
  ],
  arguments: [addressArgument],
  input,
  result,
  changesData: true,

  confirm: (_, row) => ({
    type: row.address,
    warning:
      (row.wasBegun
        ? `The deletion of ${row.address} was begun, and did not come to its end: it will.`
        : `${row.address} and ${sizeInWords(row.usedBytes)} of mail will be gone for good.`) +
      (row.aliasCount > 0 ? ` Aliases lead to it: ${someNames(row.aliases, row.aliasCount)}.` : ''),
  }),

  async run(work, { address }) {
    const wasBegun = await work.accounts.isBeingDeleted(address)
    const row = wasBegun ? halfGone(address) : accountRow(await work.accounts.info(address))
    const all = await work.accounts.names.aliasesTo(row.address)
    const aliases = all.slice(0, namesAtMost)
    if (!work.isDryRun) await work.accounts.delete(address)
    return { ...row, wasBegun, deleted: !work.isDryRun, aliases, aliasCount: all.length }
  },

  show(row, view) {
    const what = `${row.address} (${row.wasBegun ? 'what was left of it' : sizeInWords(row.usedBytes)})`
    view.talk(`${row.deleted ? 'Deleted' : 'Would delete'} ${what}.`)
  },
})
