// What `mailbox subscribe` and `mailbox unsubscribe` are: one command in two directions.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from './command.ts'
import { addressArgument } from './forms.ts'
import { accountInput, letIn, mailboxArgument, mailboxName } from './mailbox-forms.ts'
import { inAccount, insideMayNeed, insideOptions, ownerNeeds } from './owner-secret.ts'
import { printable } from './words.ts'

const input = z.strictObject({ ...accountInput, mailbox: mailboxName })
export type SubscriptionInput = z.output<typeof input>

const result = z.object({
  address: z.string().describe('whose account it is'),
  name: z.string().describe('the name'),
  isSubscribed: z.boolean().describe('as it is now'),
})
export type SubscriptionResult = z.output<typeof result>

/** A command that subscribes to a name, or ends that. */
export function subscription(
  verb: 'subscribe' | 'unsubscribe',
  words: { readonly summary: string; readonly notes: string },
): SiteCommand<SubscriptionInput, SubscriptionResult> {
  const isOn = verb === 'subscribe'
  return siteCommand({
    name: `mailbox ${verb}`,
    summary: words.summary,
    notes: `${words.notes} ${letIn}`,
    examples: [
      { line: `letterlock mailbox ${verb} alice@example.org 'Lists/Node'`, does: 'asks for her password' },
    ],
    arguments: [addressArgument, mailboxArgument],
    options: insideOptions,
    input,
    result,
    changesData: true,
    looksFirst: true,
    mayNeed: insideMayNeed,
    secrets: (given) => ownerNeeds(given),

    run: (work, given) =>
      inAccount(work, given, async (account) => {
        const { address, mailbox } = given
        if (account && !work.isDryRun) await account[verb](mailbox)
        const name = account?.mailbox(mailbox)?.name ?? mailbox
        const isSubscribed = account?.subscriptions().includes(name) ?? !isOn
        return { address, name, isSubscribed }
      }),

    show({ name, isSubscribed }, view) {
      view.talk(`${printable(name)} is ${isSubscribed ? 'subscribed' : 'not subscribed'}.`)
    },
  })
}
