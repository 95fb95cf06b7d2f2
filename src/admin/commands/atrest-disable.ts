// atrest disable: the site's key opens the account again.
import { z } from 'zod'
import { Refusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { isSealed } from '../account-checks.ts'
import { address, addressArgument, atRestForm } from '../forms.ts'

const input = z.strictObject({ address, byRecovery: z.boolean().optional() })
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
    { line: 'letterlock atrest disable alice@example.org --by-recovery', does: 'asks for the recovery code' },
  ],
  arguments: [addressArgument],
  options: [{ flags: '--by-recovery', description: 'with the recovery code, not the password' }],
  input,
  result,
  changesData: true,
  mayNeed: [
    { name: 'password', kind: 'current' },
    { name: 'recovery-code', kind: 'current' },
  ],
  secrets: ({ address, byRecovery }) => [
    byRecovery
      ? { name: 'recovery-code', kind: 'current', prompt: `Recovery code of ${address}` }
      : { name: 'password', kind: 'current', prompt: `Password of ${address}` },
  ],
  confirm: ({ address }) => ({
    type: address,
    warning: `Whoever has the disk and the site key will be able to read the mail of ${address}.`,
  }),

  async run(work, { address, byRecovery }) {
    const info = await work.accounts.info(address)
    if (!isSealed(info)) throw new Refusal('not-enabled', `${info.address} is not encrypted at rest`)
    if (work.isDryRun) return { address: info.address, atRest: info.atRest }
    const { finished } = await work.accounts.atRest.disableAtRest(
      address,
      byRecovery
        ? { kind: 'recovery', code: work.secret('recovery-code') }
        : { kind: 'password', password: work.secret('password') },
      (done, total) => work.progress(done, total),
    )
    await finished
    return { address: info.address, atRest: (await work.accounts.info(address)).atRest }
  },

  show({ address }, view) {
    view.talk(`${address} is not encrypted at rest any more: the site's key opens it.`)
  },
})
