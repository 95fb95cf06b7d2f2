// alias list: all aliases and where they lead.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { aliasForm, aliasRow, matchesMask } from '../forms.ts'
import { counted, tableLines } from '../words.ts'

const input = z.strictObject({ mask: z.string().max(320).optional() })
const result = z.object({ aliases: z.array(aliasForm).describe('one object an alias, in order') })

/** Lists aliases: all, or those that fit a mask or lead to an account that does. */
export const aliasList: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'alias list',
  summary: 'list aliases and where they lead',
  examples: [
    { line: 'letterlock alias list', does: 'all of them' },
    { line: 'letterlock alias list bob@example.org', does: 'those that bob has mail from' },
  ],
  arguments: [
    { name: '[MASK]', key: 'mask', description: 'only what fits, with * and ?: aliases, targets, accounts' },
  ],
  input,
  result,
  rows: 'aliases',

  async run(work, { mask }) {
    for await (const info of work.accounts.names.aliases()) {
      if (work.signal.aborted) break
      const names = [info.alias, ...info.targets, ...info.reaches]
      if (mask === undefined || names.some((name) => matchesMask(mask, name))) await work.row(aliasRow(info))
    }
    return { aliases: [] }
  },

  show({ aliases }, view) {
    if (aliases.length > 0) {
      const rows = aliases.map(({ alias, targets, lost }) => [
        alias,
        targets.map((target) => (lost.includes(target) ? `${target} (gone)` : target)).join(', '),
      ])
      for (const line of tableLines(['ALIAS', 'LEADS TO'], rows)) view.out(line)
    }
    view.talk(view.talkPaint.dim(counted(aliases.length, 'alias', 'aliases')))
  },
})
