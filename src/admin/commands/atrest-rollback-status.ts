// atrest rollback status: whether an account is older than what is remembered of it.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address })
const result = z.object({
  address: z.string().describe('whose account it is'),
  isRolledBack: z.boolean().describe('true: it was put back to an older state, and nobody accepted that'),
  seenVersion: z.number().nullable().describe('change that its witness remembers'),
  presentVersion: z.number().nullable().describe('change that it is at now'),
  seenAt: z.string().nullable().describe('when its witness was written, ISO 8601'),
})

/** Needs no key. */
export const atrestRollbackStatus: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand(
  {
    name: 'atrest rollback status',
    summary: 'say whether an account was put back to an older state',
    notes:
      'Files outside the store ([integrity] witness_dir) remember how far each account was. An account that is older, or has another past, does not open by IMAP until its ' +
      'owner or an admin accepts that; mail for it is kept. Without keys only the numbers of changes are compared. Exit code 65 when it was put back.',
    examples: [
      { line: 'letterlock atrest rollback status alice@example.org', does: 'says how far it was, and is' },
    ],
    arguments: [addressArgument],
    input,
    result,

    async run(work, { address }) {
      const info = await work.accounts.info(address)
      const found = await work.accounts.rollbacks.rollback(address)
      return {
        ...{ address: info.address, isRolledBack: found !== undefined },
        ...{ seenVersion: found?.seenVersion ?? null, presentVersion: found?.presentVersion ?? null },
        seenAt: found ? new Date(found.seenAt).toISOString() : null,
      }
    },

    exitCode: ({ isRolledBack }) => (isRolledBack ? exitCodes.data : exitCodes.ok),

    show({ address, isRolledBack, seenVersion, presentVersion, seenAt }, view) {
      if (!isRolledBack) view.talk(`${address}: nothing says that it is older than it was.`)
      else
        view.alarm(
          `${address} was put back: it is at change ${presentVersion ?? 0}, and was at change ${seenVersion ?? 0} on ${seenAt ?? ''}.`,
        )
    },
  },
)
