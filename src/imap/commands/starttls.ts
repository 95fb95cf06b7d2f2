// STARTTLS, RFC 3501 §6.2.1. The connection drops what came in the clear and does the handshake after the answer.
import { command, noArguments, type Command } from '../command.ts'
import { Answer } from '../errors.ts'

export const starttls: Command = command({
  name: 'STARTTLS',
  states: ['not-authenticated'],
  takesInput: true,
  admit({ link }) {
    if (!link.canStartTls)
      throw new Answer('BAD', link.isTls ? 'TLS is on already' : 'TLS is not offered here')
  },
  parse: noArguments,
  async run() {
    return { text: 'Begin the TLS handshake', then: 'startTls' }
  },
})
