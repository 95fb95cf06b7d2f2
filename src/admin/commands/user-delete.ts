// user delete: removes an account and all its mail.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { accountForm, accountRow, address, addressArgument } from '../forms.ts'
import { sizeInWords } from '../words.ts'

const input = z.strictObject({ address })
const result = accountForm.extend({
  deleted: z.boolean().describe('false after a dry run'),
  aliases: z.array(z.string()).describe('aliases that lose it; those that led to nobody else go too'),
})

/** Deletes an account: its sessions end, its keys and every byte of its mail are removed. */
export const userDelete: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user delete',
  summary: 'delete an account and all its mail',
  notes:
    'There is no way back but a backup. On a terminal the address has to be typed again; scripts give --yes.',
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
      `${row.address} and ${sizeInWords(row.usedBytes)} of mail will be gone for good.` +
      (row.aliases.length > 0 ? ` Aliases lead to it: ${row.aliases.join(', ')}.` : ''),
  }),

  async run(work, { address }) {
    const row = accountRow(await work.accounts.info(address))
    const aliases = [...(await work.accounts.names.aliasesTo(row.address))]
    if (!work.isDryRun) await work.accounts.delete(address)
    return { ...row, deleted: !work.isDryRun, aliases }
  },

  show(row, view) {
    if (row.deleted) view.talk(`Deleted ${row.address} (${sizeInWords(row.usedBytes)}).`)
    else view.talk(`Would delete ${row.address} (${sizeInWords(row.usedBytes)}).`)
  },
})
