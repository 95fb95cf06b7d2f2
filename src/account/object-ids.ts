// Object identifiers (RFC 8474): MAILBOXID, EMAILID and THREADID.
import { utf8 } from '../base/bytes.ts'
import { sha256 } from '../crypto/digest.ts'
import type { MessageFacts } from '../mail/message-facts.ts'

/** MAILBOXID (RFC 8474 §4) of `MailboxInfo.id`: kept by RENAME and never given twice. */
export function mailboxIdOf(id: string): string {
  return `F${id}`
}

/** EMAILID (RFC 8474 §5.1) of `MessageContent.emailId`: copies of one message have the same. */
export function emailIdOf(emailId: string): string {
  return `M${emailId}`
}

/**
 * THREADID (RFC 8474 §5.2): all that goes back to one message has the same, in any mailbox. It is `T` and 32 hexadecimal
 * digits of a digest over the oldest ancestor's identifier, or the message's own. Undefined when it has neither: NIL.
 */
export function threadIdOf(facts: Pick<MessageFacts, 'messageId' | 'references'>): string | undefined {
  const root = facts.references[0] ?? facts.messageId
  return root === undefined ? undefined : `T${sha256(utf8(root)).toString('hex').slice(0, 32)}`
}
