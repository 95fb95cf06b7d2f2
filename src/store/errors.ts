// What a store may throw on purpose: four kinds, each with a stable reason. Anything else is a bug.

/** A compare-and-set met another value than the caller expected. Read again and decide anew. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
}

/**
 * disk-full, io: the disk; in-use: another process has the store open; closed: this store was closed; restoring: the account is
 * being put back from a copy.
 */
export type UnavailableReason = 'disk-full' | 'io' | 'in-use' | 'closed' | 'restoring'

/** The store cannot do it now; the same call may succeed later. Nothing was half done. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  readonly reason: UnavailableReason
  /**
   * True when the disk failed so that nobody can say whether the transaction will be there after the store has
   * recovered. It will be there whole or not at all. False: it did not happen.
   */
  readonly isOutcomeUnknown: boolean

  constructor(
    reason: UnavailableReason,
    message: string,
    options: { cause?: unknown; isOutcomeUnknown?: boolean } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.reason = reason
    this.isOutcomeUnknown = options.isOutcomeUnknown ?? false
  }
}

/** Stored bytes are missing, short or not what the layout says. Stop and tell somebody; never guess. */
export class Damaged extends Error {
  override readonly name = 'Damaged'
}

export type RefusedReason =
  | 'no-account'
  | 'account-exists'
  | 'over-quota'
  | 'no-blob'
  | 'blob-exists'
  | 'too-large'
  | 'no-store'
  | 'store-exists'
  | 'unknown-format'

/** The request cannot be granted as it stands, however often it is repeated. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly reason: RefusedReason

  constructor(reason: RefusedReason, message: string, options: { cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.reason = reason
  }
}
