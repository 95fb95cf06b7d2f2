// atrest disable: the site's key opens the account again.
import { z } from 'zod'
import { Refusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { isSealed } from '../account-checks.ts'
import { address, addressArgument, atRestForm } from '../forms.ts'
import { ownerMayNeed, ownerNeeds, ownerSecret, recoveryOption } from '../owner-secret.ts'

const input = z.strictObject({ address, recovery: z.boolean().optional() })
const result = z.object({
  address: z.string().describe('whose mail it is'),
  atRest: atRestForm.describe('state reached'),
})

/** Turns at-rest encryption off, with the owner's password or recovery code. */
export const atrestDisable: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest disable',
  summary: 'let the site open an account again',
  notes:
    'Needs the password or the recovery code: nobody else can do it. From then on the server can open the mail with its site key, and so can ' +
    'whoever has the disk and that key. The recovery code is dead afterwards. Costs the same for any amount of mail.',
  examples: [
    { line: 'letterlock atrest disable alice@example.org', does: 'asks for the password' },
    { line: 'letterlock atrest disable alice@example.org --recovery', does: 'asks for the recovery code' },
  ],
  arguments: [addressArgument],
  options: [recoveryOption],
  input,
  result,
  changesData: true,
  mayNeed: ownerMayNeed,
  secrets: (given) => ownerNeeds(given),
  confirm: ({ address }) => ({
    type: address,
    warning: `Whoever has the disk and the site key will be able to read the mail of ${address}.`,
  }),

  async run(work, given) {
    const { address } = given
    const info = await work.accounts.info(address)
    if (!isSealed(info)) throw new Refusal('nothing-to-do', `${info.address} is not encrypted at rest`)
    const secret = ownerSecret(work, given)
    if (work.isDryRun || !secret) return { address: info.address, atRest: info.atRest }
    const { finished } = await work.accounts.atRest.disableAtRest(address, secret, (done, total) =>
      work.progress(done, total),
    )
    await finished
    return { address: info.address, atRest: (await work.accounts.info(address)).atRest }
  },

  show({ address }, view) {
    view.talk(`${address} is not encrypted at rest any more: the site's key opens it.`)
  },
})
