// domain remove: a domain that the site takes no mail for any more.
import { z } from 'zod'
import { isRefusal, type Refusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { domain, domainForm, domainRow } from '../forms.ts'
import { counted } from '../words.ts'

const input = z.strictObject({ domain, keepAccounts: z.boolean().optional() })
const result = domainForm

function inUse(error: Refusal, name: string): Failure {
  return new Failure('in-use', exitCodes.data, error.message, {
    cause: error,
    hint:
      `\`letterlock user list '*@${name}'\` and \`letterlock alias list '*@${name}'\` show them: delete or rename them first,\n` +
      'or leave them as they are with --keep-accounts (their mail stays, SMTP takes no more for them)',
  })
}

/** Never removes an account or mail. */
export const domainRemove: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'domain remove',
  summary: 'take no mail for a domain any more',
  notes:
    'Refused while it has accounts or aliases, unless --keep-accounts leaves those as they are: they can be logged in to, LMTP still delivers to them, SMTP does not. ' +
    'No account and no mail is removed. What was set for it by `atrest policy set` goes.',
  examples: [{ line: 'letterlock domain remove example.org', does: 'asks, when nobody is left in it' }],
  arguments: [{ name: 'DOMAIN', key: 'domain', description: 'its name' }],
  options: [{ flags: '--keep-accounts', description: 'also with accounts or aliases in it, which stay' }],
  input,
  result,
  changesData: true,
  confirm: ({ domain }) => ({
    type: domain,
    warning: `SMTP will take no more mail for ${domain}, and what was set for it is forgotten.`,
  }),

  async run(work, { domain, keepAccounts }) {
    const { isDryRun } = work
    try {
      const options = { keepsAccounts: keepAccounts ?? false, isDryRun }
      return domainRow(await work.accounts.names.removeDomain(domain, options))
    } catch (error) {
      throw isRefusal(error, 'in-use') ? inUse(error, domain) : error
    }
  },

  show({ domain, accounts }, view) {
    view.talk(`${domain} is no domain of this site any more.`)
    if (accounts > 0) view.talk(`${counted(accounts, 'account')} in it stayed as they were.`)
  },
})
