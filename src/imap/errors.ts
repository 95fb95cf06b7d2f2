// What goes wrong, as an answer: refusals in RFC 5530 codes, bad syntax as BAD, everything else as a numbered fault.
import { Refusal } from '../account/errors.ts'
import type { Log } from '../base/ports.ts'
import type { CommandResult } from './command.ts'
import { BadSequenceNumber } from './named-messages.ts'
import { BadCharset, BadSyntax } from './wire/bad-syntax.ts'
import type { ResponseCode } from './wire/response-code.ts'
import type { StatusKind } from './wire/writer.ts'

/** A negative answer that IMAP itself gives, not the account: a wrong state, a missing feature. */
export class Answer extends Error {
  override readonly name = 'Answer'
  readonly kind: StatusKind
  readonly code: ResponseCode | undefined

  constructor(kind: 'NO' | 'BAD', text: string, code?: ResponseCode) {
    super(text)
    this.kind = kind
    this.code = code
  }
}

/** The code for a refusal (RFC 5530 §3, RFC 3501 §7.1). The switch is exhaustive: a new refusal does not compile without its code. */
export function codeOf(refusal: Refusal, wantsDestination: boolean): ResponseCode {
  switch (refusal.code) {
    case 'authentication-failed':
    case 'no-such-account':
    case 'wrong-recovery-code':
      return 'AUTHENTICATIONFAILED'
    // Mail programs show it (RFC 3501 §7.1).
    case 'rolled-back':
      return 'ALERT'
    case 'account-disabled':
      return 'CONTACTADMIN'
    // RFC 3501 §7.1: the text must be shown, and says what to do.
    case 'not-accepted-here':
      return 'ALERT'
    // UNAVAILABLE keeps Thunderbird from asking for the password again.
    case 'busy':
    case 'unavailable':
      return 'UNAVAILABLE'
    case 'account-exists':
    case 'mailbox-exists':
      return 'ALREADYEXISTS'
    case 'over-quota':
      return 'OVERQUOTA'
    case 'not-encodable':
      return 'UNKNOWN-CTE'
    case 'message-too-large':
      return 'TOOBIG'
    case 'mailbox-not-found':
      return wantsDestination ? 'TRYCREATE' : 'NONEXISTENT'
    case 'message-expunged':
      return 'EXPUNGEISSUED'
    case 'mailbox-has-children':
      return 'HASCHILDREN'
    case 'mailbox-name-invalid':
    case 'mailbox-not-deletable':
    case 'not-enabled':
    case 'nothing-to-do':
    case 'no-admin-key':
    case 'wrong-admin-password':
    case 'no-own-key':
    case 'already-enabled':
    case 'mail-would-be-lost':
    case 'offer-expired':
    case 'bad-key':
    case 'no-such-slot':
    case 'key-trouble':
    case 'no-such-alias':
    case 'bad-alias':
    case 'no-such-domain':
    case 'domain-exists':
    case 'in-use':
      return 'CANNOT'
    case 'not-permitted':
      return 'NOPERM'
    case 'read-only':
      return 'READ-ONLY'
    case 'limit':
      return 'LIMIT'
    case 'damaged':
      return 'CORRUPTION'
  }
}

/** A name for one fault, said to the peer and written to the log. It is not a secret and need not be unguessable. */
function makeFaultId(): string {
  return Math.floor(Math.random() * 36 ** 8)
    .toString(36)
    .padStart(8, '0')
}

/** Refusals that an admin should hear of: `answerTo` writes them to the log. */
export function isTrouble({ code, isNoted }: Refusal): boolean {
  return !isNoted && (code === 'damaged' || code === 'unavailable')
}

/** The tagged answer to an error that a command ended with. Faults are logged under the identifier that the peer is told. */
export function answerTo(
  error: unknown,
  log: Log,
  options: { readonly command: string; readonly wantsDestination: boolean },
): CommandResult {
  if (error instanceof Refusal) {
    if (isTrouble(error)) {
      log.write('error', 'imap.refused', { command: options.command, code: error.code, text: error.message })
    }
    return { kind: 'NO', code: codeOf(error, options.wantsDestination), text: error.message }
  }
  if (error instanceof Answer) {
    return { kind: error.kind, text: error.message, ...(error.code !== undefined && { code: error.code }) }
  }
  if (error instanceof BadSyntax) {
    return { kind: 'BAD', text: `${capitalised(error.message)}, at octet ${error.offset}` }
  }
  if (error instanceof BadSequenceNumber) return { kind: 'BAD', text: error.message }
  if (error instanceof BadCharset) {
    return {
      kind: 'NO',
      code: { code: 'BADCHARSET', charsets: error.supported },
      text: capitalised(error.message),
    }
  }
  const id = makeFaultId()
  log.write('error', 'imap.fault', { id, command: options.command, ...describe(error) })
  return { kind: 'NO', code: 'SERVERBUG', text: `Internal error ${id}` }
}

/** Where a fault happened, never what it said: a message may quote what a client or a mail wrote. */
function describe(error: unknown): { readonly error: string; readonly at: string | undefined } {
  if (!(error instanceof Error)) return { error: typeof error, at: undefined }
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return {
    error: error.name,
    at: frames
      .slice(0, 4)
      .map((line) => line.trim())
      .join(' < '),
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
