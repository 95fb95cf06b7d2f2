// A SASL exchange over lines of base64, as IMAP and SMTP carry it.
import type { Secret } from '../base/secret.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import type { Mechanism, SaslExchange, SaslFailure, SaslStep } from './mechanism.ts'

/** What to do next: send a challenge line (base64, no line end), check credentials, or refuse. */
export type SaslAnswer =
  | { readonly kind: 'challenge'; readonly line: string }
  | { readonly kind: 'credentials'; readonly username: string; readonly password: Secret }
  | { readonly kind: 'failed'; readonly reason: SaslFailure }

/** More than any line of PLAIN or LOGIN has, in bytes of base64. For the reader of lines. */
export const saslLineBytes: number = 4096

/** One AUTHENTICATE command. Lines given to it are overwritten. Nothing may be asked of it after credentials or failure. */
export class SaslDialogue {
  readonly #exchange: SaslExchange
  #isOver = false

  constructor(mechanism: Mechanism) {
    this.#exchange = mechanism.begin()
  }

  /** `initial` is the initial response as sent (`=` is the empty one, RFC 4959 §3), or undefined. */
  start(initial: Buffer | undefined): SaslAnswer {
    if (initial === undefined) return this.#answer(this.#exchange.start(undefined))
    if (isByte(initial, '=')) return this.#answer(this.#exchange.start(Buffer.alloc(0)))
    return this.#decoded(initial, (response) => this.#exchange.start(response))
  }

  /** The peer's answer to a challenge: base64, or `*` to cancel (RFC 3501 §6.2.2). */
  line(line: Buffer): SaslAnswer {
    if (isByte(line, '*')) return this.#answer({ kind: 'failed', reason: 'cancelled' })
    return this.#decoded(line, (response) => this.#exchange.respond(response))
  }

  /** Forgets everything; for a connection lost half way. */
  wipe(): void {
    this.#isOver = true
    this.#exchange.wipe()
  }

  #decoded(line: Buffer, step: (response: Buffer) => SaslStep): SaslAnswer {
    const response = line.length <= saslLineBytes ? decodeBase64(line) : undefined
    line.fill(0)
    if (!response) return this.#answer({ kind: 'failed', reason: 'malformed' })
    try {
      return this.#answer(step(response))
    } finally {
      response.fill(0)
    }
  }

  #answer(step: SaslStep): SaslAnswer {
    if (this.#isOver) throw new Error('this exchange is over')
    if (step.kind === 'challenge') return { kind: 'challenge', line: encodeBase64(step.bytes) }
    this.wipe()
    return step
  }
}

function isByte(line: Buffer, character: string): boolean {
  return line.length === 1 && line[0] === character.charCodeAt(0)
}
