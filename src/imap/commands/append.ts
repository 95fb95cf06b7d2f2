// APPEND, RFC 3501 §6.3.11, with APPENDUID (RFC 4315 §3). The message goes as a stream from the socket into the store.
import { Refusal } from '../../account/errors.ts'
import { command, type Command } from '../command.ts'
import { Answer } from '../errors.ts'
import type { ArgumentReader } from '../wire/arguments.ts'
import type { ZonedDate } from '../../mail/date.ts'

interface AppendArguments {
  readonly mailbox: string
  readonly flags: readonly string[]
  readonly date: ZonedDate | undefined
  readonly sizeBytes: number
  readonly isBinary: boolean
}

export const append: Command = command<never, AppendArguments>({
  name: 'APPEND',
  states: ['authenticated', 'selected'],
  mayExpunge: true,
  wantsDestination: true,

  // append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal
  parse(input) {
    readArguments(input)
    return input.fail('the message must be one literal')
  },
  run(): Promise<never> {
    throw new Error('APPEND runs on a stream')
  },

  streaming: {
    parse(input, literal) {
      const args = readArguments(input)
      return args && { ...args, ...literal }
    },

    check(session, { mailbox, sizeBytes, isBinary }: AppendArguments) {
      if (isBinary) throw new Answer('NO', 'Binary messages are not taken', 'CANNOT')
      if (sizeBytes > session.context.settings.maxMessageBytes) {
        throw new Refusal('message-too-large', 'The message is larger than this server takes')
      }
      // Better said before the message is sent than after; it is checked again when it is stored.
      if (!session.account.mailbox(mailbox)) throw new Refusal('mailbox-not-found', 'No such mailbox')
    },

    async run(session, { mailbox, flags, date, sizeBytes }: AppendArguments, source) {
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

/** Undefined when the mailbox name itself is the literal that comes next. */
function readArguments(input: ArgumentReader): Omit<AppendArguments, 'sizeBytes' | 'isBinary'> | undefined {
  input.space()
  if (input.isAtEnd) return undefined
  const mailbox = input.mailbox()
  input.space()
  const flags = input.peek() === '(' ? input.flagList() : undefined
  if (flags) input.space()
  const date = input.peek() === '"' ? input.dateTime() : undefined
  if (date) input.space()
  if (!input.isAtEnd) input.fail('expected the message as a literal')
  return { mailbox, flags: flags ?? [], date }
}

/** RFC 3501 §9: CHAR8 excludes NUL. Such a message could not be sent back in a literal either, so it is not taken. */
async function* withoutNul(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const part of source) {
    if (part.includes(0)) throw new Answer('NO', 'The message holds NUL octets', 'CANNOT')
    yield part
  }
}
