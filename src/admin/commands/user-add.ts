// user add: makes an account.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { accountForm, accountRow, address, addressArgument, quota } from '../forms.ts'
import { refuseTakenAddress } from '../account-checks.ts'
import { sizeInWords } from '../words.ts'

const input = z.strictObject({ address, quota: quota.optional() })
const result = accountForm

/** Creates the account with its first password; mail can come in at once. */
export const userAdd: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user add',
  summary: 'make an account',
  notes: 'The password is asked for twice, read from a file, or generated and printed once.',
  examples: [
    { line: 'letterlock user add alice@example.org', does: 'asks for the password' },
    { line: 'letterlock user add alice@example.org --generate --quota 2G', does: 'prints a new password' },
    {
      line: 'pass show alice | letterlock user add alice@example.org --password-file -',
      does: 'from a pipe',
    },
  ],
  arguments: [addressArgument],
  options: [{ flags: '--quota SIZE', description: 'room for its mail, such as 500M or 2G; none: no limit' }],
  input,
  result,
  changesData: true,
  mayNeed: [{ name: 'password', kind: 'new' }],
  secrets: ({ address }) => [{ name: 'password', kind: 'new', prompt: `New password for ${address}` }],

  async run(work, { address, quota }) {
    if (work.isDryRun) {
      await refuseTakenAddress(work.accounts, address)
      return {
        address,
        isDisabled: false,
        atRest: 'off' as const,
        isUnlocked: false,
        usedBytes: 0,
        quotaBytes: quota ?? null,
        pendingArrivals: 0,
      }
    }
    const made = await work.accounts.create(address, work.secret('password'), {
      ...(quota === undefined || quota === null ? {} : { quotaBytes: quota }),
    })
    // The site's default quota was given to it; `none` asks for more than that.
    if (quota !== null || made.quotaBytes === undefined) return accountRow(made)
    await work.accounts.setQuota(address, undefined)
    return accountRow(await work.accounts.info(address))
  },

  show(made, view, given) {
    const limit = made.quotaBytes === null ? 'no quota' : `quota ${sizeInWords(made.quotaBytes)}`
    view.talk(`Made ${made.address} (${limit}).`)
    view.talk(`  seal its mail at rest:  letterlock atrest enable ${made.address}`)
    view.talk(`  set up a mail program:  letterlock client-config ${given.address}`)
  },
})
