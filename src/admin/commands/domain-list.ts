// domain list: the domains of the site.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { domainForm, domainRow, type DomainRow } from '../forms.ts'
import { counted, tableLines } from '../words.ts'

const input = z.strictObject({})
const result = z.object({ domains: z.array(domainForm).describe('one object a domain, in order') })

const sources: Readonly<Record<DomainRow['source'], string>> = {
  command: 'domain add',
  settings: 'the settings',
  accounts: 'its accounts only',
}

/** Lists domains: those that were added, those of the settings, and those of which there are accounts. */
export const domainList: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'domain list',
  summary: 'list the domains of the site',
  examples: [{ line: 'letterlock domain list', does: 'with accounts, aliases and at-rest policy of each' }],
  input,
  result,

  async run(work) {
    return { domains: (await work.accounts.names.domains()).map(domainRow) }
  },

  show({ domains }, view) {
    if (domains.length > 0) {
      const rows = domains.map((row) => [
        row.domain,
        String(row.accounts),
        String(row.aliases),
        `${row.policy}${row.adminRecovery ? '' : ', no admin recovery'}${row.hasOwnPolicy ? ' (set)' : ''}`,
        sources[row.source],
      ])
      for (const line of tableLines(['DOMAIN', 'ACCOUNTS', 'ALIASES', 'AT REST', 'KNOWN BY'], rows))
        view.out(line)
    }
    view.talk(view.talkPaint.dim(counted(domains.length, 'domain')))
  },
})
