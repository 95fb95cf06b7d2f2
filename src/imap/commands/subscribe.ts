// SUBSCRIBE, RFC 3501 §6.3.6.
import { command, type Command } from '../command.ts'

export const subscribe: Command = command({
  name: 'SUBSCRIBE',
  states: ['authenticated', 'selected'],
  mayExpunge: true,

  // subscribe = "SUBSCRIBE" SP mailbox
  parse(input) {
    input.space()
    return { mailbox: input.mailbox() }
  },

  async run(session, { mailbox }) {
    await session.account.subscribe(mailbox)
    return { text: 'SUBSCRIBE completed' }
  },
})
