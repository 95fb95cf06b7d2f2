// EXAMINE, RFC 3501 §6.3.2: SELECT that changes nothing.
import { command, type Command } from '../command.ts'
import { readSelectParameters } from '../wire/modifiers.ts'
import { openMailbox } from '../selection.ts'

export const examine: Command = command({
  name: 'EXAMINE',
  states: ['authenticated', 'selected'],
  mayTakeLong: true,

  // examine = "EXAMINE" SP mailbox [select-params]
  parse(input) {
    input.space()
    return { mailbox: input.mailbox(), ...readSelectParameters(input) }
  },

  async run(session, { mailbox, ...parameters }) {
    return openMailbox(session, mailbox, { isReadOnly: true, ...parameters })
  },
})
