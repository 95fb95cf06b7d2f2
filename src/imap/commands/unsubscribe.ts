// UNSUBSCRIBE, RFC 3501 §6.3.7.
import { command, type Command } from '../command.ts'

export const unsubscribe: Command = command({
  name: 'UNSUBSCRIBE',
  states: ['authenticated', 'selected'],
  mayExpunge: true,

  // unsubscribe = "UNSUBSCRIBE" SP mailbox
  parse(input) {
    input.space()
    return { mailbox: input.mailbox() }
  },

  async run(session, { mailbox }) {
    await session.account.unsubscribe(mailbox)
    return { text: 'UNSUBSCRIBE completed' }
  },
})
