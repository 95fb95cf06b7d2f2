// The four ways in which sealed things refuse to open. Their texts never hold a secret, a key or opened bytes.

/** The secret is not the one that this slot was made with: the only crypto error that may lead to a next try. */
export class WrongKey extends Error {
  override readonly name = 'WrongKey'
  readonly code = 'wrong-key'

  constructor(options?: ErrorOptions) {
    super('wrong key', options)
  }
}

/** Stored bytes do not authenticate, have a wrong form, or stand in a place that they were not made for. */
export class Corrupt extends Error {
  override readonly name = 'Corrupt'
  readonly code = 'damaged'

  /** `what` names the thing ("keyset", "body"), without content. */
  constructor(what: string, options?: ErrorOptions) {
    super(`${what} is damaged`, options)
  }
}

/** A version, suite or cost that this program does not take. */
export class UnsupportedVersion extends Error {
  override readonly name = 'UnsupportedVersion'
  readonly code = 'unsupported'

  constructor(what: string, options?: ErrorOptions) {
    super(`${what} is not supported by this program`, options)
  }
}

/** Too many passwords are waiting to be checked: nothing was tried, and the caller may come again. */
export class Busy extends Error {
  override readonly name = 'Busy'
  readonly code = 'busy'

  constructor(options?: ErrorOptions) {
    super('too many passwords are waiting to be checked', options)
  }
}
