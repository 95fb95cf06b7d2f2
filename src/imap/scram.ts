// AUTHENTICATE SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677, RFC 9266): the exchange over a connection's lines.
import type { ScramApi } from '../account/api.ts'
import { decodeBase64, encodeBase64 } from '../sasl/base64.ts'
import { channelBindingTypes, ScramError, ScramExchange, scramName, scramPlusName } from '../sasl/scram.ts'
import type { CommandResult } from './command.ts'
import { Answer } from './errors.ts'
import { enter } from './login.ts'
import { ConnectionLost } from './output.ts'
import type { Session } from './session.ts'

const maxLineBytes = 4096

const cancelled = (): Answer => new Answer('BAD', 'AUTHENTICATE was cancelled')

/** The names under which it is offered on this connection: none where the site does not take it. */
export function scramMechanisms({ context, link }: Session): readonly string[] {
  if (!context.accounts.scram) return []
  const isBound = channelBindingTypes.some((type) => link.channelBinding(type) !== undefined)
  return isBound ? [scramPlusName, scramName] : [scramName]
}

/** Runs the exchange; undefined when that is none of these mechanisms, or it is not offered. `initial` is as it was sent. */
export function authenticateByScram(
  session: Session,
  mechanism: string,
  initial: Buffer | undefined,
): Promise<CommandResult> | undefined {
  const name = scramMechanisms(session).find((offered) => offered === mechanism.toUpperCase())
  const { scram } = session.context.accounts
  if (name === undefined || !scram) return undefined
  return run(session, scram, name === scramPlusName, initial).catch((error: unknown) => {
    throw error instanceof ScramError ? answerTo(error) : error
  })
}

async function run(
  session: Session,
  scram: ScramApi,
  isPlus: boolean,
  initial: Buffer | undefined,
): Promise<CommandResult> {
  const exchange = new ScramExchange(isPlus, (type) => session.link.channelBinding(type))
  const first = initial ? decoded(initial) : await asked(session, Buffer.alloc(0))
  const username = exchange.first(first)
  const last = await asked(session, exchange.challenge(await scram.challenge(username)))
  const proof = exchange.final(last)
  return enter(session, async (info) => {
    const { account, serverSignature } = await scram.login(username, proof, info)
    try {
      // RFC 5802 §5: the client looks at the signature, and goes on only if it is right.
      const end = await asked(session, exchange.success(serverSignature))
      if (end.length > 0) throw new ScramError('malformed')
      return account
    } catch (error) {
      await account.close()
      throw error
    }
  })
}

/** Sends a message of the server; resolves to the client's answer. */
async function asked({ out, link }: Session, message: Buffer): Promise<Buffer> {
  out.continuation(encodeBase64(message))
  const line = await link.readLine(maxLineBytes)
  if (!line) throw new ConnectionLost('the connection was lost during AUTHENTICATE')
  if (line.kind === 'too-long') throw new Answer('BAD', 'Line is too long')
  if (line.bytes.equals(Buffer.from('*'))) throw cancelled()
  return decoded(line.bytes)
}

function decoded(line: Buffer): Buffer {
  const message = decodeBase64(line)
  if (!message) throw new ScramError('malformed')
  return message
}

function answerTo({ reason }: ScramError): Answer {
  switch (reason) {
    case 'malformed':
      return new Answer('BAD', 'That is not what the mechanism expects')
    case 'authorization':
      return new Answer('NO', 'Acting for another user is not offered', 'AUTHORIZATIONFAILED')
    case 'binding':
      return new Answer('NO', 'The channel binding is not that of this connection', 'AUTHENTICATIONFAILED')
  }
}
