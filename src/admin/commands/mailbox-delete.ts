// mailbox delete: removes a mailbox and the mail in it.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { addressArgument } from '../forms.ts'
import { accountInput, letIn, mailboxArgument, mailboxName, summaryOf } from '../mailbox-forms.ts'
import { inAccount, insideMayNeed, insideOptions, ownerNeeds } from '../owner-secret.ts'
import { counted, printable, sizeInWords } from '../words.ts'

const input = z.strictObject({ ...accountInput, mailbox: mailboxName })
const result = z.object({
  address: z.string().describe('whose account it is'),
  name: z.string().describe('its name'),
  messages: z.number().nullable().describe('how many messages were in it; null: nobody could look yet'),
  sizeBytes: z.number().nullable().describe('their octets'),
  deleted: z.boolean().describe('false after a dry run'),
})

/** Deletes a mailbox with its messages. Those below it must go first. */
export const mailboxDelete: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'mailbox delete',
  summary: 'delete a mailbox and the mail in it',
  notes:
    'There is no way back but a backup. INBOX cannot be deleted, nor a mailbox with others below it. The subscription stays, as IMAP has it. ' +
    letIn,
  examples: [
    { line: "letterlock mailbox delete alice@example.org 'Lists/Node'", does: 'asks, then deletes it' },
    {
      line: 'letterlock mailbox delete bob@example.org Old --site-key --dry-run',
      does: 'says what would go',
    },
  ],
  arguments: [addressArgument, mailboxArgument],
  options: insideOptions,
  input,
  result,
  changesData: true,
  looksFirst: true,
  mayNeed: insideMayNeed,
  secrets: (given) => ownerNeeds(given),
  confirm: ({ address, mailbox }, { messages, sizeBytes }) => ({
    type: address,
    warning:
      messages === null
        ? `The mailbox ${printable(mailbox)} of ${address} and all mail in it will be gone for good.`
        : `The mailbox ${printable(mailbox)} of ${address} will be gone for good, with ${counted(messages, 'message')} (${sizeInWords(sizeBytes ?? 0)}).`,
  }),

  run: (work, given) =>
    inAccount(work, given, async (account) => {
      const { address, mailbox } = given
      if (!account) return { address, name: mailbox, messages: null, sizeBytes: null, deleted: false }
      const { name, messages, sizeBytes } = await summaryOf(account, mailbox)
      if (!work.isDryRun) await account.deleteMailbox(name)
      return { address, name, messages, sizeBytes, deleted: !work.isDryRun }
    }),

  show({ name, messages, sizeBytes, deleted }, view) {
    const what = `${printable(name)} with ${counted(messages ?? 0, 'message')} (${sizeInWords(sizeBytes ?? 0)})`
    view.talk(`${deleted ? 'Deleted' : 'Would delete'} ${what}.`)
  },
})
