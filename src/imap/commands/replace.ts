// REPLACE and UID REPLACE, RFC 8508: APPEND of one message and removal of another, in one commit.
import type { Uid } from '../../account/api.ts'
import { Refusal } from '../../account/errors.ts'
import { checkLiteral, stageMessages } from '../append-stream.ts'
import { command, type Call, type Command, type CommandResult } from '../command.ts'
import type { Session } from '../session.ts'
import type { LiteralFacts, StreamedInput } from '../streamed-command.ts'
import { readFirstMessage, type AppendSegment } from '../wire/append-arguments.ts'
import type { ArgumentReader } from '../wire/arguments.ts'
import { SequenceSet } from '../wire/sequence-set.ts'

interface ReplaceRequest {
  /** Sequence number or UID; Infinity for `*`. */
  readonly number: number
  readonly mailbox: string
  readonly first: AppendSegment
}

// replace = "REPLACE" SP seq-number SP mailbox append-message
function parse(input: ArgumentReader, literal?: LiteralFacts): ReplaceRequest | undefined {
  input.space()
  const number = input.tryToken('*') ? Infinity : input.nzNumber()
  input.space()
  if (input.isAtEnd && literal) return undefined
  const mailbox = input.mailbox()
  const first = readFirstMessage(input, literal, { isSingle: true })
  return first && { number, mailbox, first }
}

/** The message to be replaced. Throws BadSequenceNumber for a number that the session does not have. */
function replacedUid({ view }: Session, { number }: ReplaceRequest, numbers: Call['numbers']): Uid {
  const [uid] = view.resolve(SequenceSet.of(number), numbers).uids
  if (uid !== undefined && view.mailbox.state(uid)) return uid
  throw new Refusal('message-expunged', 'The message to be replaced is gone')
}

async function run(
  session: Session,
  request: ReplaceRequest,
  { numbers }: Call,
  input?: StreamedInput,
): Promise<CommandResult> {
  const { mailbox } = session.view
  const uid = replacedUid(session, request, numbers)
  const staged = session.account.stageAppend(request.mailbox, { mailbox, uid })
  try {
    await stageMessages(session, request.first, input, staged, { isSingle: true })
    const { uidValidity, uids } = await staged.commit()
    // RFC 8508 §4.3: before the EXPUNGE, or the client hears first that the message is gone.
    session.out.untaggedStatus('OK', 'Replacement message ready', { code: 'APPENDUID', uidValidity, uids })
    return { text: 'REPLACE completed' }
  } finally {
    await staged.discard()
  }
}

export const replace: Command = command<ReplaceRequest, ReplaceRequest>({
  name: 'REPLACE',
  states: ['selected'],
  uid: true,
  capabilities: ['REPLACE'],
  usesSequenceNumbers: true,
  mayExpunge: true,
  mustExpunge: true,
  wantsDestination: true,

  parse: (input) => parse(input) ?? input.fail('the message must be a literal'),
  run: (session, request, call) => run(session, request, call),

  streaming: {
    parse,
    check(session, { mailbox, first }) {
      checkLiteral(session, first)
      if (session.view.mailbox.isReadOnly) throw new Refusal('read-only', 'The mailbox was opened read-only')
      // Better said before the message is sent than after; it is checked again when it is stored.
      if (!session.account.mailbox(mailbox)) throw new Refusal('mailbox-not-found', 'No such mailbox')
    },
    run: (session, request, input, call) => run(session, request, call, input),
  },
})
