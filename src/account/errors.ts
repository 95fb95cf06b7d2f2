// Refusals: what the account layer may say no to, in a closed list that front doors turn into protocol answers.

/** Everything that a peer may be told. Front doors map each to a response code in one exhaustive switch. */
export type RefusalCode =
  | 'authentication-failed' // wrong secret, or no such account: never told apart
  | 'account-disabled'
  | 'not-accepted-here' // the secret is right, and not for this protocol or no longer; the text says what to do
  | 'no-such-slot'
  | 'busy' // too many logins at once, or the store cannot write now: try again
  | 'no-such-account' // only said to LMTP peers and admins
  | 'account-exists' // or an alias of that name
  | 'no-such-alias'
  | 'bad-alias' // it would lead nowhere, or in a circle
  | 'no-such-domain' // none of the site's
  | 'domain-exists'
  | 'in-use' // something still depends on it; the text says what
  | 'over-quota'
  | 'message-too-large'
  | 'not-encodable' // NUL in a message where no transfer encoding can hide it
  | 'mailbox-not-found'
  | 'message-expunged' // by another session, while it was being read
  | 'mailbox-exists'
  | 'mailbox-name-invalid'
  | 'mailbox-has-children'
  | 'mailbox-not-deletable'
  | 'read-only'
  | 'limit' // one of base/limits.ts
  | 'damaged' // stored data does not authenticate; nothing of it is shown
  | 'unavailable' // disk full, input/output error
  | 'not-enabled' // at-rest encryption is off
  | 'nothing-to-do' // it is so already, or there is nothing of the kind; the text says what
  | 'no-admin-key' // the site has no admin recovery key
  | 'wrong-admin-password' // of the admin recovery key, or too few of them
  | 'no-own-key' // the account has no public key of its owner's
  | 'already-enabled'
  | 'wrong-recovery-code'
  | 'mail-would-be-lost'
  | 'rolled-back' // the account is older than what is remembered of it, and nobody accepted that
  | 'not-permitted' // by the site's policy, or to whoever asks
  | 'offer-expired' // a recovery code that was not typed back in time
  | 'key-trouble' // mail cannot be sealed to the owner's own key now
  | 'bad-key' // a public key or certificate that mail cannot be sealed to

/** A refusal in words for the peer. Its text never holds a secret, a mailbox name or message content. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode
  /** The log has its line already, or it is as somebody meant it to be: front doors write none. */
  readonly isNoted: boolean

  constructor(code: RefusalCode, text: string, options: ErrorOptions & { readonly isNoted?: boolean } = {}) {
    super(text, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.isNoted = options.isNoted ?? false
  }
}

/** Whether `error` is a refusal, of this code if one is given. */
export function isRefusal(error: unknown, code?: RefusalCode): error is Refusal {
  return error instanceof Refusal && (code === undefined || error.code === code)
}

/** Stored records contradict each other or are missing. Its text says what, without names or content. */
export class Damage extends Error {
  override readonly name = 'Damage'
}
