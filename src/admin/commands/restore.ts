// restore: accounts back from a backup.
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { address } from '../forms.ts'
import { counted } from '../words.ts'
import { noteAct } from '../note-act.ts'

const input = z.strictObject({
  source: z.string().refine(isAbsolute, 'must be an absolute path: the running server reads it'),
  user: address.optional(),
  generation: z.coerce.number().int().min(1).optional(),
  replace: z.boolean().optional(),
  acceptRollback: z.boolean().optional(),
  foreign: z.boolean().optional(),
})
const account = z.object({
  address: z.string().describe('whose account it is; empty when no address stands for it'),
  account: z.string().describe('its identifier'),
  state: z.enum(['restored', 'same', 'refused']).describe('what was done'),
  version: z.number().describe('its version in the backup'),
  presentVersion: z.number().nullable().describe('its version before, if it was there'),
  bodies: z.number().describe('bodies of its messages'),
  lost: z.number().describe('bodies that are missing or damaged in the backup'),
  text: z.string().nullable().describe('why it was refused, in words'),
})
const result = z.object({
  source: z.string().describe('where the backup is'),
  generation: z.number().describe('number of the copy'),
  at: z.string().describe('when it was made, ISO 8601'),
  isOurs: z.boolean().describe('false: another site key vouched for it, or nobody can'),
  isDone: z.boolean().describe('false after a dry run'),
  accounts: z.array(account).describe('each account of the copy'),
})

/** Puts accounts back as a backup has them. */
export const restore: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'restore',
  summary: 'put accounts back from a backup',
  working: 'putting back',
  workingIn: 'octets',
  notes:
    'All accounts of the newest copy in DIR, or one. An account that is there, in another state, is refused unless --replace says that it goes. Sessions of an account ' +
    'end while it is restored, and mail for it waits. Clients will load restored mailboxes anew: UIDs that were given after the backup are given again. ' +
    'When the account is older than what its witness remembers, its next login is refused until the owner or an admin accepts that (`letterlock atrest rollback`); --accept-rollback does so here. ' +
    'On a new machine: `letterlock site-key load FILE`, `letterlock init`, then this. Without the key that the site had, --foreign restores what owners’ ' +
    'passwords open: accounts without at-rest encryption then open by password only, and mail that nobody had looked at yet comes back by `letterlock fsck --repair`. ' +
    'Exit code 65 when an account was refused or is not whole.',
  examples: [
    { line: 'letterlock restore /var/backups/mail --dry-run', does: 'says what would be done' },
    {
      line: 'letterlock restore /var/backups/mail --user alice@example.org --replace --yes',
      does: 'one account, whatever there is of it',
    },
  ],
  arguments: [{ name: 'DIR', key: 'source', description: 'absolute path of the backup' }],
  options: [
    { flags: '--user ADDR', description: 'only this account' },
    { flags: '--generation NUMBER', description: 'this copy, not the newest' },
    { flags: '--replace', description: 'also accounts that are there in another state, which is lost' },
    { flags: '--accept-rollback', description: 'the owners need not accept that their accounts are older' },
    { flags: '--foreign', description: 'a backup that this site’s key does not vouch for' },
  ],
  input,
  result,
  changesData: true,

  confirm(_, { accounts, at, source }) {
    const wanted = accounts.filter(({ state }) => state === 'restored')
    const gone = wanted.filter(({ presentVersion }) => presentVersion !== null).length
    const lost = gone > 0 ? ` What ${counted(gone, 'account has', 'accounts have')} now is lost.` : ''
    return {
      type: 'restore',
      warning: `${counted(wanted.length, 'account')} will be as in ${source} on ${at}.${lost}`,
    }
  },

  async run(work, { source, user, generation, replace, acceptRollback, foreign }) {
    if (!work.isDryRun)
      await noteAct(work, {
        event: 'restore.begun',
        ...(user === undefined ? {} : { address: user }),
        detail: {
          replace: replace ?? false,
          acceptRollback: acceptRollback ?? false,
          foreign: foreign ?? false,
        },
      })
    const report = await work.backups.restore(source, {
      mayReplace: replace ?? false,
      acceptsRollback: acceptRollback ?? false,
      mayBeForeign: foreign ?? false,
      isDryRun: work.isDryRun,
      progress: (done, total) => work.progress(done, total),
      signal: work.signal,
      ...(user === undefined ? {} : { address: user }),
      ...(generation === undefined ? {} : { generation }),
    })
    if (!work.isDryRun) {
      for (const { address, state } of report.accounts)
        await noteAct(work, {
          event: 'backup.restored',
          address,
          detail: { state, generation: report.generation },
        })
    }
    return {
      ...{ source, generation: report.generation, isOurs: report.isOurs, isDone: !work.isDryRun },
      at: new Date(report.at).toISOString(),
      accounts: report.accounts.map(({ presentVersion, text, ...rest }) => ({
        ...rest,
        presentVersion: presentVersion ?? null,
        text: text ?? null,
      })),
    }
  },

  exitCode: ({ accounts }) =>
    accounts.some(({ state, lost }) => state === 'refused' || lost > 0) ? exitCodes.data : exitCodes.ok,

  show({ accounts, at, isOurs }, view) {
    for (const { address, account, state, text, lost } of accounts) {
      const name = address || account
      if (state === 'refused') view.alarm(`not restored: ${name}: ${text ?? ''}`)
      else if (lost > 0)
        view.alarm(
          `${name}: restored, but ${counted(lost, 'body is', 'bodies are')} damaged: letterlock fsck ${name} --repair`,
        )
    }
    const of = (wanted: string): number => accounts.filter(({ state }) => state === wanted).length
    view.talk(
      `As of ${at}: ${of('restored')} restored, ${of('same')} as they were, ${of('refused')} refused.`,
    )
    if (!isOurs)
      view.talk(
        'The backup is of another site key: mail that nobody had looked at yet comes back by `letterlock fsck --repair`.',
      )
  },
})
