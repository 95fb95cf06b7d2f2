// message delete: removes messages of a mailbox.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { addressArgument } from '../forms.ts'
import { inMailbox, inMailboxOption, letIn, mailboxInput } from '../mailbox-forms.ts'
import { inAccount, insideMayNeed, insideOptions, ownerNeeds } from '../owner-secret.ts'
import { namedUids, uidSet, uidSetArgument } from '../uid-set.ts'
import { counted, printable } from '../words.ts'

const input = z.strictObject({ ...mailboxInput, uids: uidSet })
const result = z.object({
  address: z.string().describe('whose account it is'),
  mailbox: z.string().describe('which mailbox'),
  messages: z.number().nullable().describe('how many went, or would; null: nobody could look yet'),
  deleted: z.boolean().describe('false after a dry run'),
})

/** Deletes messages for good: they are marked \Deleted and expunged, and no other message is. */
export const messageDelete: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'message delete',
  summary: 'delete messages for good',
  notes:
    'They do not go to a trash mailbox; there is no way back but a backup. UIDs that are not there are passed over. ' +
    letIn,
  examples: [
    { line: 'letterlock message delete alice@example.org 17,20:25', does: 'asks, then deletes them' },
    {
      line: "letterlock message delete bob@example.org '1:*' --mailbox Junk --site-key --yes",
      does: 'for scripts: empties a mailbox',
    },
  ],
  arguments: [addressArgument, uidSetArgument],
  options: [inMailboxOption, ...insideOptions],
  input,
  result,
  changesData: true,
  looksFirst: true,
  mayNeed: insideMayNeed,
  secrets: (given) => ownerNeeds(given),
  confirm: ({ address, uids, mailbox = 'INBOX' }, { messages }) => ({
    type: address,
    warning: `${messages === null ? `Messages ${uids}` : counted(messages, 'message')} in ${printable(mailbox)} of ${address} will be gone for good.`,
  }),

  run: (work, given) =>
    inAccount(work, given, async (account) => {
      const { address, uids, mailbox: name = 'INBOX' } = given
      if (!account) return { address, mailbox: name, messages: null, deleted: false }
      return inMailbox(account, name, { isReadOnly: work.isDryRun }, async (mailbox) => {
        const wanted = namedUids(uids, mailbox.uids())
        const facts = { address, mailbox: mailbox.name }
        if (work.isDryRun) return { ...facts, messages: wanted.length, deleted: false }
        await mailbox.storeFlags(wanted, 'add', ['\\Deleted'])
        const went = await mailbox.expunge(wanted)
        return { ...facts, messages: went.length, deleted: true }
      })
    }),

  show({ mailbox, messages, deleted }, view) {
    const what = counted(messages ?? 0, 'message')
    view.talk(`${deleted ? 'Deleted' : 'Would delete'} ${what} in ${printable(mailbox)}.`)
  },
})
