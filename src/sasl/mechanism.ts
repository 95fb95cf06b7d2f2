// What a SASL mechanism is: a state machine from responses to credentials (RFC 4422).
import type { Secret } from '../base/secret.ts'

/** Why an exchange ended without credentials. */
export type SaslFailure =
  | 'cancelled' // the peer sent `*`
  | 'malformed' // not base64, or not what the mechanism sends
  | 'authorization' // acting for somebody else is not offered

/** What comes next. Who receives `credentials` owns the password and wipes it. */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly bytes: Buffer }
  | { readonly kind: 'credentials'; readonly username: string; readonly password: Secret }
  | { readonly kind: 'failed'; readonly reason: SaslFailure }

/** One exchange, until it gives credentials or fails. Responses are decoded bytes; the caller wipes them after the call. */
export interface SaslExchange {
  /** First step; `initial` is undefined when the peer sent no initial response. */
  start(initial: Buffer | undefined): SaslStep
  respond(response: Buffer): SaslStep
  /** Forgets what the exchange holds; for a connection lost half way. */
  wipe(): void
}

/** A mechanism on offer. */
export interface Mechanism {
  /** In capitals, as in `AUTH=`. */
  readonly name: string
  begin(): SaslExchange
}
