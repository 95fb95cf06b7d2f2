// user alternate-address: where notices about an account's keys go besides its mailbox.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { usageFailure } from '../failure.ts'

const input = z.strictObject({ address, to: address.optional(), remove: z.boolean().optional() })
const result = z.object({
  address: z.string().describe('whose notices'),
  alternateAddress: z.string().nullable().describe('where they go; null: into the mailbox only'),
})

/** Shows it, sets it, or takes it away. */
export const userAlternateAddress: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand(
  {
    name: 'user alternate-address',
    summary: 'show or set where notices about the keys of an account go',
    notes: 'Mail leaves this server only with [recovery.smtp] host set.',
    examples: [
      {
        line: 'letterlock user alternate-address alice@example.org --to alice@elsewhere.example',
        does: 'sets it',
      },
      { line: 'letterlock user alternate-address alice@example.org --remove', does: 'takes it away' },
    ],
    arguments: [addressArgument],
    options: [
      { flags: '--to ADDR', description: 'this one from now on' },
      { flags: '--remove', description: 'none from now on' },
    ],
    input,
    result,
    changesData: true,

    async run(work, { address, to, remove }) {
      if (to !== undefined && remove) throw usageFailure('user alternate-address: either --to or --remove')
      const info = await work.accounts.info(address)
      const isChange = to !== undefined || remove === true
      if (isChange && !work.isDryRun) await work.accounts.setAlternateAddress(address, to)
      const present = isChange ? to : info.alternateAddress
      return { address: info.address, alternateAddress: present ?? null }
    },

    show({ address, alternateAddress }, view) {
      view.talk(
        `Notices to ${address} go ${alternateAddress ? `to ${alternateAddress} as well` : 'into its mailbox only'}.`,
      )
    },
  },
)
