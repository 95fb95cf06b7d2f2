// client-config: what to type into a mail program.
import { z } from 'zod'
import { incomingOf } from '../../config/ways-in.ts'
import { localCommand, type LocalCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { address, addressArgument } from '../forms.ts'
import { pairLines } from '../words.ts'

const input = z.strictObject({ address })
const result = z.object({
  username: z.string().describe('the whole address'),
  incoming: z
    .array(
      z.object({
        protocol: z.literal('imap').describe('imap'),
        host: z.string().describe('name of the server'),
        port: z.number().describe('port'),
        security: z.enum(['tls', 'starttls']).describe('tls: from the first byte ("SSL/TLS")'),
        authentication: z.literal('password').describe('normal password, protected by TLS'),
      }),
    )
    .describe('ways to connect, the best first'),
})

/** Prints the settings for a mail program. */
export const clientConfig: LocalCommand<z.output<typeof input>, z.output<typeof result>> = localCommand({
  name: 'client-config',
  summary: 'print what to type into a mail program',
  examples: [{ line: 'letterlock client-config alice@example.org', does: 'server, ports, user name' }],
  arguments: [addressArgument],
  input,
  result,

  async run(desk, { address }) {
    const incoming = incomingOf(desk.config())
    if (incoming.length > 0) return { result: { username: address, incoming } }
    throw new Failure('configuration', exitCodes.configuration, 'no IMAP listener is configured', {
      hint: '`letterlock config describe listen` explains listen.imaps',
    })
  },

  show({ username, incoming }, view) {
    for (const [index, way] of incoming.entries()) {
      if (index > 0) view.out('')
      const pairs: [string, string][] = [
        [index === 0 ? 'incoming mail' : 'or', 'IMAP'],
        ['server', way.host],
        ['port', String(way.port)],
        ['security', way.security === 'tls' ? 'SSL/TLS' : 'STARTTLS'],
        ['authentication', 'normal password'],
        ['user name', username],
      ]
      for (const line of pairLines(pairs)) view.out(line)
    }
    view.talk(
      view.talkPaint.dim('Outgoing mail is the business of the mail server in front (submission, port 465).'),
    )
  },
})
