// LOGIN, RFC 3501 §6.2.3.
import { Secret } from '../../base/secret.ts'
import { command, type Command } from '../command.ts'
import { logIn, requirePrivacy } from '../login.ts'

export const login: Command = command({
  name: 'LOGIN',
  states: ['not-authenticated'],
  takesInput: true,
  // Before a literal is asked for: a password must not even be sent.
  admit: requirePrivacy,

  // login = "LOGIN" SP userid SP password
  parse(input) {
    input.space()
    const username = input.astringText()
    input.space()
    const password = new Secret(input.astring())
    try {
      input.end()
    } catch (error) {
      password.wipe()
      throw error
    }
    return { username, password }
  },

  async run(session, { username, password }) {
    using secret = password
    return await logIn(session, username, secret)
  },
})
