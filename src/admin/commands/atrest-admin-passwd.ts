// atrest admin passwd: other passwords for the same recovery key.
import { z } from 'zod'
import {
  adminNeeds,
  adminSecrets,
  adminsAtMost,
  countOfAdmins,
  mayNeedAdmins,
  presentForm,
} from '../admin-passwords.ts'
import { Refusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand } from '../command.ts'

const input = z.strictObject({
  present: presentForm,
  admins: countOfAdmins.optional(),
  needed: countOfAdmins.optional(),
})
const result = z.object({ changed: z.boolean().describe('false after a dry run') })

/** Costs the same however many accounts there are: they are sealed to the key, not to its password. */
export const atrestAdminPasswd: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest admin passwd',
  summary: 'change the admin recovery password',
  notes:
    'The key stays, so no account has to be opened. Copies of the disk from before open with the old password: where that may be known, make another key (remove, then set).',
  examples: [
    { line: 'letterlock atrest admin passwd', does: 'asks for the old and the new one' },
    { line: 'letterlock atrest admin passwd --present 2 --admins 1', does: 'two admins hand it to one' },
  ],
  options: [
    { flags: '--present N', description: 'as many admins give their old passwords (1, when not given)' },
    { flags: '--admins N', description: `as many admins share the key from now on (1 to ${adminsAtMost})` },
    { flags: '--needed K', description: 'as many of them must come together; all, when not given' },
  ],
  input,
  result,
  changesData: true,
  mayNeed: [...mayNeedAdmins('admin-password'), ...mayNeedAdmins('new-admin-password')],
  secrets: ({ present, admins }) => [
    ...adminNeeds('admin-password', present),
    ...adminNeeds('new-admin-password', admins),
  ],

  async run(work, { present, admins = 1, needed = admins }) {
    const { escrow } = work.accounts
    if (needed > admins) throw new Refusal('limit', 'There cannot be more admins needed than there are')
    if (!(await escrow.escrowStatus()).isSet)
      throw new Refusal('no-admin-key', 'This site has no admin recovery key')
    if (work.isDryRun) return { changed: false }
    const old = adminSecrets(work, 'admin-password', present)
    await escrow.changeEscrowPassword(old, adminSecrets(work, 'new-admin-password', admins), needed)
    return { changed: true }
  },

  show(_, view) {
    view.talk('The admin recovery password was changed.')
  },
})
