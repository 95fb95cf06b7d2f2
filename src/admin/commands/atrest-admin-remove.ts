// atrest admin remove: destroys the site's recovery key.
import { z } from 'zod'
import { adminNeeds, adminSecrets, mayNeedAdmins, presentForm, presentOption } from '../admin-passwords.ts'
import { Refusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand } from '../command.ts'

const input = z.strictObject({ admins: presentForm, force: z.boolean().optional() })
const result = z.object({ removed: z.boolean().describe('false after a dry run') })

/** The secret is gone at once; slots go as their accounts open. */
export const atrestAdminRemove: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest admin remove',
  summary: 'destroy the admin recovery key',
  notes:
    'At once nothing opens with it any more. Accounts lose their slot at their next login, and their owners are told. Copies of the disk from before still hold the key, under its password.',
  examples: [
    { line: 'letterlock atrest admin remove', does: 'asks for the password' },
    { line: 'letterlock atrest admin remove --force', does: 'when nobody knows it any more' },
  ],
  options: [presentOption, { flags: '--force', description: 'without the password' }],
  input,
  result,
  changesData: true,
  mayNeed: mayNeedAdmins('admin-password'),
  secrets: ({ admins, force }) => (force ? [] : adminNeeds('admin-password', admins)),
  confirm: () => ({
    type: 'remove',
    warning:
      'Accounts whose owners forget password and recovery code cannot be opened by anybody from then on.',
  }),

  async run(work, { admins, force }) {
    const { escrow } = work.accounts
    if (!(await escrow.escrowStatus()).isSet)
      throw new Refusal('no-admin-key', 'This site has no admin recovery key')
    if (work.isDryRun) return { removed: false }
    await escrow.removeEscrow(force ? undefined : adminSecrets(work, 'admin-password', admins))
    return { removed: true }
  },

  show(_, view) {
    view.talk('The admin recovery key is destroyed.')
  },
})
