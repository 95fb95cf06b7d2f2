// COPY and UID COPY, RFC 3501 §6.4.7, with COPYUID (RFC 4315 §3).
import { command, type Command } from '../command.ts'
import { Answer } from '../errors.ts'

export const copy: Command = command({
  name: 'COPY',
  states: ['selected'],
  mayTakeLong: true,
  uid: true,
  capabilities: ['UIDPLUS'],
  usesSequenceNumbers: true,
  mayExpunge: true,
  wantsDestination: true,

  // copy = "COPY" SP sequence-set SP mailbox
  parse(input) {
    input.space()
    const set = input.messageSet()
    input.space()
    return { set, destination: input.mailbox() }
  },

  async run(session, { set, destination }, { numbers }) {
    const { uids, expunged } = session.view.resolve(set, numbers)
    // RFC 3501 §6.4.7: all of them or none.
    if (expunged > 0) throw new Answer('NO', 'Some of the messages no longer exist', 'EXPUNGEISSUED')
    const { uidValidity, source, destination: copies } = await session.view.mailbox.copy(uids, destination)
    // COPYUID of nothing is not in the grammar, and clients fall over it.
    if (source.length === 0) return { text: 'COPY completed, nothing to copy' }
    return { text: 'COPY completed', code: { code: 'COPYUID', uidValidity, source, destination: copies } }
  },
})
