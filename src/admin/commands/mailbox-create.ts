// mailbox create: makes a mailbox.
import { z } from 'zod'
import type { SpecialUse } from '../../account/api.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { addressArgument } from '../forms.ts'
import { accountInput, letIn, mailboxArgument, mailboxName } from '../mailbox-forms.ts'
import { inAccount, insideMayNeed, insideOptions, ownerNeeds } from '../owner-secret.ts'
import { printable } from '../words.ts'

// \All and \Flagged are no mailboxes that mail lies in.
const uses: readonly SpecialUse[] = ['\\Archive', '\\Drafts', '\\Junk', '\\Sent', '\\Trash']

const specialUse = z.string().transform((given, context): SpecialUse => {
  const wanted = given.replace(/^\\?/, '\\').toLowerCase()
  const use = uses.find((one) => one.toLowerCase() === wanted)
  if (use) return use
  context.addIssue({ code: 'custom', message: `must be one of ${uses.join(', ').replaceAll('\\', '')}` })
  return z.NEVER
})

const input = z.strictObject({
  ...accountInput,
  mailbox: mailboxName,
  specialUse: specialUse.optional(),
  subscribe: z.boolean().optional(),
})
const result = z.object({
  address: z.string().describe('whose account it is'),
  name: z.string().describe('its name'),
  created: z.boolean().describe('false after a dry run'),
})

/** Makes a mailbox, and those above it that are missing. */
export const mailboxCreate: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'mailbox create',
  summary: 'make a mailbox',
  notes: `Those above it are made too where they are missing. ${letIn}`,
  examples: [
    { line: "letterlock mailbox create alice@example.org 'Lists/Node'", does: 'makes it, and subscribes' },
    {
      line: 'letterlock mailbox create bob@example.org Gesendet --special-use Sent --site-key',
      does: 'where programs put what was sent',
    },
  ],
  arguments: [addressArgument, mailboxArgument],
  options: [
    { flags: '--special-use USE', description: 'what it is for: Archive, Drafts, Junk, Sent or Trash' },
    { flags: '--no-subscribe', description: 'do not subscribe to it: many programs do not show it then' },
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
      const { address, mailbox } = given
      if (!account || work.isDryRun) return { address, name: mailbox, created: false }
      const use = given.specialUse === undefined ? {} : { specialUse: given.specialUse }
      const { name } = await account.createMailbox(mailbox, use)
      if (given.subscribe !== false) await account.subscribe(name)
      return { address, name, created: true }
    }),

  show({ address, name, created }, view) {
    view.talk(`${address} ${created ? 'has' : 'would have'} a mailbox ${printable(name)}.`)
  },
})
