// atrest admin test: whether the password is the right one, before it is needed.
import { z } from 'zod'
import { adminNeeds, adminSecrets, mayNeedAdmins, presentForm, presentOption } from '../admin-passwords.ts'
import { siteCommand, type SiteCommand } from '../command.ts'

const input = z.strictObject({ admins: presentForm })
const result = z.object({ works: z.boolean().describe('true: it opens the recovery key') })

/** Opens the key and nothing else. */
export const atrestAdminTest: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest admin test',
  summary: 'try the admin recovery password; opens no account',
  examples: [{ line: 'letterlock atrest admin test', does: 'exits with 65 when it is not the password' }],
  options: [presentOption],
  input,
  result,
  mayNeed: mayNeedAdmins('admin-password'),
  secrets: ({ admins }) => adminNeeds('admin-password', admins),

  async run(work, { admins }) {
    await work.accounts.escrow.testEscrow(adminSecrets(work, 'admin-password', admins))
    return { works: true }
  },

  show(_, view) {
    view.talk('That is the admin recovery password.')
  },
})
