// atrest admin decrypt: turns at-rest encryption off with the site's recovery key.
import { z } from 'zod'
import { adminNeeds, adminSecrets, mayNeedAdmins, presentForm, presentOption } from '../admin-passwords.ts'
import { Refusal } from '../../account/errors.ts'
import { isSealed } from '../account-checks.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address, admins: presentForm })
const result = z.object({
  address: z.string().describe('whose mail it is'),
  decrypted: z.boolean().describe('false after a dry run'),
})

/** The owner finds it in the trail and in the mailbox. */
export const atrestAdminDecrypt: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest admin decrypt',
  summary: 'turn at-rest encryption off with the admin recovery key',
  notes:
    'The server can read the mail from then on, and `user passwd` can set its password. The owner is told.',
  examples: [
    {
      line: 'letterlock atrest admin decrypt alice@example.org',
      does: 'asks for the admin recovery password',
    },
  ],
  arguments: [addressArgument],
  options: [presentOption],
  input,
  result,
  changesData: true,
  mayNeed: mayNeedAdmins('admin-password'),
  secrets: ({ admins }) => adminNeeds('admin-password', admins),
  confirm: ({ address }) => ({
    type: address,
    warning: `The server will be able to read the mail of ${address}.`,
  }),

  async run(work, { address, admins }) {
    const info = await work.accounts.info(address)
    if (!isSealed(info)) throw new Refusal('not-enabled', `${info.address} is not encrypted at rest`)
    if (work.isDryRun) return { address: info.address, decrypted: false }
    const { finished } = await work.accounts.escrow.escrowDecrypt(
      address,
      adminSecrets(work, 'admin-password', admins),
      (done, total) => work.progress(done, total),
    )
    await finished
    return { address: info.address, decrypted: true }
  },

  show({ address }, view) {
    view.talk(`${address} is not encrypted at rest any more; its owner was told.`)
  },
})
