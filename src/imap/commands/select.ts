// SELECT, RFC 3501 §6.3.1, with CONDSTORE and QRESYNC (RFC 7162 §3.1.8, §3.2.5).
import { command, type Command } from '../command.ts'
import { readSelectParameters } from '../wire/modifiers.ts'
import { openMailbox } from '../selection.ts'

export const select: Command = command({
  name: 'SELECT',
  states: ['authenticated', 'selected'],
  mayTakeLong: true,

  // select = "SELECT" SP mailbox [select-params]
  parse(input) {
    input.space()
    return { mailbox: input.mailbox(), ...readSelectParameters(input) }
  },

  async run(session, { mailbox, ...parameters }) {
    return openMailbox(session, mailbox, { isReadOnly: false, ...parameters })
  },
})
