// mailbox rename: gives a mailbox another name or place.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { addressArgument } from '../forms.ts'
import { accountInput, letIn, mailboxArgument, mailboxName, summaryOf } from '../mailbox-forms.ts'
import { inAccount, insideMayNeed, insideOptions, ownerNeeds } from '../owner-secret.ts'
import { printable } from '../words.ts'

const input = z.strictObject({ ...accountInput, mailbox: mailboxName, to: mailboxName })
const result = z.object({
  address: z.string().describe('whose account it is'),
  from: z.string().describe('the name it had'),
  to: z.string().describe('the name it has'),
  renamed: z.boolean().describe('false after a dry run'),
})

/** Renames a mailbox and those below it. */
export const mailboxRename: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'mailbox rename',
  summary: 'rename a mailbox, and those below it',
  notes:
    'UIDs and flags stay. Renaming INBOX moves its mail to the new mailbox and leaves INBOX empty, as IMAP has it. Subscriptions keep the old name. ' +
    letIn,
  examples: [
    {
      line: 'letterlock mailbox rename alice@example.org Lists Archive/Lists',
      does: 'moves it below another',
    },
  ],
  arguments: [addressArgument, mailboxArgument, { name: 'NEW', key: 'to', description: 'its new name' }],
  options: insideOptions,
  input,
  result,
  changesData: true,
  looksFirst: true,
  mayNeed: insideMayNeed,
  secrets: (given) => ownerNeeds(given),

  run: (work, given) =>
    inAccount(work, given, async (account) => {
      const { address, mailbox, to } = given
      const name = account ? (await summaryOf(account, mailbox)).name : mailbox
      if (!account || work.isDryRun) return { address, from: name, to, renamed: false }
      await account.renameMailbox(name, to)
      return { address, from: name, to, renamed: true }
    }),

  show({ from, to, renamed }, view) {
    view.talk(`${printable(from)} ${renamed ? 'is' : 'could be'} ${printable(to)} now.`)
  },
})
