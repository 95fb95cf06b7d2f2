// unblock: lets somebody who had to wait for wrong passwords try again at once.
import { isIP } from 'node:net'
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { serverNotRunning } from '../execute.ts'
import { address } from '../forms.ts'

const input = z
  .strictObject({
    address: address.optional(),
    ip: z
      .string()
      .refine((text) => isIP(text) !== 0, 'must be an IP address')
      .optional(),
  })
  .refine(({ address, ip }) => (address ?? ip) !== undefined, {
    message: 'give an ADDRESS, --ip IP, or both',
  })
const result = z.object({
  address: z.string().nullable().describe('login that may be tried again; null: none was named'),
  ip: z.string().nullable().describe('whose network may try again; null: none was named'),
})

/** Forgets wrong passwords; it changes nobody's password, and those who guess on have to wait again. */
export const unblock: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'unblock',
  summary: 'let somebody try again who had to wait for wrong passwords',
  notes:
    'Too many wrong passwords ([auth] account_failures, address_failures) make logins of the account, or from the network, wait; `log errors` shows auth.blocked. ' +
    'The wait counts for the name that was typed: an alias has its own. A program with an old password will be made to wait again: mend that first.',
  examples: [
    { line: 'letterlock unblock alice@example.org', does: 'logins of alice, from everywhere' },
    { line: 'letterlock unblock --ip 192.0.2.7', does: 'logins from that network' },
  ],
  arguments: [{ name: '[ADDRESS]', key: 'address', description: 'the name that was logged in with' }],
  options: [{ flags: '--ip IP', description: 'an address of the network that has to wait' }],
  input,
  result,
  needsServer: true,
  changesData: true,

  async run(work, { address, ip }) {
    if (!work.server) throw serverNotRunning('unblock')
    const what = {
      ...(address === undefined ? {} : { login: address }),
      ...(ip === undefined ? {} : { remoteAddress: ip }),
    }
    if (!work.isDryRun) await work.server.unblock(what)
    return { address: address ?? null, ip: ip ?? null }
  },

  show({ address, ip }, view) {
    const who = [address, ip === null ? null : `whoever comes from ${ip}`].filter((one) => one !== null)
    view.talk(`May try again now: ${who.join(', ')}.`)
  },
})
