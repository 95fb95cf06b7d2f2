// user rename: another address for an account.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address } from '../forms.ts'
import { namesAtMost, someNames } from '../words.ts'

const input = z.strictObject({ address, to: address, alias: z.boolean().optional() })
const result = z.object({
  from: z.string().describe('its address so far'),
  address: z.string().describe('its address from now on'),
  accountId: z.string().describe('its identifier on the disk, which stays'),
  hasAlias: z.boolean().describe('true: mail and logins for the old address go on'),
  aliases: z
    .array(z.string())
    .describe('aliases that named the old address, and name the new one now: the first 1,000'),
  aliasCount: z.number().describe('how many they are in all'),
  alternateOf: z
    .array(z.string())
    .describe('accounts whose notices go to the old address, and still do: the first 1,000'),
})

/** Keys, mail, app passwords and the recovery code stay as they are. */
export const userRename: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user rename',
  summary: 'give an account another address',
  notes:
    'Its mail, keys, passwords, app passwords and recovery code stay; nothing is sealed anew. Its sessions end, and programs log in with ' +
    'the new address; with --alias the old one still takes mail and logins. Aliases that named it name the new address. Its owner finds it in ' +
    'the trail. Backups know the account by its identifier. [web] admins in the settings, and maps of a mail server in front, are yours to change.',
  examples: [
    { line: 'letterlock user rename alice@example.org alice.b@example.org --alias', does: 'both go on' },
    {
      line: 'letterlock user rename alice@example.org alice@example.net',
      does: 'mail for the old one is refused',
    },
  ],
  arguments: [
    { name: 'OLD', key: 'address', description: 'its address so far' },
    { name: 'NEW', key: 'to', description: 'its address from now on' },
  ],
  options: [{ flags: '--alias', description: 'the old address becomes an alias of the new one' }],
  input,
  result,
  changesData: true,

  async run(work, { address, to, alias }) {
    const options = { keepsAlias: alias ?? false, isDryRun: work.isDryRun }
    const done = await work.accounts.names.rename(address, to, options)
    const { from, accountId, hasAlias, aliases, alternateOf } = done
    return {
      from,
      address: done.to,
      accountId,
      hasAlias,
      aliases: aliases.slice(0, namesAtMost),
      aliasCount: aliases.length,
      alternateOf: alternateOf.slice(0, namesAtMost),
    }
  },

  show(done, view) {
    view.talk(`${done.from} is ${done.address} from now on.`)
    if (done.hasAlias) view.talk(`Mail and logins for ${done.from} go on.`)
    else view.talk(`Mail for ${done.from} is refused: programs must be told the new address.`)
    if (done.aliasCount > 0)
      view.talk(`Aliases that lead there: ${someNames(done.aliases, done.aliasCount)}.`)
    for (const other of done.alternateOf)
      view.talk(`Notices of ${other} still go to ${done.from}: letterlock user alternate-address ${other}`)
  },
})
