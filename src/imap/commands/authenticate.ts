// AUTHENTICATE, RFC 3501 §6.2.2, with an initial response (RFC 4959).
import { command, type Command } from '../command.ts'
import { Answer } from '../errors.ts'
import { logIn, requirePrivacy } from '../login.ts'
import { ConnectionLost } from '../output.ts'
import { authenticateByScram } from '../scram.ts'
import { SaslDialogue, type SaslAnswer } from '../../sasl/dialogue.ts'
import { findMechanism } from '../../sasl/registry.ts'

/** More than any password and name make in base64. */
const maxLineBytes = 4096

export const authenticate: Command = command({
  name: 'AUTHENTICATE',
  states: ['not-authenticated'],
  takesInput: true,
  admit: requirePrivacy,

  // authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")] *(CRLF base64)
  parse(input) {
    input.space()
    const mechanism = input.atom()
    return { mechanism, initial: input.initialResponse() }
  },

  async run(session, { mechanism: name, initial }) {
    const byScram = authenticateByScram(session, name, initial)
    if (byScram) return byScram
    const mechanism = findMechanism(name)
    if (!mechanism) throw new Answer('NO', 'That mechanism is not offered', 'CANNOT')
    const dialogue = new SaslDialogue(mechanism)
    try {
      let answer: SaslAnswer = dialogue.start(initial)
      while (answer.kind === 'challenge') {
        session.out.continuation(answer.line)
        const line = await session.link.readLine(maxLineBytes)
        if (!line) throw new ConnectionLost('the connection was lost during AUTHENTICATE')
        if (line.kind === 'too-long') throw new Answer('BAD', 'Line is too long')
        answer = dialogue.line(line.bytes)
      }
      if (answer.kind === 'failed') throw failure(answer.reason)
      return await logIn(session, answer.username, answer.password)
    } finally {
      dialogue.wipe()
    }
  },
})

function failure(reason: Extract<SaslAnswer, { readonly kind: 'failed' }>['reason']): Answer {
  switch (reason) {
    case 'cancelled':
      return new Answer('BAD', 'AUTHENTICATE was cancelled')
    case 'malformed':
      return new Answer('BAD', 'That is not what the mechanism expects')
    case 'authorization':
      return new Answer('NO', 'Acting for another user is not offered', 'AUTHORIZATIONFAILED')
  }
}
