// atrest unlock-mail: opens mail again that a password set by an admin does not open.
import { z } from 'zod'
import { Refusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address, recovery: z.boolean().optional() })
const result = z.object({
  address: z.string().describe('whose mail it is'),
  unlocked: z.boolean().describe('false after a dry run'),
})

/** With the old password or the recovery code; the new password opens the mail from then on. */
export const atrestUnlockMail: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest unlock-mail',
  summary: 'open mail that was locked by `user passwd --lock-mail`',
  examples: [
    {
      line: 'letterlock atrest unlock-mail alice@example.org',
      does: 'asks for the old password and the one from now on',
    },
    {
      line: 'letterlock atrest unlock-mail alice@example.org --recovery',
      does: 'with the recovery code, which stays good',
    },
  ],
  arguments: [addressArgument],
  options: [{ flags: '--recovery', description: 'with the recovery code instead of the old password' }],
  input,
  result,
  changesData: true,
  mayNeed: [
    { name: 'old-password', kind: 'current' },
    { name: 'recovery-code', kind: 'current' },
    { name: 'password', kind: 'new' },
  ],
  secrets: ({ address, recovery }) => [
    recovery
      ? ({ name: 'recovery-code', kind: 'current', prompt: `Recovery code of ${address}` } as const)
      : ({
          name: 'old-password',
          kind: 'current',
          prompt: `Old password of ${address}, which opened the mail`,
        } as const),
    { name: 'password', kind: 'new', prompt: `Password for ${address} from now on` },
  ],

  async run(work, { address, recovery }) {
    const info = await work.accounts.info(address)
    if (info.atRest !== 'locked')
      throw new Refusal('nothing-to-do', `The mail of ${info.address} is not locked`)
    if (work.isDryRun) return { address: info.address, unlocked: false }
    const secret = recovery
      ? ({ kind: 'recovery', code: work.secret('recovery-code') } as const)
      : ({ kind: 'password', password: work.secret('old-password') } as const)
    await work.accounts.lockedMail.unlockMail(address, secret, work.secret('password'))
    return { address: info.address, unlocked: true }
  },

  show({ address }, view) {
    view.talk(`The mail of ${address} opens with the new password.`)
  },
})
