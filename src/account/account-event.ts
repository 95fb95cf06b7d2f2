// What a session that watches its account hears.
import type { Uid } from './api.ts'

/**
 * What happened anywhere in an account, after it was committed, in order. `mailbox` is an identifier; `by` the OpenAccount or
 * SelectedMailbox that did it. Of a mailbox and those below it that are renamed with it only the first is told.
 */
export type AccountEvent = { readonly by: object | undefined } & (
  | {
      readonly kind: 'append' | 'expunge' | 'flags'
      readonly mailbox: string
      readonly uids: readonly Uid[]
    }
  | { readonly kind: 'created' | 'deleted'; readonly mailbox: string; readonly name: string }
  | { readonly kind: 'renamed'; readonly mailbox: string; readonly from: string; readonly name: string }
  | { readonly kind: 'subscribed' | 'unsubscribed'; readonly name: string }
  /** `mailbox` is all zeros for an annotation of the account. */
  | { readonly kind: 'annotated'; readonly mailbox: string; readonly entry: string }
)
