// atrest cancel-recovery: stops a recovery that waits, by its owner's password.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address })
const result = z.object({ cancelled: z.boolean().describe('false after a dry run') })

/** The notice about a recovery names it. */
export const atrestCancelRecovery: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand(
  {
    name: 'atrest cancel-recovery',
    summary: 'stop a recovery that waits ([recovery] delay)',
    examples: [
      { line: 'letterlock atrest cancel-recovery alice@example.org', does: 'asks for the password' },
    ],
    arguments: [addressArgument],
    input,
    result,
    changesData: true,
    mayNeed: [{ name: 'password', kind: 'current' }],
    secrets: ({ address }) => [{ name: 'password', kind: 'current', prompt: `Password of ${address}` }],

    async run(work, { address }) {
      await work.accounts.info(address)
      if (work.isDryRun) return { cancelled: false }
      await work.accounts.recovery.cancelRecovery(address, { password: work.secret('password') })
      return { cancelled: true }
    },

    show(_, view) {
      view.talk('The recovery is cancelled. Get a new recovery code: somebody has yours.')
    },
  },
)
