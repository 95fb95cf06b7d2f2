// From one framed command to its answer: admission by name, arguments, run, news, tagged status.
import { holdsNumbers, type Call, type Command, type CommandResult, type StreamingRun } from './command.ts'
import { Answer, answerTo } from './errors.ts'
import { ConnectionLost, type Output } from './output.ts'
import { whileInProgress } from './in-progress.ts'
import { findCommand } from './registry.ts'
import type { ImapContext, Session } from './session.ts'
import { StreamedCommand } from './streamed-command.ts'
import { ArgumentReader } from './wire/arguments.ts'
import {
  InputEnded,
  type FramerEvent,
  type LiteralRequest,
  type RefusedCommand,
} from './wire/framer-events.ts'
import type { WireLimits } from './wire/limits.ts'
import { wipeCommand, type CommandHead, type WireCommand } from './wire/wire-command.ts'

/** What is to be done after an answer; undefined: the next command. */
export type Aftermath = CommandResult['then']

/** What the dispatcher needs of the connection. */
export interface Surroundings {
  readonly context: ImapContext
  readonly session: Session
  readonly output: Output
  /** In force now. */
  readonly wireLimits: () => WireLimits
  /** Whether a command that waits already uses sequence numbers (RFC 3501 §5.5). */
  readonly areNumbersWaiting: () => boolean
  /** Drops what came in the clear, before STARTTLS is answered. */
  readonly dropInput: () => void
  /** Wraps a message on its way in, whose progress keeps the connection alive. */
  readonly whileStreaming: (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>
  /** What stands behind a literal that was streamed, of the same command. */
  readonly more: () => Promise<FramerEvent | undefined>
}

export class Dispatcher {
  readonly #around: Surroundings
  /** Commands in a row that were answered BAD. */
  #badInARow = 0

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** The peer has sent too many commands in a row that made no sense. */
  get hasLostPatience(): boolean {
    const { limits } = this.#around.context
    const isStranger = this.#around.session.state === 'not-authenticated'
    return this.#badInARow >= (isStranger ? limits.badCommandsBeforeLogin : limits.badCommands)
  }

  /** Answers what the framer says. Throws ConnectionLost when nobody is there to be answered. */
  async event(event: Exclude<FramerEvent, { readonly kind: 'hopeless' }>): Promise<Aftermath> {
    switch (event.kind) {
      case 'command':
        return this.#command(event.command)
      case 'literal':
        return this.#literal(event)
      case 'refused':
        return this.#refused(event)
    }
  }

  async #command(command: WireCommand): Promise<Aftermath> {
    try {
      return await this.#answering(command, async (facts) => {
        const run = facts.read(this.#reader(command))
        return run(this.#around.session, callOf(command))
      })
    } finally {
      // Passwords stand in LOGIN, words of mail in SEARCH: nothing of a command outlives it.
      wipeCommand(command)
    }
  }

  /** Asks for a literal, refuses it, or runs the command that takes it as a stream. */
  async #literal(request: LiteralRequest): Promise<Aftermath> {
    const { session } = this.#around
    let streaming: StreamingRun | undefined
    try {
      streaming = this.#admit(request.command).readStreaming?.(this.#reader(request.command), request)
      streaming?.check(session)
    } catch (error) {
      request.refuse(error instanceof Error ? error : new Error('refused'))
      return undefined
    }
    if (!streaming) {
      if (request.accept() && request.isSynchronising) await this.#invite()
      return undefined
    }
    const stream = streaming
    const input = new StreamedCommand(request, {
      reader: (command) => this.#reader(command),
      more: this.#around.more,
      invite: () => this.#invite(),
      whileStreaming: this.#around.whileStreaming,
      refusal: (event) => this.#answerOf(event),
    })
    return this.#answering(request.command, () => stream.run(session, input, callOf(request.command)))
  }

  async #refused(event: RefusedCommand): Promise<Aftermath> {
    const { output } = this.#around
    const result = event.cause
      ? this.#answerTo(
          event.cause,
          event.name === undefined ? undefined : findCommand(event.name, event.isUid),
        )
      : refusalOf(event)
    this.#count(result)
    if (event.tag === undefined) output.writer.untaggedStatus(result.kind ?? 'BAD', result.text, result.code)
    else output.writer.tagged(event.tag, result.kind ?? 'BAD', result.text, result.code)
    await output.flush()
    return undefined
  }

  /** As the error that a command on its way fails with. */
  #answerOf(event: RefusedCommand): Answer {
    const { kind, code, text } = refusalOf(event)
    return new Answer(kind === 'NO' ? 'NO' : 'BAD', text, code)
  }

  /** Runs `body` as a command and writes the answer, whatever becomes of it. */
  async #answering(head: CommandHead, body: (facts: Command) => Promise<CommandResult>): Promise<Aftermath> {
    const { output, session, context } = this.#around
    const startedAt = context.clock.now()
    let facts: Command | undefined
    let result: CommandResult
    let stopProgress: (() => void) | undefined
    try {
      facts = this.#admit(head)
      if (!facts.isWaiting) session.active()
      if (facts.mayTakeLong) stopProgress = whileInProgress(context, output, head.tag)
      result = await body(facts)
    } catch (error) {
      if (error instanceof ConnectionLost || error instanceof InputEnded)
        throw new ConnectionLost('connection lost')
      result = this.#answerTo(error, facts)
    } finally {
      stopProgress?.()
    }
    const kind = result.kind ?? 'OK'
    this.#count(result)
    if (facts && kind !== 'BAD') {
      const mayExpunge = this.#mayExpunge(facts, head.isUid && !result.usedNumbers)
      session.announce(mayExpunge, facts.mustExpunge)
      await session.tellContexts()
      if (session.notify) await session.tellNotices()
    }
    if (result.then === 'startTls') this.#around.dropInput()
    output.writer.tagged(head.tag, kind, result.text, result.code)
    await output.flush()
    context.log.write('debug', 'imap.command', {
      command: facts?.name ?? 'unknown',
      answer: kind,
      ms: context.clock.now() - startedAt,
    })
    return result.then
  }

  /** The state check: by the command's name alone, before its arguments are looked at. */
  #admit(head: CommandHead): Command {
    const facts = findCommand(head.name, head.isUid)
    if (!facts) throw new Answer('BAD', 'Unknown command')
    const { session } = this.#around
    const { state } = session
    if (facts.states.includes(state)) {
      facts.admit?.(session)
      return facts
    }
    if (state === 'not-authenticated') throw new Answer('BAD', 'Log in first')
    if (state === 'authenticated' && facts.states.includes('selected'))
      throw new Answer('BAD', 'Select a mailbox first')
    throw new Answer('BAD', 'Already logged in')
  }

  #reader(command: WireCommand): ArgumentReader {
    return new ArgumentReader(command, {
      limits: this.#around.wireLimits(),
      isUtf8: this.#around.session.modes.isUtf8,
      allowsCharset: !this.#around.session.modes.isUtf8Accept,
    })
  }

  /** RFC 3501 §7.4.1 and §5.5, from the command's facts. */
  #mayExpunge(facts: Command, isUid: boolean): boolean {
    if (facts.mustExpunge) return true
    if (!isUid && !facts.mayExpunge) return false
    return !this.#around.session.selected?.hasExpunges || !this.#around.areNumbersWaiting()
  }

  async #invite(): Promise<void> {
    this.#around.output.writer.continuation('Go ahead')
    await this.#around.output.flush()
  }

  #answerTo(error: unknown, facts: Command | undefined): CommandResult {
    return answerTo(error, this.#around.context.log, {
      command: facts?.name ?? 'unknown',
      wantsDestination: facts?.wantsDestination === true,
    })
  }

  #count(result: CommandResult): void {
    this.#badInARow = result.kind === 'BAD' ? this.#badInARow + 1 : 0
  }
}

function callOf({ tag, isUid }: CommandHead): Call {
  return { tag, numbers: isUid ? 'uid' : 'sequence' }
}

/** Whether a waiting event is a command whose sequence numbers must not change under it. */
export function usesNumbers(event: FramerEvent): boolean {
  if (event.kind !== 'command' && event.kind !== 'literal') return false
  const facts = findCommand(event.command.name, event.command.isUid)
  return facts !== undefined && holdsNumbers(facts, event.command.isUid)
}

/** Whether what follows this event must not be looked at before the event was dealt with. */
export function takesInput(event: FramerEvent): boolean {
  if (event.kind !== 'command') return event.kind !== 'refused'
  return findCommand(event.command.name, event.command.isUid)?.takesInput === true
}

function refusalOf(event: RefusedCommand): CommandResult {
  switch (event.reason) {
    case 'line-too-long':
      return { kind: 'BAD', text: 'Line is too long' }
    case 'literal-too-big':
      return { kind: 'BAD', code: 'TOOBIG', text: 'Literal is too large for this command' }
    case 'command-too-big':
      return { kind: 'BAD', code: 'TOOBIG', text: 'Command is too large' }
    case 'bad-tag':
      return {
        kind: 'BAD',
        text: event.tag === undefined ? 'Missing or malformed tag' : 'Missing or malformed command',
      }
    case 'refused':
      return { kind: 'BAD', text: 'Refused' }
  }
}
