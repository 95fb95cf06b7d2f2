// STARTTLS, RFC 3501 §6.2.1. The connection drops what came in the clear and does the handshake after the answer.
import { command, noArguments, type Command } from '../command.ts'
import { Answer } from '../errors.ts'

export const starttls: Command = command({
  name: 'STARTTLS',
  states: ['not-authenticated'],
  takesInput: true,
  parse: noArguments,
  async run(session) {
    if (!session.link.canStartTls) {
      throw new Answer('BAD', session.link.isTls ? 'TLS is on already' : 'TLS is not offered here')
    }
    return { text: 'Begin the TLS handshake', then: 'startTls' }
  },
})
