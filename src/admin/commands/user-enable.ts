// user enable: let a disabled account in again.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { accountForm, accountRow, address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address })
const result = accountForm

/** Lets a disabled account log in and get mail again. */
export const userEnable: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user enable',
  summary: 'let a disabled account in again',
  examples: [{ line: 'letterlock user enable alice@example.org', does: 'logins and mail work again' }],
  arguments: [addressArgument],
  input,
  result,
  changesData: true,

  async run(work, { address }) {
    if (!work.isDryRun) await work.accounts.setDisabled(address, false)
    return { ...accountRow(await work.accounts.info(address)), isDisabled: false }
  },

  show(row, view) {
    view.talk(`${row.address} can log in again.`)
  },
})
