// What a client that comes back is told: what vanished (RFC 7162 §3.2.6) and, by SELECT, what changed (§3.2.5).
import type { Session } from './session.ts'
import type { View } from './view.ts'
import type { Resync } from './wire/resync.ts'
import type { SequenceSet } from './wire/sequence-set.ts'
import { sendVanished, within, type UidRange } from './wire/uid-ranges.ts'

/**
 * VANISHED (EARLIER) for what of `set` vanished after `modSeq` and after the UID `above`. `*` is the greatest UID ever given:
 * what vanished may be above all that is there. Messages whose going is still to be told are left for that (§3.2.10).
 */
export async function tellVanished(
  session: Session,
  set: SequenceSet | undefined,
  modSeq: number,
  above = 0,
): Promise<void> {
  const { view, out } = session
  const { mailbox } = view
  const vanished = await mailbox.vanishedSince(modSeq)
  const after = vanished
    .filter(([, last]) => last > above)
    .map(([first, last]): UidRange => [Math.max(first, above + 1), last])
  const asked = set ? within(after, set, mailbox.uidNext - 1) : after
  sendVanished(out, view.withoutUntold(asked), true)
  await session.pace()
}

/** The answer to SELECT's QRESYNC parameter: as to UID FETCH known-uids (FLAGS) (CHANGEDSINCE modseq VANISHED), §3.2.5.1. */
export async function resynchronise(session: Session, resync: Resync): Promise<void> {
  const { view, out } = session
  // With another UIDVALIDITY the rest means nothing (§3.2.5).
  if (view.mailbox.uidValidity !== resync.uidValidity) return
  await tellVanished(session, resync.knownUids, resync.modSeq, matchedUid(view, resync))
  const isKnown = (uid: number): boolean => resync.knownUids?.contains(uid, view.mailbox.uidNext - 1) ?? true
  for (const { uid } of view.present()) {
    const state = view.mailbox.state(uid)
    if (!state || state.modSeq <= resync.modSeq || !isKnown(uid)) continue
    view.fetchFlags(out, uid, { withUid: true, withFlags: true, withModSeq: true })
    const paced = session.pace()
    if (paced) await paced
  }
}

/** The greatest UID whose number the client knows rightly: up to it, it knows of all that went (§3.2.5.2). 0 when there is none. */
function matchedUid(view: View, { match }: Resync): number {
  let matched = 0
  for (const { sequenceNumber, uid, count } of match) {
    // Both ascend, so where the difference is the same the pairs of a run match side by side.
    let low = 0
    let high = Math.min(count, view.exists - sequenceNumber + 1)
    const difference = uid - sequenceNumber
    while (low < high) {
      const middle = (low + high) >>> 1
      const number = sequenceNumber + middle
      if ((view.uidAt(number) ?? Infinity) - number <= difference) low = middle + 1
      else high = middle
    }
    if (low > 0 && view.uidAt(sequenceNumber + low - 1) === uid + low - 1) matched = uid + low - 1
  }
  return matched
}
