// The gate before a password is tried: who guesses too often has to wait, and costs no Argon2 meanwhile.

/** Counts wrong passwords per account and per network. Implemented by server/rate-limit.ts. */
export interface LoginGuard {
  /** Call before any work on the secret. Throws Refusal 'busy' while this network or this account has to wait. */
  before(remoteAddress: string, login: string): Promise<void>
  /** A secret was wrong (or there is no such account). Not for 'busy' or 'unavailable'. */
  failed(remoteAddress: string, login: string): Promise<void>
  /** A secret was right: the account's own count starts anew for this network. */
  succeeded(remoteAddress: string, login: string): Promise<void>
}
