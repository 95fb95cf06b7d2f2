// STORE and UID STORE, RFC 3501 §6.4.6, with UNCHANGEDSINCE (RFC 7162 §3.1.3).
import { command, type Command } from '../command.ts'
import { readStoreArguments } from '../wire/modifiers.ts'

export const store: Command = command({
  name: 'STORE',
  states: ['selected'],
  uid: true,
  usesSequenceNumbers: true,

  // store = "STORE" SP sequence-set [store-modifiers] SP store-att-flags
  parse(input) {
    input.space()
    return { set: input.messageSet(), ...readStoreArguments(input) }
  },

  async run(session, { set, action, flags, isSilent, unchangedSince }, { numbers }) {
    const { view, out } = session
    if (unchangedSince !== undefined) session.enableCondstore()
    const { uids, expunged } = view.resolve(set, numbers)
    const options = unchangedSince === undefined ? undefined : { unchangedSince }
    const { changed, modified } = await view.mailbox.storeFlags(uids, action, flags, options)
    view.announceKeywords(out)
    const failed = new Set(modified)
    // Everything asked for is answered, changed or not: another session may have made the same change a moment before.
    // With .SILENT only MODSEQ of what changed is told, to those who know what it is (RFC 7162 §3.1.3).
    const parts = {
      // RFC 7162 §3.2.4.
      withUid: numbers === 'uid' || session.isCondstore,
      withFlags: !isSilent,
      withModSeq: session.isCondstore,
    }
    for (const uid of isSilent ? (session.isCondstore ? changed : []) : uids) {
      if (failed.has(uid)) continue
      view.fetchFlags(out, uid, parts)
      const paced = session.pace()
      if (paced) await paced
    }
    const conflict = modified.map((uid) => (numbers === 'uid' ? uid : (view.sequenceNumber(uid) ?? 0)))
    const code = conflict.length > 0 ? ({ code: 'MODIFIED', numbers: conflict } as const) : undefined
    if (expunged > 0)
      return { kind: 'NO', code: code ?? 'EXPUNGEISSUED', text: 'Some of the messages no longer exist' }
    return code ? { code, text: 'Conditional STORE failed for some messages' } : { text: 'STORE completed' }
  },
})
