// user passwd: a new password, by the admin (accounts without at-rest encryption) or by its owner.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { refuseSealed } from '../account-checks.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address, own: z.boolean().optional() })
const result = z.object({
  address: z.string().describe('whose password it is'),
  changed: z.boolean().describe('false after a dry run'),
})

/** Sets or changes a password. Refused for encrypted accounts unless their owner gives the old one. */
export const userPasswd: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user passwd',
  summary: 'set a password, or change it knowing the old one',
  notes:
    'An account that is encrypted at rest has no password that could be set from outside: it would open nothing. ' +
    'There its owner changes it with --own (costs the same for any amount of mail), or uses the recovery code.',
  examples: [
    { line: 'letterlock user passwd alice@example.org', does: 'sets it, when at-rest encryption is off' },
    {
      line: 'letterlock user passwd alice@example.org --own',
      does: 'asks for the old one too; always works',
    },
  ],
  arguments: [addressArgument],
  options: [{ flags: '--own', description: 'change it with the old password' }],
  input,
  result,
  changesData: true,
  mayNeed: [
    { name: 'old-password', kind: 'current' },
    { name: 'password', kind: 'new' },
  ],
  secrets: ({ address, own }) => [
    ...(own
      ? [{ name: 'old-password', kind: 'current', prompt: `Old password of ${address}` } as const]
      : []),
    { name: 'password', kind: 'new', prompt: `New password for ${address}` },
  ],
  async run(work, { address, own }) {
    const info = await work.accounts.info(address)
    if (!own) refuseSealed(info)
    if (work.isDryRun) return { address: info.address, changed: false }
    if (own) await work.accounts.changePassword(address, work.secret('old-password'), work.secret('password'))
    else await work.accounts.setPassword(address, work.secret('password'))
    return { address: info.address, changed: true }
  },

  show({ address }, view) {
    view.talk(`${address} has a new password.`)
  },
})
