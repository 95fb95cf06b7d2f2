// LOGOUT, RFC 3501 §6.1.3.
import { command, noArguments, type Command } from '../command.ts'

export const logout: Command = command({
  name: 'LOGOUT',
  states: ['not-authenticated', 'authenticated', 'selected'],
  takesInput: true,
  parse: noArguments,
  async run(session) {
    session.unselect()
    session.out.untaggedStatus('BYE', 'Goodbye')
    return { text: 'LOGOUT completed', then: 'close' }
  },
})
