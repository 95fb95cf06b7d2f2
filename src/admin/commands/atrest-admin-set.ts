// atrest admin set: a recovery key for the site, under the password of one admin or of several.
import { z } from 'zod'
import { adminNeeds, adminSecrets, adminsAtMost, countOfAdmins, mayNeedAdmins } from '../admin-passwords.ts'
import { Refusal } from '../../account/errors.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { siteCommand, type SiteCommand } from '../command.ts'

const input = z.strictObject({ admins: countOfAdmins.optional(), needed: countOfAdmins.optional() })
const result = z.object({
  isSet: z.boolean().describe('false after a dry run'),
  fingerprint: z.string().nullable().describe('of the public key: what owners find in their trail'),
  needed: z.number().describe('admins that must come together'),
  admins: z.number().describe('admins that hold a share'),
})

/** Makes the key pair; accounts get a slot for it when they next open. */
export const atrestAdminSet: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest admin set',
  summary: 'make the admin recovery key of this site',
  notes:
    'From then on accounts with at-rest encryption get a slot for the key: those that turn it on at once, others at their next login, and ' +
    'their owners are told. Whoever has the password can open all of them, so it is worth as much as all the mail. It can be changed, tested and removed.',
  examples: [
    { line: 'letterlock atrest admin set', does: 'asks for a password, twice' },
    { line: 'letterlock atrest admin set --admins 3 --needed 2', does: 'any two of three admins together' },
  ],
  options: [
    { flags: '--admins N', description: `as many admins share the key (1 to ${adminsAtMost})` },
    { flags: '--needed K', description: 'as many of them must come together; all, when not given' },
  ],
  input,
  result,
  changesData: true,
  mayNeed: mayNeedAdmins('new-admin-password'),
  secrets: ({ admins }) => adminNeeds('new-admin-password', admins),

  async run(work, { admins = 1, needed = admins }) {
    const { escrow } = work.accounts
    if (needed > admins) throw new Refusal('limit', 'There cannot be more admins needed than there are')
    const { isSet } = await escrow.escrowStatus()
    if (isSet)
      throw new Failure('already-enabled', exitCodes.data, 'this site has an admin recovery key already', {
        hint:
          'the password of it is changed by:  letterlock atrest admin passwd\n' +
          'another key instead of it:          letterlock atrest admin remove, then set',
      })
    if (!work.isDryRun) await escrow.setEscrow(adminSecrets(work, 'new-admin-password', admins), needed)
    const { fingerprint, isSet: isSetNow } = await escrow.escrowStatus()
    return { isSet: isSetNow, fingerprint: fingerprint ?? null, needed, admins }
  },

  show({ fingerprint, needed, admins }, view) {
    view.talk(
      `The admin recovery key is set (${fingerprint ?? ''}); ${needed} of ${admins} open it. Accounts get a slot at their next login.`,
    )
  },
})
