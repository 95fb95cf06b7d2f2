// message list: the messages of a mailbox.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { addressArgument } from '../forms.ts'
import { inMailbox, inMailboxOption, letIn, mailboxInput } from '../mailbox-forms.ts'
import { messageRowForm, messageRows } from '../message-forms.ts'
import { inAccount, insideMayNeed, insideOptions, ownerNeeds } from '../owner-secret.ts'
import { namedUids, uidSet, uidSetArgument } from '../uid-set.ts'
import { counted, sizeInWords, tableLines } from '../words.ts'

const input = z.strictObject({ ...mailboxInput, uids: uidSet.optional() })
const result = z.object({
  address: z.string().describe('whose account it is'),
  mailbox: z.string().describe('which mailbox'),
  messages: z.array(messageRowForm).describe('one for each message, by UID'),
})

/** Lists messages with their flags, sender and subject. */
export const messageList: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'message list',
  summary: 'list the messages of a mailbox',
  notes: `Nothing is marked as read. ${letIn}`,
  examples: [
    { line: 'letterlock message list alice@example.org', does: 'all of INBOX; asks for her password' },
    {
      line: "letterlock message list bob@example.org '100:*' --mailbox Sent --site-key --json",
      does: 'for scripts',
    },
  ],
  arguments: [addressArgument, { ...uidSetArgument, name: '[UIDS]' }],
  options: [inMailboxOption, ...insideOptions],
  input,
  result,
  rows: 'messages',
  mayNeed: insideMayNeed,
  secrets: (given) => ownerNeeds(given),

  run: (work, given) =>
    inAccount(work, given, async (account, signal) => {
      const { address, mailbox: name, uids } = given
      if (!account) return { address, mailbox: name ?? 'INBOX', messages: [] }
      return inMailbox(account, name, { isReadOnly: true }, async (mailbox) => {
        const present = mailbox.uids()
        const wanted = uids === undefined ? present : namedUids(uids, present)
        for await (const row of messageRows(mailbox, wanted)) {
          signal.throwIfAborted()
          await work.row(row)
        }
        return { address, mailbox: mailbox.name, messages: [] }
      })
    }),

  show({ messages }, view) {
    const rows = messages.map((one) => [
      String(one.uid),
      one.receivedAt.slice(0, 16).replace('T', ' '),
      sizeInWords(one.sizeBytes),
      one.flags.join(' ') || '-',
      one.isDamaged ? '(damaged)' : (one.from ?? '-').slice(0, 40),
      one.subject ?? '-',
    ])
    for (const line of tableLines(['UID', 'RECEIVED', 'SIZE', 'FLAGS', 'FROM', 'SUBJECT'], rows))
      view.out(line)
    view.talk(view.talkPaint.dim(counted(messages.length, 'message')))
  },
})
