// user disable: stop logins and mail of an account.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { accountForm, accountRow, address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address })
const result = accountForm

/** Refuses logins and mail of an account and ends its sessions; its mail stays as it is. */
export const userDisable: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user disable',
  summary: 'stop logins and mail of an account',
  examples: [{ line: 'letterlock user disable alice@example.org', does: 'its sessions end at once' }],
  arguments: [addressArgument],
  input,
  result,
  changesData: true,

  async run(work, { address }) {
    if (!work.isDryRun) await work.accounts.setDisabled(address, true)
    return { ...accountRow(await work.accounts.info(address)), isDisabled: true }
  },

  show(row, view) {
    view.talk(`${row.address} can no longer log in; mail to it is refused.`)
  },
})
