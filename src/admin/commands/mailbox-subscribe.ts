// mailbox subscribe: has programs show a mailbox.
import type { SiteCommand } from '../command.ts'
import { subscription, type SubscriptionInput, type SubscriptionResult } from '../subscription.ts'

/** Subscribes to a mailbox. */
export const mailboxSubscribe: SiteCommand<SubscriptionInput, SubscriptionResult> = subscription(
  'subscribe',
  {
    summary: 'subscribe to a mailbox: programs show it',
    notes: 'The name need not be there yet, as IMAP has it.',
  },
)
