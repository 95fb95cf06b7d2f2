// CAPABILITY, RFC 3501 §6.1.1.
import { command, noArguments, type Command } from '../command.ts'

export const capability: Command = command({
  name: 'CAPABILITY',
  states: ['not-authenticated', 'authenticated', 'selected'],
  mayExpunge: true,
  parse: noArguments,
  async run(session) {
    session.out.untaggedLine(`CAPABILITY ${session.link.capabilities().join(' ')}`)
    return { text: 'CAPABILITY completed' }
  },
})
