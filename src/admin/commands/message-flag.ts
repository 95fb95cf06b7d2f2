// message flag: sets and takes away flags of messages.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { addressArgument } from '../forms.ts'
import { inMailbox, inMailboxOption, letIn, mailboxInput } from '../mailbox-forms.ts'
import { flagList } from '../message-forms.ts'
import { inAccount, insideMayNeed, insideOptions, ownerNeeds } from '../owner-secret.ts'
import { namedUids, uidSet, uidSetArgument } from '../uid-set.ts'
import { counted, printable } from '../words.ts'

const input = z
  .strictObject({
    ...{ ...mailboxInput, uids: uidSet },
    ...{ add: flagList.optional(), remove: flagList.optional(), replace: flagList.optional() },
  })
  .refine(
    ({ add, remove, replace }) => (replace === undefined) !== (add === undefined && remove === undefined),
    {
      message: 'say --add FLAGS or --remove FLAGS or both, or --replace FLAGS alone',
    },
  )
const result = z.object({
  address: z.string().describe('whose account it is'),
  mailbox: z.string().describe('which mailbox'),
  messages: z.number().nullable().describe('how many are meant; null: nobody could look yet'),
  changed: z.number().describe('of those, how many had other flags before; 0 after a dry run'),
})

/** Changes flags and keywords, as IMAP's STORE does. */
export const messageFlag: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'message flag',
  summary: 'set and take away flags and keywords',
  notes:
    "In IMAP's words: '\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft', or keywords such as $Forwarded; several in one word, separated by spaces. " +
    `Quote them, or the shell takes the backslash away. UIDs that are not there are passed over. ${letIn}`,
  examples: [
    {
      line: "letterlock message flag alice@example.org '1:*' --add '\\Seen'",
      does: 'marks all of INBOX as read',
    },
    {
      line: "letterlock message flag bob@example.org 7 --mailbox Junk --remove '$Junk \\Flagged' --site-key",
      does: 'takes a keyword and a flag away',
    },
  ],
  arguments: [addressArgument, uidSetArgument],
  options: [
    { flags: '--add FLAGS', description: 'give them these too' },
    { flags: '--remove FLAGS', description: 'take these away' },
    { flags: '--replace FLAGS', description: 'these and no others; () for none' },
    inMailboxOption,
    ...insideOptions,
  ],
  input,
  result,
  changesData: true,
  looksFirst: true,
  mayNeed: insideMayNeed,
  secrets: (given) => ownerNeeds(given),

  run: (work, given) =>
    inAccount(work, given, async (account) => {
      const { address, uids, mailbox: name = 'INBOX' } = given
      if (!account) return { address, mailbox: name, messages: null, changed: 0 }
      return inMailbox(account, name, { isReadOnly: work.isDryRun }, async (mailbox) => {
        const wanted = namedUids(uids, mailbox.uids())
        const changed = new Set<number>()
        const steps = [
          ['replace', given.replace],
          ['remove', given.remove],
          ['add', given.add],
        ] as const
        for (const [action, words] of steps) {
          if (words === undefined || work.isDryRun) continue
          const done = await mailbox.storeFlags(wanted, action, words)
          for (const uid of done.changed) changed.add(uid)
        }
        return { address, mailbox: mailbox.name, messages: wanted.length, changed: changed.size }
      })
    }),

  show({ mailbox, messages, changed }, view) {
    view.talk(`${counted(messages ?? 0, 'message')} in ${printable(mailbox)}, ${changed} changed.`)
  },
})
