// What a SASL mechanism is: a state machine from responses to credentials (RFC 4422).
import type { Secret } from '../base/secret.ts'

/** Why an exchange ended without credentials. */
export type SaslFailure =
  | 'cancelled' // the peer sent `*`
  | 'malformed' // not base64, or not what the mechanism sends
  | 'authorization' // acting for somebody else is not offered

/** What comes next. The receiver of `credentials` owns the password and wipes it. */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly bytes: Buffer }
  | { readonly kind: 'credentials'; readonly username: string; readonly password: Secret }
  | { readonly kind: 'failed'; readonly reason: SaslFailure }

/** One exchange. Responses are decoded bytes, owned and wiped by the exchange. */
export interface SaslExchange {
  /** First step; `initial` is undefined when the peer sent no initial response. */
  start(initial: Buffer | undefined): SaslStep
  respond(response: Buffer): SaslStep
  /** Wipes what the exchange holds; for a connection lost half way. */
  wipe(): void
}

export interface Mechanism {
  /** In capitals, as in `AUTH=`. */
  readonly name: string
  begin(): SaslExchange
}
