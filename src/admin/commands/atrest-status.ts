// atrest status: whose mail is sealed, and how far conversions are.
import { z } from 'zod'
import type { AccountInfo } from '../../account/api.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, atRestForm } from '../forms.ts'
import { tableLines } from '../words.ts'

const input = z.strictObject({ address: address.optional() })
const row = z.object({
  address: z.string().describe('its address'),
  atRest: atRestForm.describe('state'),
  isUnlocked: z.boolean().describe('true: its keys are in memory because its owner is logged in'),
  pendingArrivals: z.number().describe('messages that came while locked'),
  openedBy: z.array(z.string()).describe('kinds of key slots: each is one way to open the mail'),
})
const result = z.object({ accounts: z.array(row).describe('one object an account') })

function statusRow(info: AccountInfo): z.output<typeof row> {
  const { address, atRest, isUnlocked, pendingArrivals, slots } = info
  return { address, atRest, isUnlocked, pendingArrivals, openedBy: slots.map((slot) => slot.kind) }
}

/** Shows the at-rest state of one account or of all. */
export const atrestStatus: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest status',
  summary: 'show which accounts are sealed',
  notes:
    'off: the server can open the mail with its site key. converting: on, older ' +
    'mail is still being sealed anew. on: only the owner opens it.',
  examples: [
    { line: 'letterlock atrest status', does: 'of all accounts' },
    { line: 'letterlock atrest status alice@example.org --json', does: 'of one, for scripts' },
  ],
  arguments: [{ name: '[ADDR]', key: 'address', description: 'address of the account' }],
  input,
  result,
  rows: 'accounts',

  async run(work, { address }) {
    if (address !== undefined) await work.row(statusRow(await work.accounts.info(address)))
    else {
      for await (const info of work.accounts.list()) {
        if (work.signal.aborted) break
        await work.row(statusRow(info))
      }
    }
    return { accounts: [] }
  },

  show({ accounts }, view) {
    if (accounts.length === 0) return
    const rows = accounts.map((one) => [
      one.address,
      one.atRest,
      one.isUnlocked ? 'in memory' : 'locked',
      String(one.pendingArrivals),
      one.openedBy.join(', '),
    ])
    for (const line of tableLines(['ADDRESS', 'AT REST', 'KEYS', 'WAITING', 'OPENED BY'], rows))
      view.out(line)
  },
})
