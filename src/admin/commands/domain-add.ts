// domain add: a domain that the site takes mail for.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { domain, domainForm, domainRow } from '../forms.ts'

const input = z.strictObject({ domain })
const result = domainForm.extend({
  unlisted: z.array(z.string()).describe('domains of accounts that no command and no setting names'),
})

/** In force at once: SMTP takes its mail, and accounts and aliases can be made in it. */
export const domainAdd: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'domain add',
  summary: 'take mail for a domain',
  notes:
    'SMTP then takes its mail, as for [domains] local in the settings. From the first domain on that was added, accounts and ' +
    'aliases can be made only in domains that were added or stand in the settings, so that a mistyped one is noticed; what is there stays. ' +
    'A mail server in front has to be told as well (virtual_mailbox_domains of Postfix).',
  examples: [{ line: 'letterlock domain add example.org', does: 'in the running server, at once' }],
  arguments: [{ name: 'DOMAIN', key: 'domain', description: 'its name' }],
  input,
  result,
  changesData: true,

  async run(work, { domain }) {
    const { isDryRun } = work
    const info = await work.accounts.names.addDomain(domain, { isDryRun })
    const others = await work.accounts.names.domains()
    const unlisted = others.filter(({ source, ascii }) => source === 'accounts' && ascii !== info.ascii)
    return { ...domainRow(info), unlisted: unlisted.map((other) => other.domain) }
  },

  show(row, view) {
    view.talk(`${row.domain} is a domain of this site.`)
    view.talk(`  make accounts:   letterlock user add somebody@${row.domain}`)
    if (row.unlisted.length > 0)
      view.talk(
        `There are accounts in ${row.unlisted.join(', ')}: no more can be made there before \`letterlock domain add\`.`,
      )
  },
})
