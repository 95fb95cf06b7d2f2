// Opening a mailbox, as SELECT and EXAMINE share it: what is told of it, in which order.
import { mailboxIdOf } from '../account/object-ids.ts'
import type { CommandResult } from './command.ts'
import { Answer } from './errors.ts'
import type { Session } from './session.ts'
import { sendSelected } from './mailbox-list.ts'
import { resynchronise } from './resynchronise.ts'
import type { View } from './view.ts'
import type { SelectParameters } from './wire/modifiers.ts'

/** Ends any former selection, even when the new one fails (RFC 3501 §6.3.1), and begins the new one. */
export async function openMailbox(
  session: Session,
  name: string,
  options: SelectParameters & { readonly isReadOnly: boolean },
): Promise<CommandResult> {
  const { out } = session
  const { resync } = options
  // RFC 7162 §3.2.5: and nothing has happened to the former selection.
  if (resync && !session.modes.isQresync) throw new Answer('BAD', 'ENABLE QRESYNC first')
  if (session.selected) {
    session.unselect()
    // RFC 7162 §3.2.11: everything before this line was about the former mailbox.
    out.untaggedStatus('OK', 'Previous mailbox closed', 'CLOSED')
  }
  if (options.isCondstore) session.enableCondstore()
  const mailbox = await session.account.select(name, { isReadOnly: options.isReadOnly })
  const view = session.select(mailbox)
  view.sendFlags(out)
  view.sendCounts(out)
  // RFC 9051 has neither the code nor RECENT, but LIST (§6.3.2, Appendix E).
  const unseen = session.modes.isRev2 ? undefined : firstUnseen(view)
  if (unseen !== undefined) out.untaggedStatus('OK', 'First unseen', { code: 'UNSEEN', value: unseen })
  out.untaggedStatus('OK', 'UIDs are valid', { code: 'UIDVALIDITY', value: mailbox.uidValidity })
  out.untaggedStatus('OK', 'Predicted next UID', { code: 'UIDNEXT', value: mailbox.uidNext })
  session.sendHighestModSeq(view)
  sendSelected(session, name)
  // RFC 8474 §4.2: the client that kept this mailbox under another name knows it again.
  out.untaggedStatus('OK', 'Mailbox', { code: 'MAILBOXID', id: mailboxIdOf(mailbox.id) })
  if (resync) {
    try {
      await resynchronise(session, resync)
    } catch (error) {
      session.unselect()
      throw error
    }
  }
  return mailbox.isReadOnly
    ? { text: 'Opened read-only', code: 'READ-ONLY' }
    : { text: 'Opened', code: 'READ-WRITE' }
}

/** Sequence number of the first message without \Seen. */
function firstUnseen(view: View): number | undefined {
  const uid = view.mailbox.firstUnseen()
  return uid === undefined ? undefined : view.sequenceNumber(uid)
}
