// mailbox status: what there is to know of one mailbox.
import { z } from 'zod'
import { Refusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { interrupted } from '../failure.ts'
import { addressArgument } from '../forms.ts'
import {
  accountInput,
  letIn,
  mailboxArgument,
  mailboxName,
  mailboxSummaryForm,
  summaryOf,
} from '../mailbox-forms.ts'
import { inAccount, insideMayNeed, insideOptions, ownerNeeds } from '../owner-secret.ts'
import { pairLines, printable, sizeInWords } from '../words.ts'

const input = z.strictObject({ ...accountInput, mailbox: mailboxName })
const result = z.object({
  ...mailboxSummaryForm,
  id: z.string().describe('its identifier, which stays when it is renamed'),
  recent: z.number().describe('messages that no program was told of yet'),
  deleted: z.number().describe('messages that carry \\Deleted'),
  deletedBytes: z.number().describe('their octets'),
  keywords: z.array(z.string()).describe('keywords in use, or used before'),
})

/** Shows one mailbox. */
export const mailboxStatus: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'mailbox status',
  summary: 'show one mailbox',
  notes: letIn,
  examples: [
    { line: 'letterlock mailbox status alice@example.org INBOX', does: 'asks for her password' },
    {
      line: "letterlock mailbox status alice@example.org 'Lists/Node' --json --password-file /run/alice",
      does: 'for scripts',
    },
  ],
  arguments: [addressArgument, mailboxArgument],
  options: insideOptions,
  input,
  result,
  mayNeed: insideMayNeed,
  secrets: (given) => ownerNeeds(given),

  run: (work, given) =>
    inAccount(work, given, async (account) => {
      if (!account) throw interrupted()
      const summary = await summaryOf(account, given.mailbox)
      const info = account.mailbox(summary.name)
      if (!info) throw new Refusal('mailbox-not-found', 'There is no such mailbox')
      const { id, recent, deleted } = await account.status(summary.name)
      const selected = await account.select(summary.name, { isReadOnly: true })
      const keywords = [...selected.keywords]
      selected.close()
      const deletedBytes = await account.deletedBytes(summary.name)
      return { ...summary, id, recent, deleted, deletedBytes, keywords }
    }),

  show(one, view) {
    const deleted = one.deleted === 0 ? '0' : `${one.deleted} (${sizeInWords(one.deletedBytes)})`
    const pairs: [string, string][] = [
      ['name', printable(one.name)],
      ['messages', `${one.messages} (${sizeInWords(one.sizeBytes)})`],
      ['unseen', String(one.unseen)],
      ['recent', String(one.recent)],
      ['deleted', deleted],
      ['use', one.specialUse ?? '-'],
      ['subscribed', one.isSubscribed ? 'yes' : 'no'],
      ['keywords', one.keywords.map(printable).join(' ') || '-'],
      ['UIDVALIDITY', String(one.uidValidity)],
      ['UIDNEXT', String(one.uidNext)],
      ['HIGHESTMODSEQ', String(one.highestModSeq)],
      ['identifier', one.id],
    ]
    for (const line of pairLines(pairs)) view.out(line)
  },
})
