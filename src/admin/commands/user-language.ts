// user language: in which language the server writes to the owner of an account.
import { z } from 'zod'
import { isLanguage, languages } from '../../base/language.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { usageFailure } from '../failure.ts'
import { infoOf } from '../account-checks.ts'

const input = z.strictObject({ address, to: z.string().optional(), unset: z.boolean().optional() })
const result = z.object({
  address: z.string().describe('whose notices'),
  language: z.enum(['en', 'de']).nullable().describe('in which they are; null: as the setting language says'),
})

const names = { en: 'English', de: 'German' } as const

/** Shows it, sets it, or leaves it to the site again. */
export const userLanguage: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user language',
  summary: 'show or set the language of notices to an owner',
  notes: 'Owners who use the page are written to in the language that they read it in.',
  examples: [
    { line: 'letterlock user language alice@example.org --to de', does: 'German from now on' },
    { line: 'letterlock user language alice@example.org --unset', does: 'as the setting language says' },
  ],
  arguments: [addressArgument],
  options: [
    { flags: '--to LANGUAGE', description: 'en or de' },
    { flags: '--unset', description: 'as the site has it' },
  ],
  input,
  result,
  changesData: true,

  async run(work, { address, to, unset }) {
    if (to !== undefined && unset) throw usageFailure('user language: either --to or --unset')
    if (to !== undefined && !isLanguage(to))
      throw usageFailure(`user language: --to takes one of ${languages.join(', ')}`)
    const info = await infoOf(work.accounts, address)
    const isChange = to !== undefined || unset === true
    if (isChange && !work.isDryRun) await work.accounts.setLanguage(address, to)
    return { address: info.address, language: (isChange ? to : info.language) ?? null }
  },

  show({ address, language }, view) {
    view.talk(`Notices to ${address} are in ${language ? names[language] : 'the language of the site'}.`)
  },
})
