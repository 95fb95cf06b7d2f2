// A SASL exchange over lines of base64, as IMAP, LMTP and SMTP carry it.
import type { Secret } from '../base/secret.ts'
import type { Mechanism, SaslFailure } from './mechanism.ts'

/** What to do next: send a challenge line (base64, no line end), check credentials, or refuse. */
export type SaslAnswer =
  | { readonly kind: 'challenge'; readonly line: string }
  | { readonly kind: 'credentials'; readonly username: string; readonly password: Secret }
  | { readonly kind: 'failed'; readonly reason: SaslFailure }

/** One AUTHENTICATE command. Lines given to it are wiped. */
export class SaslDialogue {
  constructor(mechanism: Mechanism) {
    throw new Error(mechanism.name)
  }
  /** `initial` is the initial response as sent (RFC 4959 §3: `=` is the empty one), or undefined. */
  start(initial: Buffer | undefined): SaslAnswer {
    throw new Error(String(initial))
  }
  /** The peer's answer to a challenge: base64, or `*` to cancel. */
  line(line: Buffer): SaslAnswer {
    throw new Error(String(line))
  }
  wipe(): void {
    throw new Error()
  }
}
