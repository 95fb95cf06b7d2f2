// The gate before a password is tried: who guesses too often has to wait, and costs no Argon2 meanwhile.

/**
 * Counts wrong passwords per account and per network, and writes those to the log: whoever asked for the secret writes the others. Implemented
 * by server/rate-limit.ts.
 */
export interface LoginGuard {
  /**
   * Call before any work on the secret. Waits while as many others are being tried as may still be wrong, so that guesses made at
   * once are not more than guesses made in turn. Throws Refusal 'busy' while this network or this account has to wait.
   */
  begin(remoteAddress: string, login: string): Promise<LoginAttempt>
}

/** A secret being tried. Exactly one of these must be called, once. */
export interface LoginAttempt {
  /** The secret was wrong (or there is no such account). */
  failed(): Promise<void>
  /** The secret was right: the account's own count starts anew for this network. */
  succeeded(): Promise<void>
  /** It was not found out: 'busy', 'unavailable'. */
  dropped(): void
}
