// atrest admin reset-password: a new password by the site's recovery key; the mail stays.
import { z } from 'zod'
import { adminNeeds, adminSecrets, mayNeedAdmins, presentForm, presentOption } from '../admin-passwords.ts'
import { Refusal } from '../../account/errors.ts'
import { isSealed } from '../account-checks.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address, admins: presentForm })
const result = z.object({
  address: z.string().describe('whose password it is'),
  changed: z.boolean().describe('false after a dry run'),
})

/** The owner finds it in the trail and in the mailbox. */
export const atrestAdminResetPassword: SiteCommand<
  z.output<typeof input>,
  z.output<typeof result>
> = siteCommand({
  name: 'atrest admin reset-password',
  summary: 'set a new password with the admin recovery key, keeping the mail',
  notes:
    'Costs the same for any amount of mail; the recovery code stays good. Sessions end, and the owner is told.',
  examples: [
    { line: 'letterlock atrest admin reset-password alice@example.org', does: 'asks for both passwords' },
    { line: 'letterlock atrest admin reset-password alice@example.org --generate', does: 'prints a new one' },
  ],
  arguments: [addressArgument],
  options: [presentOption],
  input,
  result,
  changesData: true,
  mayNeed: [...mayNeedAdmins('admin-password'), { name: 'password', kind: 'new' }],
  secrets: ({ address, admins }) => [
    ...adminNeeds('admin-password', admins),
    { name: 'password', kind: 'new', prompt: `New password for ${address}` },
  ],

  async run(work, { address, admins }) {
    const info = await work.accounts.info(address)
    if (!isSealed(info))
      throw new Refusal('not-enabled', `${info.address} is not encrypted at rest; use user passwd`)
    if (work.isDryRun) return { address: info.address, changed: false }
    const secrets = adminSecrets(work, 'admin-password', admins)
    await work.accounts.escrow.escrowResetPassword(address, secrets, work.secret('password'))
    return { address: info.address, changed: true }
  },

  show({ address }, view) {
    view.talk(`${address} has a new password; its owner was told.`)
  },
})
