// ID, RFC 2971: says the product's name and nothing that an attacker could look up.
import { command, type Command } from '../command.ts'
import { readIdParameters } from '../wire/id-parameters.ts'

/** Of what a client says it is, so much is kept. */
const clientCharacters = 200

export const id: Command = command({
  name: 'ID',
  states: ['not-authenticated', 'authenticated', 'selected'],
  capabilities: ['ID'],
  mayExpunge: true,
  // What the client says of itself is shown to the account's owner, and nothing is made to depend on it.
  parse: readIdParameters,
  async run(session, parameters) {
    const client = [parameters.get('name'), parameters.get('version')]
      .filter((part) => part !== undefined && part !== '')
      .join(' ')
    if (client !== '') session.noteClient(client.slice(0, clientCharacters))
    session.out.untaggedLine('ID ("name" "Letterlock")')
    return { text: 'ID completed' }
  },
})
