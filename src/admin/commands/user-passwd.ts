// user passwd: a new password, by the admin (accounts without at-rest encryption) or by its owner.
import { z } from 'zod'
import { siteCommand, type SiteCommand, type Work } from '../command.ts'
import { Refusal } from '../../account/errors.ts'
import { isSealed, refuseSealed } from '../account-checks.ts'
import { usageFailure } from '../failure.ts'
import { address, addressArgument, appPasswordForm, appPasswordLines, appPasswordView } from '../forms.ts'
import { noteAct } from '../note-act.ts'
import { counted } from '../words.ts'

const input = z.strictObject({
  address,
  own: z.boolean().optional(),
  lockMail: z.boolean().optional(),
  endSessions: z.boolean().optional(),
})
const result = z.object({
  address: z.string().describe('whose password it is'),
  changed: z.boolean().describe('false after a dry run'),
  locked: z.boolean().describe('true: the mail is locked (--lock-mail)'),
  appPasswords: z
    .array(appPasswordForm)
    .nullable()
    .describe('app passwords that stay valid; null: not known (--lock-mail, dry run)'),
  endedSessions: z.number().describe('sessions that were ended'),
})

async function listed(work: Work, address: string): Promise<z.output<typeof appPasswordForm>[]> {
  const secret = { kind: 'password', password: work.secret('password') } as const
  return (await work.accounts.slots.appPasswords(address, secret)).map(appPasswordView)
}

/** Sets or changes a password. Refused for encrypted accounts unless their owner gives the old one. */
export const userPasswd: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user passwd',
  summary: 'set a password, or change it knowing the old one',
  notes:
    'An account that is encrypted at rest has no password that could be set from outside: it would open nothing. ' +
    'There its owner changes it with --own (costs the same for any amount of mail), or uses the recovery code. App passwords stay valid: they are listed, ' +
    'and `app-password revoke` ends one. With --end-sessions whoever is logged in has to log in again; a password that is not set with --own has that effect in any case.',
  examples: [
    { line: 'letterlock user passwd alice@example.org', does: 'sets it, when at-rest encryption is off' },
    {
      line: 'letterlock user passwd alice@example.org --own',
      does: 'asks for the old one too; always works',
    },
    {
      line: 'letterlock user passwd alice@example.org --own --end-sessions',
      does: 'after a device was lost; then revoke its app password',
    },
  ],
  arguments: [addressArgument],
  options: [
    { flags: '--own', description: 'change it with the old password' },
    { flags: '--lock-mail', description: 'set one that does not open the mail, for an encrypted account' },
    { flags: '--end-sessions', description: 'end all sessions of the account, and wipe their keys' },
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

  async run(work, { address, own, lockMail, endSessions }) {
    const info = await work.accounts.info(address)
    if (own && lockMail) throw usageFailure('user passwd: --own and --lock-mail do not go together')
    if (!own && !lockMail) refuseSealed(info)
    if (lockMail && !isSealed(info))
      throw new Refusal(
        'nothing-to-do',
        `${info.address} is not encrypted at rest: its password can simply be set`,
      )
    const facts = { address: info.address, endedSessions: 0, appPasswords: null, locked: lockMail === true }
    if (work.isDryRun) return { ...facts, changed: false }
    if (own) await work.accounts.changePassword(address, work.secret('old-password'), work.secret('password'))
    else if (lockMail) await work.accounts.lockedMail.lockMail(address, work.secret('password'))
    else await work.accounts.setPassword(address, work.secret('password'))
    // What was done is done: neither of these may make it look as if it were not.
    const appPasswords = lockMail ? null : await listed(work, address).catch(() => null)
    const endedSessions = endSessions
      ? await work.accounts.kick({ address: info.address }, 'The password was changed')
      : 0
    if (endedSessions > 0) await noteAct(work, { event: 'session.kicked', address: info.address })
    return { ...facts, changed: true, appPasswords, endedSessions }
  },

  show({ address, locked, appPasswords, endedSessions }, view) {
    view.talk(`${address} has a new password.`)
    if (locked)
      view.talk(
        'It does not open the mail: that is locked until the old password or the recovery code is given.',
      )
    if (endedSessions > 0) view.talk(`Ended ${counted(endedSessions, 'session')}.`)
    if (appPasswords === null || appPasswords.length === 0) return
    view.talk(
      `Still valid: ${counted(appPasswords.length, 'app password')} (letterlock app-password revoke ${address} ID).`,
    )
    for (const line of appPasswordLines(appPasswords)) view.talk(line)
  },
})
