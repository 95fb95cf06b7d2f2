// What a command is: facts for the connection to act on, arguments to read, and something to do.
import type { Session, SessionState } from './session.ts'
import type { LiteralFacts, StreamedInput } from './streamed-command.ts'
import type { NumberKind } from './view.ts'
import type { ArgumentReader } from './wire/arguments.ts'
import type { ResponseCode } from './wire/response-code.ts'
import type { StatusKind } from './wire/writer.ts'

/** What a command is known by, before its arguments are looked at. */
export interface CommandFacts {
  /** In capitals, without UID. */
  readonly name: string
  /** States of RFC 3501 §3 in which it is allowed. */
  readonly states: readonly SessionState[]
  /** Throws what speaks against it on this connection, before anything of its arguments is read or asked for. */
  readonly admit?: (session: Session) => void
  /** There is a form with UID in front; 'only': there is no other. */
  readonly uid?: boolean | 'only'
  /** Advertised because this command exists. */
  readonly capabilities?: readonly string[]
  /** Its plain form names messages by sequence number, so no number may change while it waits (RFC 3501 §5.5). */
  readonly usesSequenceNumbers?: boolean
  /** So may its UID form. */
  readonly uidMayUseNumbers?: boolean
  /** EXPUNGE may be sent in answer to its plain form; it always may in answer to a UID form (RFC 3501 §7.4.1). */
  readonly mayExpunge?: boolean
  /** It removes messages, whose EXPUNGE must come before its own OK, whatever waits. */
  readonly mustExpunge?: boolean
  /** It reads lines itself or changes how input is read: what follows it must not be looked at before it ran. */
  readonly takesInput?: boolean
  /** It may take long before its first answer: signs of life are sent meanwhile (RFC 9585). */
  readonly mayTakeLong?: boolean
  /** A client that merely waits sends it too: it does not keep an account from being locked for want of use. */
  readonly isWaiting?: boolean
  /** A missing mailbox is one that the client might create: answer TRYCREATE (RFC 3501 §7.1). */
  readonly wantsDestination?: boolean
}

/** One arrival of a command. */
export interface Call {
  readonly tag: string
  /** How its sets are to be read. */
  readonly numbers: NumberKind
}

/** What the tagged answer says; OK unless `kind` says otherwise. */
export interface CommandResult {
  readonly text: string
  readonly kind?: StatusKind
  readonly code?: ResponseCode
  /** A UID form that had sequence numbers among its arguments: EXPUNGE must wait (RFC 3501 §7.4.1, RFC 7162 §3.2.10.2). */
  readonly usedNumbers?: boolean
  /** Done by the connection once the answer is on its way. */
  readonly then?: 'close' | 'startTls' | 'compress'
}

/** For a command whose literals are not buffered (APPEND). */
interface Streaming<Args> {
  /** Reads what stands in front of a literal. Undefined: this is not the literal to stream, buffer it. */
  parse(input: ArgumentReader, literal: LiteralFacts): Args | undefined
  /** Throws what speaks against the literal before the peer is asked to send it. */
  check(session: Session, args: Args): void
  /** Must read `input` to the command's end before anything is done that lasts. */
  run(session: Session, args: Args, input: StreamedInput, call: Call): Promise<CommandResult>
}

interface Definition<Args, StreamArgs> extends CommandFacts {
  /** Reads the arguments to the command's end; throws BadSyntax. Nothing has been done yet when it throws. */
  parse(input: ArgumentReader): Args
  run(session: Session, args: Args, call: Call): Promise<CommandResult>
  readonly streaming?: Streaming<StreamArgs>
}

/** A command ready to be run. */
export interface Command extends CommandFacts {
  /** Reads all arguments now; what it returns runs the command. */
  read(input: ArgumentReader): (session: Session, call: Call) => Promise<CommandResult>
  /** As `read` for a literal on its way; undefined when it is to be buffered. */
  readStreaming?(input: ArgumentReader, literal: LiteralFacts): StreamingRun | undefined
}

/** A streaming command whose arguments have been read. */
export interface StreamingRun {
  check(session: Session): void
  run(session: Session, input: StreamedInput, call: Call): Promise<CommandResult>
}

/** Makes a command of its definition, so that the registry need not know what arguments each has. */
export function command<Args, StreamArgs = never>(definition: Definition<Args, StreamArgs>): Command {
  const { streaming } = definition
  return {
    ...definition,
    read(input) {
      const args = definition.parse(input)
      input.end()
      return (session, call) => definition.run(session, args, call)
    },
    ...(streaming && {
      readStreaming(input, literal) {
        const args = streaming.parse(input, literal)
        if (args === undefined) return undefined
        return {
          check: (session) => streaming.check(session, args),
          run: (session, rest, call) => streaming.run(session, args, rest, call),
        }
      },
    }),
  }
}

/** For commands without arguments. */
export function noArguments(input: ArgumentReader): undefined {
  input.end()
  return undefined
}

/** Whether numbers must stay as they are while this command waits. */
export function holdsNumbers(facts: CommandFacts, isUid: boolean): boolean {
  return facts.usesSequenceNumbers === true && (!isUid || facts.uidMayUseNumbers === true)
}
