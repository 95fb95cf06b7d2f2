// alias add: an address whose mail goes to accounts of other names.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, alias, aliasForm, aliasRow } from '../forms.ts'

const input = z.strictObject({ alias, targets: z.array(address).min(1).max(500) })
const result = aliasForm

/** Makes an alias, or adds targets to one; in force for the mail that comes next. */
export const aliasAdd: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'alias add',
  summary: 'make an alias, or add targets to one',
  notes:
    'Mail for it goes to every target: accounts and aliases of this site, each of which must be there. ' +
    'When one of them cannot take a message, the mail server in front is told to send it again, and those who have it ' +
    'do not get it twice. An alias of one account is also a name to log in with. An alias @example.org takes what nothing else in that domain takes. Mail for other sites ' +
    'is forwarded by the mail server in front.',
  examples: [
    { line: 'letterlock alias add info@example.org alice@example.org bob@example.org', does: 'to both' },
    {
      line: 'letterlock alias add @example.org alice@example.org',
      does: 'whatever else comes for example.org',
    },
  ],
  arguments: [
    { name: 'ALIAS', key: 'alias', description: 'the other address, or @DOMAIN' },
    { name: 'TARGET...', key: 'targets', description: 'accounts, or other aliases' },
  ],
  input,
  result,
  changesData: true,

  async run(work, { alias, targets }) {
    const { isDryRun } = work
    return aliasRow(await work.accounts.names.addAlias(alias, targets, { isDryRun }))
  },

  show(row, view) {
    view.talk(`Mail for ${row.alias} goes to ${row.targets.join(', ')}.`)
    if (row.targets.join() !== row.reaches.join())
      view.talk(`  in the end to: ${row.reaches.join(', ') || 'nobody'}`)
  },
})
