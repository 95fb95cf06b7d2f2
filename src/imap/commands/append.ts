// APPEND, RFC 3501 §6.3.11, with APPENDUID (RFC 4315 §3), MULTIAPPEND (RFC 3502), CATENATE (RFC 4469), literal8 (RFC 3516
// §4.4) and UTF8 (RFC 6855 §4). Messages go as streams from the socket into the store.
import { Refusal } from '../../account/errors.ts'
import { checkLiteral, stageMessages } from '../append-stream.ts'
import { command, type Command, type CommandResult } from '../command.ts'
import type { Session } from '../session.ts'
import type { LiteralFacts, StreamedInput } from '../streamed-command.ts'
import { readFirstMessage, type AppendSegment } from '../wire/append-arguments.ts'
import type { ArgumentReader } from '../wire/arguments.ts'

interface AppendRequest {
  readonly mailbox: string
  readonly first: AppendSegment
}

// append = "APPEND" SP mailbox 1*append-message
function parse(input: ArgumentReader, literal?: LiteralFacts): AppendRequest | undefined {
  input.space()
  if (input.isAtEnd && literal) return undefined
  const mailbox = input.mailbox()
  const first = readFirstMessage(input, literal, { isSingle: false })
  return first && { mailbox, first }
}

async function run(
  session: Session,
  { mailbox, first }: AppendRequest,
  input?: StreamedInput,
): Promise<CommandResult> {
  const staged = session.account.stageAppend(mailbox)
  try {
    await stageMessages(session, first, input, staged, { isSingle: false })
    const { uidValidity, uids } = await staged.commit()
    return { text: 'APPEND completed', code: { code: 'APPENDUID', uidValidity, uids } }
  } finally {
    await staged.discard()
  }
}

export const append: Command = command<AppendRequest, AppendRequest>({
  name: 'APPEND',
  states: ['authenticated', 'selected'],
  capabilities: ['BINARY', 'CATENATE', 'MULTIAPPEND'],
  mayExpunge: true,
  wantsDestination: true,

  parse: (input) => parse(input) ?? input.fail('the message must be a literal'),
  run: (session, request) => run(session, request),

  streaming: {
    parse,
    check(session, { mailbox, first }) {
      checkLiteral(session, first)
      // Better said before the message is sent than after; it is checked again when it is stored.
      if (!session.account.mailbox(mailbox)) throw new Refusal('mailbox-not-found', 'No such mailbox')
    },
    run: (session, request, input) => run(session, request, input),
  },
})
