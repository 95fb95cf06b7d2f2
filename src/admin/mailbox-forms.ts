// What the commands about mailboxes and messages share: options, arguments, and what is looked up in an account.
import { z } from 'zod'
import type { OpenAccount, SelectedMailbox } from '../account/api.ts'
import { Refusal } from '../account/errors.ts'
import type { Argument, Option } from './command.ts'
import { address } from './forms.ts'
import { insideInput } from './owner-secret.ts'

/** Said in the help of each: who lets an admin in. */
export const letIn =
  'An account that is encrypted at rest opens with its owner’s password or recovery code, or with the admin recovery key where the site allows that; ' +
  'then its owner finds it in the list of what was done to the keys, and the audit log has a line.'

/** Keys of the input of every such command. */
export const accountInput = { address, ...insideInput }

export const mailboxName: z.ZodString = z.string().min(1).max(4000)

export const mailboxArgument: Argument = {
  name: 'MAILBOX',
  key: 'mailbox',
  description: 'its name, levels separated by /',
}

/** Of commands about messages. */
export const mailboxInput = { ...accountInput, mailbox: mailboxName.optional() }

export const inMailboxOption: Option = { flags: '--mailbox MAILBOX', description: 'where (default: INBOX)' }

export const mailboxSummaryForm = {
  name: z.string().describe('its name, levels separated by /'),
  messages: z.number().describe('how many messages'),
  unseen: z.number().describe('of those, without \\Seen'),
  sizeBytes: z.number().describe('their octets'),
  uidValidity: z.number().describe('what UIDs of it are good for (UIDVALIDITY)'),
  uidNext: z.number().describe('the next message gets this UID or a higher one'),
  highestModSeq: z.number().describe('the last change of a message in it'),
  specialUse: z.string().nullable().describe('what it is for, such as \\Sent; null: nothing special'),
  isSubscribed: z.boolean().describe('programs show it'),
}

export const mailboxSummary = z.object(mailboxSummaryForm)
export type MailboxSummary = z.output<typeof mailboxSummary>

/** Throws Refusal 'mailbox-not-found'. */
export async function summaryOf(account: OpenAccount, name: string): Promise<MailboxSummary> {
  const info = account.mailbox(name)
  if (!info) throw new Refusal('mailbox-not-found', 'There is no such mailbox')
  const { messages, unseen, sizeBytes, uidValidity, uidNext, highestModSeq } = await account.status(info.name)
  return {
    ...{ name: info.name, messages, unseen, sizeBytes, uidValidity, uidNext, highestModSeq },
    ...{ specialUse: info.specialUse ?? null, isSubscribed: info.isSubscribed },
  }
}

/** Runs `task` with a mailbox selected. */
export async function inMailbox<T>(
  account: OpenAccount,
  name: string | undefined,
  options: { readonly isReadOnly: boolean },
  task: (mailbox: SelectedMailbox) => Promise<T>,
): Promise<T> {
  const mailbox = await account.select(name ?? 'INBOX', options)
  try {
    return await task(mailbox)
  } finally {
    mailbox.close()
  }
}
