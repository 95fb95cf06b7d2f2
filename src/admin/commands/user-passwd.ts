// user passwd: a new password, by the admin (accounts without at-rest encryption) or by its owner.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { Refusal } from '../../account/errors.ts'
import { isSealed, refuseSealed } from '../account-checks.ts'
import { usageFailure } from '../failure.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address, own: z.boolean().optional(), lockMail: z.boolean().optional() })
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
  options: [
    { flags: '--own', description: 'change it with the old password' },
    { flags: '--lock-mail', description: 'set one that does not open the mail, for an encrypted account' },
  ],
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
  mustConfirm: ({ lockMail }) => lockMail === true,
  confirm: ({ address }) => ({
    type: address,
    warning:
      `The mail of ${address} will be locked: the new password lets its owner in, and shows one message that says so.\n` +
      'It opens again with the old password or the recovery code. Mail keeps arriving.',
  }),

  async run(work, { address, own, lockMail }) {
    const info = await work.accounts.info(address)
    if (own && lockMail) throw usageFailure('user passwd: --own and --lock-mail do not go together')
    if (!own && !lockMail) refuseSealed(info)
    if (lockMail && !isSealed(info))
      throw new Refusal(
        'not-enabled',
        `${info.address} is not encrypted at rest: its password can simply be set`,
      )
    if (work.isDryRun) return { address: info.address, changed: false }
    if (own) await work.accounts.changePassword(address, work.secret('old-password'), work.secret('password'))
    else if (lockMail) await work.accounts.lockedMail.lockMail(address, work.secret('password'))
    else await work.accounts.setPassword(address, work.secret('password'))
    return { address: info.address, changed: true }
  },

  show({ address }, view) {
    view.talk(`${address} has a new password.`)
  },
})
