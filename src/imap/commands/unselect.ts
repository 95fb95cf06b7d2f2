// UNSELECT, RFC 3691.
import { command, noArguments, type Command } from '../command.ts'

export const unselect: Command = command({
  name: 'UNSELECT',
  states: ['selected'],
  capabilities: ['UNSELECT'],
  parse: noArguments,
  async run(session) {
    session.unselect()
    return { text: 'UNSELECT completed' }
  },
})
