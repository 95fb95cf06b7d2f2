// quota recalc: counts anew what an account has.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { sizeInWords } from '../words.ts'

const input = z.strictObject({ address, siteKey: z.boolean().optional() })
const result = z.object({
  address: z.string().describe('whose account it is'),
  before: z.number().describe('bytes that were counted'),
  usedBytes: z.number().describe('bytes that there are; after a dry run the same'),
})

/** Sessions end meanwhile. */
export const quotaRecalc: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'quota recalc',
  summary: 'count anew what an account has',
  notes:
    'Needs the account’s password, or --site-key where that opens it. Sessions of the account end meanwhile.',
  examples: [{ line: 'letterlock quota recalc alice@example.org', does: 'asks for her password' }],
  arguments: [addressArgument],
  options: [{ flags: '--site-key', description: 'open it with the key of the site, not a password' }],
  input,
  result,
  changesData: true,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: ({ address: whose, siteKey }) =>
    siteKey ? [] : [{ name: 'password', kind: 'current', prompt: `Password of ${whose}` }],

  async run(work, { address: whose, siteKey }) {
    const { usedBytes: before } = await work.accounts.info(whose)
    if (work.isDryRun) return { address: whose, before, usedBytes: before }
    const usedBytes = await work.accounts.repairs.recountQuota(
      whose,
      siteKey ? { kind: 'site' } : { kind: 'password', password: work.secret('password') },
    )
    return { address: whose, before, usedBytes }
  },

  show({ address: whose, before, usedBytes }, view) {
    if (before === usedBytes) view.talk(`${whose} uses ${sizeInWords(usedBytes)}, as was counted.`)
    else view.talk(`${whose} uses ${sizeInWords(usedBytes)}; ${sizeInWords(before)} had been counted.`)
  },
})
