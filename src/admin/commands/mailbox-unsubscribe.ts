// mailbox unsubscribe: has programs show a mailbox no more.
import type { SiteCommand } from '../command.ts'
import { subscription, type SubscriptionInput, type SubscriptionResult } from '../subscription.ts'

/** Ends a subscription. */
export const mailboxUnsubscribe: SiteCommand<SubscriptionInput, SubscriptionResult> = subscription(
  'unsubscribe',
  {
    summary: 'end a subscription: many programs do not show the mailbox then',
    notes: 'The mailbox and its mail stay.',
  },
)
