// kick: ends sessions and wipes their keys from memory.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { matchesMask } from '../forms.ts'
import { counted } from '../words.ts'

const input = z
  .strictObject({ mask: z.string().max(320).optional(), session: z.string().min(1).max(100).optional() })
  .refine(({ mask, session }) => (mask === undefined) !== (session === undefined), {
    message: "give either a mask ('*' is everybody) or --session ID",
  })
const result = z.object({
  ended: z.number().describe('sessions that were ended, or would be'),
  addresses: z.array(z.string()).describe('whose they were'),
})

/** Ends sessions by address mask or identifier; the keys of an account go with its last session. */
export const kick: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'kick',
  summary: 'end sessions and wipe their keys from memory',
  examples: [
    { line: 'letterlock kick alice@example.org', does: 'all sessions of one account' },
    { line: "letterlock kick '*'", does: 'everybody' },
    { line: 'letterlock kick --session ID', does: 'one session, as `letterlock who` shows it' },
  ],
  arguments: [{ name: '[MASK]', key: 'mask', description: 'addresses, with * and ?' }],
  options: [{ flags: '--session ID', description: 'one session' }],
  input,
  result,
  needsServer: true,
  changesData: true,

  async run(work, { mask, session }) {
    const hit = work.accounts
      .sessions()
      .filter((row) => (mask === undefined ? row.sessionId === session : matchesMask(mask, row.address)))
    const addresses = [...new Set(hit.map((row) => row.address))].sort()
    if (work.isDryRun) return { ended: hit.length, addresses }
    if (session !== undefined) {
      return {
        ended: await work.accounts.kick({ sessionId: session }, 'ended by the administrator'),
        addresses,
      }
    }
    let ended = 0
    for (const address of addresses)
      ended += await work.accounts.kick({ address }, 'ended by the administrator')
    return { ended, addresses }
  },

  show({ ended, addresses }, view) {
    view.talk(
      ended === 0 ? 'No such session.' : `Ended ${counted(ended, 'session')} of ${addresses.join(', ')}.`,
    )
  },
})
