// UID EXPUNGE, RFC 4315 §2.1.
import { command, type Command } from '../command.ts'

export const uidExpunge: Command = command({
  name: 'EXPUNGE',
  states: ['selected'],
  mayTakeLong: true,
  uid: 'only',
  capabilities: ['UIDPLUS'],
  mustExpunge: true,

  // uid-expunge = "UID" SP "EXPUNGE" SP sequence-set
  parse(input) {
    input.space()
    return { set: input.messageSet() }
  },

  async run(session, { set }) {
    const { view } = session
    const gone = await view.mailbox.expunge(view.resolve(set, 'uid').uids)
    return { text: 'UID EXPUNGE completed', ...session.codeAfterExpunge(gone.length) }
  },
})
