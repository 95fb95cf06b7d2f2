// ID, RFC 2971: says the product's name and nothing that an attacker could look up.
import { command, type Command } from '../command.ts'
import { readIdParameters } from '../wire/id-parameters.ts'

export const id: Command = command({
  name: 'ID',
  states: ['not-authenticated', 'authenticated', 'selected'],
  capabilities: ['ID'],
  mayExpunge: true,
  // What the client says of itself is read, so that bad syntax is told, and kept nowhere.
  parse: readIdParameters,
  async run(session) {
    session.out.untaggedLine('ID ("name" "Letterlock")')
    return { text: 'ID completed' }
  },
})
