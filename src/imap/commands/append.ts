// APPEND, RFC 3501 §6.3.11, with APPENDUID (RFC 4315 §3). The message goes as a stream from the socket into the store.
import { Refusal } from '../../account/errors.ts'
import { command, type Command } from '../command.ts'
import { Answer } from '../errors.ts'
import { readAppendArguments, type AppendArguments } from '../wire/modifiers.ts'

interface AppendRequest extends AppendArguments {
  readonly sizeBytes: number
  readonly isBinary: boolean
}

export const append: Command = command<never, AppendRequest>({
  name: 'APPEND',
  states: ['authenticated', 'selected'],
  mayExpunge: true,
  wantsDestination: true,

  // append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal
  parse(input) {
    readAppendArguments(input, true)
    return input.fail('the message must be a literal')
  },
  run(): Promise<never> {
    throw new Error('APPEND runs on a stream')
  },

  streaming: {
    parse(input, literal) {
      const args = readAppendArguments(input)
      return args && { ...args, ...literal }
    },

    check(session, { mailbox, sizeBytes, isBinary }: AppendRequest) {
      if (isBinary) throw new Answer('NO', 'Binary messages are not taken', 'CANNOT')
      if (sizeBytes > session.context.settings.maxMessageBytes) {
        throw new Refusal('message-too-large', 'The message is larger than this server takes')
      }
      // Better said before the message is sent than after; it is checked again when it is stored.
      if (!session.account.mailbox(mailbox)) throw new Refusal('mailbox-not-found', 'No such mailbox')
    },

    async run(session, { mailbox, flags, internalDate: date, sizeBytes }: AppendRequest, source) {
      if (sizeBytes === 0) throw new Answer('NO', 'An empty message is not stored', 'CANNOT')
      const { uidValidity, uid } = await session.account.append(mailbox, withoutNul(source), {
        flags,
        sizeBytes,
        ...(date && { internalDate: date.epochMs, zoneMinutes: date.zoneMinutes }),
      })
      return { text: 'APPEND completed', code: { code: 'APPENDUID', uidValidity, uids: [uid] } }
    },
  },
})

/** RFC 3501 §9: CHAR8 excludes NUL. Such a message could not be sent back in a literal either, so it is not taken. */
async function* withoutNul(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const part of source) {
    if (part.includes(0)) throw new Answer('NO', 'The message holds NUL octets', 'CANNOT')
    yield part
  }
}
