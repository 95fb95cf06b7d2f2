// What a frozen store holds, written down by the release that made it: what every later release is held to.
import type { MailboxView } from './snapshot.ts'

export interface AccountPromise {
  readonly address: string
  /** Opens the mail by IMAP. */
  readonly password: string
  readonly recoveryCode?: string
  readonly mail: readonly MailboxView[]
  /** Mail came after `mail` was taken down: INBOX has more than that, and nothing of it is another. */
  readonly hasMoreInInbox: boolean
}

export interface StorePromise {
  /** ISO 8601; whoever opens the store makes believe that it is a little later. */
  readonly madeAt: string
  readonly accounts: readonly AccountPromise[]
  /** SHA-256 of messages that were delivered while their account was locked, in order, by its address. */
  readonly waiting: Readonly<Record<string, readonly string[]>>
  /** Logins that must be refused: an account and a password. */
  readonly refused: readonly { readonly address: string; readonly password: string }[]
  readonly appPasswords: readonly { readonly address: string; readonly password: string }[]
  /** An account whose mail was locked by an admin: what opens it again. */
  readonly locked: { readonly address: string; readonly oldPassword: string; readonly login: string }
  /** Passwords of two admins of three, of whom two are needed; and whom they can help. */
  readonly admins: readonly string[]
  readonly helped: string
  /** An alias, and who has what is sent to it. */
  readonly alias: { readonly address: string; readonly targets: readonly string[] }
  /** Encryption was being turned on when the process was killed. */
  readonly half: { readonly address: string; readonly password: string; readonly recoveryCode: string }
}
