// MOVE and UID MOVE, RFC 6851.
import { command, type Command } from '../command.ts'
import { Answer } from '../errors.ts'

export const move: Command = command({
  name: 'MOVE',
  states: ['selected'],
  mayTakeLong: true,
  uid: true,
  capabilities: ['MOVE'],
  usesSequenceNumbers: true,
  mayExpunge: true,
  mustExpunge: true,
  wantsDestination: true,

  // move = "MOVE" SP sequence-set SP mailbox
  parse(input) {
    input.space()
    const set = input.messageSet()
    input.space()
    return { set, destination: input.mailbox() }
  },

  async run(session, { set, destination }, { numbers }) {
    const { view, out } = session
    const { uids, expunged } = view.resolve(set, numbers)
    if (expunged > 0) throw new Answer('NO', 'Some of the messages no longer exist', 'EXPUNGEISSUED')
    const { uidValidity, source, destination: copies } = await view.mailbox.move(uids, destination)
    if (source.length === 0) return { text: 'MOVE completed, nothing to move' }
    // RFC 6851 §4.3: COPYUID goes out untagged, ahead of the EXPUNGEs that consume the source UIDs.
    out.untaggedStatus('OK', 'Moved', { code: 'COPYUID', uidValidity, source, destination: copies })
    return { text: 'MOVE completed', ...session.codeAfterExpunge(source.length) }
  },
})
