// backup: a copy of the site, or of one account, in a directory of this machine.
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { address } from '../forms.ts'
import { counted, sizeInWords } from '../words.ts'

const path = z.string().refine(isAbsolute, 'must be an absolute path: the running server writes it')
const input = z.strictObject({
  destination: path,
  user: address.optional(),
  incremental: z.boolean().optional(),
  recheck: z.boolean().optional(),
  withSiteKey: path.optional(),
  keep: z.coerce.number().int().min(1).max(10_000).optional(),
})
const problem = z.object({
  address: z.string().describe('whose account it is; empty when no address stands for it'),
  account: z.string().describe('its identifier'),
  text: z.string().describe('why it could not be copied, in words'),
})
const result = z.object({
  destination: z.string().describe('where the backup is'),
  generation: z.number().describe('number of this copy; 0 after a dry run'),
  accounts: z.number().describe('accounts in it'),
  unchanged: z.number().describe('accounts that were as in the last copy, and were not copied again'),
  bodies: z.number().describe('messages’ bodies that belong to it'),
  bodyBytes: z.number().describe('their bytes, sealed'),
  copiedBytes: z.number().describe('bytes of bodies copied this time'),
  replaced: z.array(z.string()).describe('damaged files of earlier copies: copied again'),
  problems: z.array(problem).describe('accounts that could not be copied'),
  siteKeyFile: z.string().nullable().describe('where the sealed site key was written, if it was'),
  pruned: z.array(z.number()).describe('older copies that were removed'),
})

const needsPassphrase = [{ name: 'password', kind: 'new' }] as const

/** Copies accounts as they are stored, sealed, while the server runs. No owner's key is needed. */
export const backup: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'backup',
  summary: 'copy the site, sealed as it is, to a directory',
  working: 'copying',
  workingIn: 'octets',
  notes:
    'Each account is copied as it is at one moment, while mail comes and owners read. Nothing in the copy can be read without an owner’s password or ' +
    'recovery code. With --incremental what earlier copies in DIR hold is not copied again; each copy is complete all the same. A thirteenth of the older files that a copy relies on is ' +
    'read again each time, in turn; with --recheck all of them. What is damaged is said, and copied again. The site key is not ' +
    'in it: without that key a restore cannot open accounts without at-rest encryption by itself, nor take in mail that had not been looked at yet. ' +
    '--with-site-key writes it to a file of its own, sealed under a passphrase; keep that file elsewhere. Exit code 65 when an account could not be copied.',
  examples: [
    { line: 'letterlock backup /var/backups/mail --incremental', does: 'for every night' },
    {
      line: 'letterlock backup /var/backups/mail --incremental --keep 30',
      does: 'and removes all but the newest thirty copies',
    },
    { line: 'letterlock backup /mnt/alice --user alice@example.org', does: 'one account' },
    {
      line: 'letterlock backup /mnt/mail --with-site-key /root/site-key.sealed',
      does: 'asks for a passphrase for the site key',
    },
  ],
  arguments: [
    {
      name: 'DIR',
      key: 'destination',
      description: 'absolute path of a backup, or of a new or empty directory',
    },
  ],
  options: [
    { flags: '--user ADDR', description: 'only this account' },
    { flags: '--incremental', description: 'copy only what earlier copies in DIR do not have' },
    {
      flags: '--recheck',
      description: 'with --incremental, read every older file again that this copy relies on',
    },
    {
      flags: '--with-site-key FILE',
      description: 'write the site key, sealed under a passphrase, to a new file',
    },
    { flags: '--keep COUNT', description: 'afterwards remove all but the newest COUNT copies' },
  ],
  input,
  result,
  changesData: true,
  mayNeed: needsPassphrase,
  secrets: ({ withSiteKey }) =>
    withSiteKey === undefined
      ? []
      : [{ name: 'password', kind: 'new', prompt: 'Passphrase for the site key' }],

  async run(work, { destination, user, incremental, recheck, withSiteKey, keep }) {
    const none = { siteKeyFile: null, pruned: [] }
    if (work.isDryRun) {
      if (user !== undefined) await work.accounts.info(user)
      const counts = { accounts: 0, unchanged: 0, bodies: 0, bodyBytes: 0, copiedBytes: 0 }
      return { destination, generation: 0, ...counts, replaced: [], problems: [], ...none }
    }
    if (withSiteKey !== undefined) await work.backups.saveSiteKey(withSiteKey, work.secret('password'))
    const report = await work.backups.take(destination, {
      isIncremental: incremental ?? false,
      rechecksAll: recheck ?? false,
      progress: (done, total) => work.progress(done, total),
      signal: work.signal,
      ...(user === undefined ? {} : { address: user }),
    })
    const pruned = keep === undefined ? [] : (await work.backups.prune(destination, keep, false)).removed
    return {
      ...{
        destination,
        ...report,
        replaced: [...report.replaced],
        problems: report.problems.map((each) => ({ ...each })),
      },
      ...{ siteKeyFile: withSiteKey ?? null, pruned: [...pruned] },
    }
  },

  exitCode: ({ problems }) => (problems.length > 0 ? exitCodes.data : exitCodes.ok),

  show(report, view) {
    const { generation, accounts, unchanged, bodies, bodyBytes, copiedBytes } = report
    view.talk(
      `Copy ${generation}: ${counted(accounts, 'account')} (${unchanged} unchanged), ${counted(bodies, 'body', 'bodies')}, ` +
        `${sizeInWords(bodyBytes)}; copied ${sizeInWords(copiedBytes)}.`,
    )
    if (report.pruned.length > 0)
      view.talk(`Removed ${counted(report.pruned.length, 'older copy', 'older copies')}.`)
    if (report.siteKeyFile === null)
      view.talk('The site key is not in it: keep a copy elsewhere (`letterlock site-key save`).')
    else
      view.talk(
        `Sealed site key: ${report.siteKeyFile}. Keep it away from the backup, and the passphrase from both.`,
      )
    for (const fault of report.replaced) view.alarm(`damaged, and copied again: ${fault}`)
    for (const { address, account, text } of report.problems)
      view.alarm(`not copied: ${address || account}: ${text}`)
  },
})
