// What a peer is told: replies with their enhanced status codes (RFC 3463), and the table from refusals to replies.
import { isRefusal, type RefusalCode } from '../account/errors.ts'

/** One reply; `text` begins with the enhanced status code. */
export interface Reply {
  readonly code: number
  readonly text: string
}

function reply(code: number, text: string): Reply {
  return { code, text }
}

export const replies = {
  notLocal: reply(550, '5.7.1 This server takes mail for its own domains only'),
  tooManyRecipients: reply(452, '4.5.3 Too many recipients, send the rest in another transaction'),
  tooLarge: reply(552, '5.3.4 Message too large'),
  noMemory: reply(452, '4.3.1 Too much mail at this moment, try again'),
  tooManyConnections: reply(421, '4.3.2 Too many connections, try again'),
  tooManyErrors: reply(421, '4.7.0 Too many errors'),
  tooSlow: reply(421, '4.4.2 Message took too long'),
  shuttingDown: reply(421, '4.3.2 Server is shutting down'),
  internal: reply(451, '4.3.0 Internal error'),
  gone: reply(451, '4.2.0 Mailbox was renamed or removed meanwhile, try again'),
  partly: reply(451, '4.3.0 Stored for some of the recipients only, send it again'),
} as const

/** Whether the sender should try again by itself. */
export function isTemporary({ code }: Reply): boolean {
  return code < 500
}

export function isStored({ code }: Reply): boolean {
  return code < 400
}

export interface ReplyPolicy {
  /** Over quota: `defer` lets the sender try again (452), `bounce` tells the author at once (552). */
  readonly overQuota: 'defer' | 'bounce'
}

function refusalReply(code: RefusalCode, { overQuota }: ReplyPolicy): Reply {
  switch (code) {
    case 'no-such-account':
      return reply(550, '5.1.1 No such user here')
    case 'no-such-domain':
      return reply(550, '5.1.2 No such domain here')
    case 'account-disabled':
      return reply(450, '4.2.1 Mailbox disabled')
    case 'over-quota':
      return overQuota === 'defer' ? reply(452, '4.2.2 Mailbox full') : reply(552, '5.2.2 Mailbox full')
    case 'message-too-large':
      return replies.tooLarge
    case 'busy':
    case 'unavailable':
      return reply(451, '4.3.0 Mail cannot be stored at this moment')
    case 'damaged':
      return reply(451, '4.3.5 Mailbox needs the attention of its administrator')
    case 'key-trouble':
      return reply(451, '4.7.5 Mail cannot be sealed to the key of its owner at this moment')
    case 'limit':
      return reply(451, '4.2.0 Mailbox has reached a limit')
    // Not what a delivery is refused with. Whatever it means, the mail is not stored, and may be later.
    case 'authentication-failed':
    case 'not-accepted-here':
    case 'no-such-slot':
    case 'account-exists':
    case 'no-such-alias':
    case 'bad-alias':
    case 'domain-exists':
    case 'in-use':
    case 'mailbox-not-found':
    case 'message-expunged':
    case 'not-encodable':
    case 'mailbox-exists':
    case 'mailbox-name-invalid':
    case 'mailbox-has-children':
    case 'mailbox-not-deletable':
    case 'read-only':
    case 'not-enabled':
    case 'nothing-to-do':
    case 'no-admin-key':
    case 'wrong-admin-password':
    case 'no-own-key':
    case 'already-enabled':
    case 'wrong-recovery-code':
    case 'mail-would-be-lost':
    case 'rolled-back':
    case 'not-permitted':
    case 'offer-expired':
    case 'bad-key':
      return reply(451, '4.3.0 Mail cannot be stored at this moment')
  }
}

/** The reply to any error: a refusal in its own words, a fault by the number under which it is logged. */
export function replyTo(error: unknown, policy: ReplyPolicy, faultId: string): Reply {
  return isRefusal(error) ? refusalReply(error.code, policy) : reply(451, `4.3.0 Internal error ${faultId}`)
}

/** The form in which smtp-server takes a reply that is not 250. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError'
  readonly responseCode: number

  constructor({ code, text }: Reply) {
    super(text)
    this.responseCode = code
  }
}
