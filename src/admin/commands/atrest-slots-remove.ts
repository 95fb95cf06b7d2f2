// atrest slots remove: takes away one of the secrets that open an account.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument, slotId, slotIdArgument } from '../forms.ts'
import { ownerNeeds, ownerSecret, siteKeyField, siteKeyOption } from '../owner.ts'

const input = z.strictObject({ address, id: slotId, siteKey: siteKeyField })
const result = z.object({
  address: z.string().describe('whose account it is'),
  id: z.string().describe('the slot'),
  removed: z.boolean().describe('false after a dry run'),
})

/** Removes a key slot; the volume key is renewed and its sessions end. */
export const atrestSlotsRemove: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest slots remove',
  summary: 'remove a key slot',
  notes:
    'The only password stays. Without the recovery code a forgotten password loses the mail. Together with an older copy of the disk a removed slot ' +
    'opens what `letterlock atrest rotate` keeps away.',
  examples: [
    { line: 'letterlock atrest slots remove alice@example.org 0a1b2c3d', does: 'asks for the password' },
  ],
  arguments: [addressArgument, slotIdArgument],
  options: [siteKeyOption],
  input,
  result,
  changesData: true,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: (given) => ownerNeeds(given),
  confirm: ({ id }) => ({ type: id, warning: `What slot ${id} belongs to will open the account no more.` }),

  async run(work, given) {
    const { address, id } = given
    const info = await work.accounts.info(address)
    if (!work.isDryRun) await work.accounts.slots.removeSlot(address, ownerSecret(work, given), id)
    return { address: info.address, id, removed: !work.isDryRun }
  },

  show({ address, id, removed }, view) {
    view.talk(removed ? `Slot ${id} of ${address} is gone.` : `Slot ${id} would be removed.`)
  },
})
