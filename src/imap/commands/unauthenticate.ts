// UNAUTHENTICATE, RFC 8437: another user on the same connection.
import { command, type Command } from '../command.ts'
import { Answer } from '../errors.ts'
import { offersUnauthenticate } from '../unauthenticate.ts'

export const unauthenticate: Command = command({
  name: 'UNAUTHENTICATE',
  states: ['authenticated', 'selected'],
  takesInput: true,
  // RFC 8437 §3: BAD, where it is not advertised, is the only refusal there is.
  admit(session) {
    if (!offersUnauthenticate(session)) throw new Answer('BAD', 'UNAUTHENTICATE is not offered here')
  },

  parse(input) {
    input.end()
  },

  async run(session) {
    await session.unauthenticate()
    return { text: 'UNAUTHENTICATE completed' }
  },
})
