// uidvalidity bump: clients load mailboxes anew.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { counted } from '../words.ts'

const input = z.strictObject({
  address,
  mailbox: z.string().min(1).optional(),
  siteKey: z.boolean().optional(),
})
const result = z.object({
  address: z.string().describe('whose account it is'),
  mailboxes: z.number().describe('mailboxes that have a new UIDVALIDITY; 0 after a dry run'),
})

/** For clients that have mixed up what they know of a mailbox. */
export const uidvalidityBump: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'uidvalidity bump',
  summary: 'have clients load mailboxes anew',
  notes:
    'Gives one mailbox, or all, a new UIDVALIDITY: every client forgets what it keeps of it and loads it again. Nothing of the mail is changed. ' +
    'Needs the account’s password, or --site-key where that opens it. Sessions of the account end.',
  examples: [{ line: 'letterlock uidvalidity bump alice@example.org INBOX', does: 'asks for her password' }],
  arguments: [
    addressArgument,
    { name: '[MAILBOX]', key: 'mailbox', description: 'its name; without it, all' },
  ],
  options: [{ flags: '--site-key', description: 'open it with the key of the site, not a password' }],
  input,
  result,
  changesData: true,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: ({ address: whose, siteKey }) =>
    siteKey ? [] : [{ name: 'password', kind: 'current', prompt: `Password of ${whose}` }],

  async run(work, { address: whose, mailbox, siteKey }) {
    const info = await work.accounts.info(whose)
    if (work.isDryRun) return { address: info.address, mailboxes: 0 }
    const mailboxes = await work.accounts.repairs.bumpUidValidity(
      whose,
      siteKey ? { kind: 'site' } : { kind: 'password', password: work.secret('password') },
      mailbox,
    )
    return { address: whose, mailboxes }
  },

  show({ address: whose, mailboxes }, view) {
    view.talk(`${whose}: ${counted(mailboxes, 'mailbox has', 'mailboxes have')} a new UIDVALIDITY.`)
  },
})
