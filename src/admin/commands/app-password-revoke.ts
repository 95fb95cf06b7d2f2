// app-password revoke: from now on it opens nothing.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument, slotId, slotIdArgument } from '../forms.ts'

const input = z.strictObject({ address, id: slotId })
const result = z.object({
  address: z.string().describe('whose account it is'),
  id: z.string().describe('its identifier'),
  revoked: z.boolean().describe('false after a dry run'),
})

/** Revokes an app password at once and ends its sessions. Needs no secret of the owner's. */
export const appPasswordRevoke: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'app-password revoke',
  summary: 'revoke an app password and end its sessions',
  notes:
    'In force at once, also while the account is locked and without any password. Cannot be undone. `letterlock user show ADDR` has the ' +
    'identifiers of all slots, `letterlock app-password list ADDR` their names.',
  examples: [
    { line: 'letterlock app-password revoke alice@example.org 0a1b2c3d', does: 'the phone is lost' },
  ],
  arguments: [addressArgument, slotIdArgument],
  input,
  result,
  changesData: true,
  confirm: ({ address, id }) => ({
    type: id,
    warning: `The program that has app password ${id} of ${address} will be let in no more. Another one can be made; this one never comes back.`,
  }),

  async run(work, { address, id }) {
    const info = await work.accounts.info(address)
    if (!work.isDryRun) await work.accounts.slots.revokeAppPassword(address, id)
    return { address: info.address, id, revoked: !work.isDryRun }
  },

  show({ address, id, revoked }, view) {
    if (revoked) view.talk(`App password ${id} of ${address} opens nothing any more.`)
  },
})
