// alias remove: an alias, or some of its targets.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, alias, aliasForm, aliasRow } from '../forms.ts'

const input = z.strictObject({ alias, targets: z.array(address).max(500).optional() })
const result = aliasForm.extend({ removed: z.boolean().describe('true: nothing is left of the alias') })

/** Mail for it is refused from now on, or goes to the targets that are left. No mail is touched. */
export const aliasRemove: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'alias remove',
  summary: 'remove an alias, or some of its targets',
  examples: [
    { line: 'letterlock alias remove info@example.org', does: 'mail for it is refused from now on' },
    { line: 'letterlock alias remove info@example.org bob@example.org', does: 'bob gets no more of it' },
  ],
  arguments: [
    { name: 'ALIAS', key: 'alias', description: 'the alias' },
    { name: '[TARGET...]', key: 'targets', description: 'only these targets' },
  ],
  input,
  result,
  changesData: true,
  mustConfirm: ({ targets = [] }) => targets.length === 0,
  confirm: ({ alias }) => ({
    type: alias,
    warning: `Mail for ${alias} will be refused for good from now on.`,
  }),

  async run(work, { alias, targets = [] }) {
    const { isDryRun } = work
    const left = await work.accounts.names.removeAlias(alias, targets, { isDryRun })
    if (left) return { ...aliasRow(left), removed: false }
    return { alias, targets: [], reaches: [], lost: [], removed: true }
  },

  show({ alias, targets, removed }, view) {
    view.talk(removed ? `${alias} is no alias any more.` : `Mail for ${alias} goes to ${targets.join(', ')}.`)
  },
})
