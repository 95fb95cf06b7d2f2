// kick: ends sessions and wipes their keys from memory.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { matchesMask, network, networkOption } from '../forms.ts'
import { isWithin } from '../networks.ts'
import { counted } from '../words.ts'
import { noteAct } from '../note-act.ts'

const input = z
  .strictObject({
    mask: z.string().max(320).optional(),
    session: z.string().min(1).max(100).optional(),
    ip: network.optional(),
  })
  .refine(({ mask, session, ip }) => (mask ?? ip) !== undefined || session !== undefined, {
    message: "give a mask ('*' is everybody), --ip NETWORK or --session ID",
  })
  .refine(({ mask, session, ip }) => session === undefined || (mask ?? ip) === undefined, {
    message: '--session ID stands alone',
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
    { line: 'letterlock kick --ip 2001:db8::/32', does: 'whoever is logged in from there' },
    { line: 'letterlock kick --session ID', does: 'one session, as `letterlock who` shows it' },
  ],
  arguments: [{ name: '[MASK]', key: 'mask', description: 'addresses, with * and ?' }],
  options: [networkOption, { flags: '--session ID', description: 'one session' }],
  input,
  result,
  needsServer: true,
  changesData: true,

  async run(work, { mask, session, ip }) {
    const hit = work.accounts
      .sessions()
      .filter((row) => session === undefined || row.sessionId === session)
      .filter((row) => mask === undefined || matchesMask(mask, row.address))
      .filter((row) => ip === undefined || isWithin(ip, row.remoteAddress))
    const addresses = [...new Set(hit.map((row) => row.address))].sort()
    if (work.isDryRun) return { ended: hit.length, addresses }
    const reason = 'ended by the administrator'
    let ended = 0
    if (session !== undefined || ip !== undefined)
      for (const { sessionId } of hit) ended += await work.accounts.kick({ sessionId }, reason)
    else for (const address of addresses) ended += await work.accounts.kick({ address }, reason)
    for (const address of addresses) await noteAct(work, { event: 'session.kicked', address })
    return { ended, addresses }
  },

  show({ ended, addresses }, view) {
    view.talk(
      ended === 0 ? 'No such session.' : `Ended ${counted(ended, 'session')} of ${addresses.join(', ')}.`,
    )
  },
})
