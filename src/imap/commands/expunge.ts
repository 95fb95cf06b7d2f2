// EXPUNGE, RFC 3501 §6.4.3. The view sends the EXPUNGE responses.
import { command, noArguments, type Command } from '../command.ts'

export const expunge: Command = command({
  name: 'EXPUNGE',
  states: ['selected'],
  mayTakeLong: true,
  mayExpunge: true,
  mustExpunge: true,
  parse: noArguments,
  async run(session) {
    const gone = await session.view.mailbox.expunge()
    return { text: 'EXPUNGE completed', ...session.codeAfterExpunge(gone.length) }
  },
})
