// atrest code regenerate: a new recovery code.
import { z } from 'zod'
import { Refusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { isSealed } from '../account-checks.ts'
import { address, addressArgument } from '../forms.ts'
import { typedBack, typedBackNote } from '../typed-back.ts'

const input = z.strictObject({ address })
const result = z.object({
  address: z.string().describe('whose code it is'),
  regenerated: z.boolean().describe('false after a dry run'),
})

/** Makes a new recovery code with the password; the old one is dead as soon as the new one was printed. */
export const atrestCodeRegenerate: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand(
  {
    name: 'atrest code regenerate',
    summary: 'make a new recovery code',
    notes:
      'Needs the password, and prints the code, once. The code before it does not work any more. Also for accounts that were encrypted at a login ' +
      'and have no code yet. `letterlock atrest code test` tries what was written down. ' +
      typedBackNote,
    examples: [
      {
        line: 'letterlock atrest code regenerate alice@example.org',
        does: 'asks for the password, prints the code',
      },
      {
        line: 'letterlock atrest code regenerate alice@example.org --password-file - --json',
        does: 'for scripts: the code is in the object',
      },
    ],
    arguments: [addressArgument],
    input,
    result,
    changesData: true,
    asks: true,
    mayNeed: [{ name: 'password', kind: 'current' }],
    secrets: ({ address }) => [{ name: 'password', kind: 'current', prompt: `Password of ${address}` }],
    reveals: {
      'recovery-code':
        'New recovery code, shown this once; an older one dies when this one counts. Print it or write it down, and\nkeep it away from this machine.',
    },

    async run(work, { address }) {
      const info = await work.accounts.info(address)
      if (!isSealed(info)) throw new Refusal('not-enabled', `${info.address} is not encrypted at rest`)
      if (work.isDryRun) return { address: info.address, regenerated: false }
      const { atRest } = work.accounts
      const password = work.secret('password')
      const { offerId, recoveryCode } = await atRest.offerRecoveryCode(address, password)
      const accept = (typed: Buffer): Promise<void> => atRest.acceptRecoveryCode(offerId, typed, password)
      try {
        if (work.ask) {
          await work.reveal('recovery-code', recoveryCode)
          await typedBack(work.ask, accept)
        } else {
          // A script gets the code: that stands for typing it back.
          await accept(recoveryCode)
          await work.reveal('recovery-code', recoveryCode)
        }
      } finally {
        atRest.withdrawOffer(offerId)
        recoveryCode.fill(0)
      }
      return { address: info.address, regenerated: true }
    },

    show({ address }, view) {
      view.talk(`${address} has a new recovery code (try it: letterlock atrest code test ${address}).`)
    },
  },
)
