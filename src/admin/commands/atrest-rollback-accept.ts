// atrest rollback accept: an account that was put back is taken as it is.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address, own: z.boolean().optional() })
const result = z.object({
  address: z.string().describe('whose account it is'),
  isAccepted: z.boolean().describe('false: there was nothing to accept, or it was a dry run'),
})

/** Leaves a line in the audit log, and in the trail that the owner is shown. */
export const atrestRollbackAccept: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand(
  {
    name: 'atrest rollback accept',
    summary: 'take an account as it is, although it was put back',
    notes:
      'Just as it is now: when it is exchanged once more before its owner logs in, that is noticed again. The owner is shown that it was accepted, and by whom. ' +
      '--own asks for the owner’s password and is the owner’s own word.',
    examples: [
      {
        line: 'letterlock atrest rollback accept alice@example.org --yes',
        does: 'after a restore that was meant',
      },
    ],
    arguments: [addressArgument],
    options: [{ flags: '--own', description: 'the owner accepts it, with the password' }],
    input,
    result,
    changesData: true,
    mayNeed: [{ name: 'password', kind: 'current' }],
    secrets: ({ address, own }) =>
      own ? [{ name: 'password', kind: 'current', prompt: `Password of ${address}` }] : [],

    confirm: ({ address }) => ({
      type: address,
      warning: `${address} will open as it is now; that it lost mail or changes will not be said at logins any more.`,
    }),

    async run(work, { address, own }) {
      const info = await work.accounts.info(address)
      const { rollbacks } = work.accounts
      const found = await rollbacks.rollback(address)
      if (work.isDryRun || !found) return { address: info.address, isAccepted: false }
      await rollbacks.acceptRollback(
        address,
        own ? { kind: 'password', password: work.secret('password') } : undefined,
      )
      return { address: info.address, isAccepted: true }
    },

    show({ address, isAccepted }, view) {
      view.talk(isAccepted ? `${address}: accepted as it is.` : `${address}: there is nothing to accept.`)
    },
  },
)
