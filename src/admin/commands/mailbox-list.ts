// mailbox list: the mailboxes of an account.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { addressArgument } from '../forms.ts'
import { accountInput, letIn, mailboxSummary, summaryOf } from '../mailbox-forms.ts'
import { inAccount, insideMayNeed, insideOptions, ownerNeeds } from '../owner-secret.ts'
import { counted, printable, sizeInWords, tableLines } from '../words.ts'

const input = z.strictObject(accountInput)
const result = z.object({
  address: z.string().describe('whose account it is'),
  mailboxes: z.array(mailboxSummary).describe('INBOX first, then by name'),
  onlySubscribed: z.array(z.string()).describe('names that are subscribed and that no mailbox has'),
})

/** Lists every mailbox with its counts. */
export const mailboxList: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'mailbox list',
  summary: 'list the mailboxes of an account',
  notes: letIn,
  examples: [
    { line: 'letterlock mailbox list alice@example.org', does: 'asks for her password' },
    {
      line: 'letterlock mailbox list bob@example.org --site-key --json',
      does: 'for scripts, of an account without at-rest encryption',
    },
  ],
  arguments: [addressArgument],
  options: insideOptions,
  input,
  result,
  rows: 'mailboxes',
  mayNeed: insideMayNeed,
  secrets: (given) => ownerNeeds(given),

  run: (work, given) =>
    inAccount(work, given, async (account) => {
      const names = account?.mailboxes().map(({ name }) => name) ?? []
      for (const name of names) {
        // One that another session removed meanwhile is not there any more.
        if (account?.mailbox(name)) await work.row(await summaryOf(account, name))
      }
      const onlySubscribed = (account?.subscriptions() ?? []).filter((name) => !names.includes(name))
      return { address: given.address, mailboxes: [], onlySubscribed }
    }),

  show({ mailboxes, onlySubscribed }, view) {
    const rows = mailboxes.map((one) => [
      ...[one.messages, one.unseen].map(String),
      sizeInWords(one.sizeBytes),
      one.isSubscribed ? 'yes' : 'no',
      one.specialUse ?? '-',
      one.name,
    ])
    const head = ['MESSAGES', 'UNSEEN', 'SIZE', 'SUBSCRIBED', 'USE', 'NAME']
    for (const line of tableLines(head, rows)) view.out(line)
    for (const name of onlySubscribed) view.talk(`Subscribed, and not there: ${printable(name)}`)
    view.talk(view.talkPaint.dim(counted(mailboxes.length, 'mailbox', 'mailboxes')))
  },
})
