// A command on its way in, literal by literal: what stands between its literals is read as it comes, none of them is held.
import { Answer } from './errors.ts'
import type { ArgumentReader } from './wire/arguments.ts'
import {
  InputEnded,
  type FramerEvent,
  type LiteralRequest,
  type RefusedCommand,
} from './wire/framer-events.ts'
import { wipeCommand, type WireCommand } from './wire/wire-command.ts'

/** A literal that the peer wants to send. */
export interface LiteralFacts {
  readonly sizeBytes: number
  /** `~{n}` (RFC 3516 §7). */
  readonly isBinary: boolean
}

/** The rest of a command, for its `run`. */
export interface StreamedInput {
  /** The octets of the literal that was read up to, once; a peer that waits is asked for it when the first is wanted. */
  literal(): AsyncIterable<Buffer>
  /**
   * Reads what stands behind that literal, up to the next literal or the command's end (`literal` undefined), with `read`:
   * it gives undefined where the literal is an argument to be buffered, and is then called once more. Throws BadSyntax.
   */
  next<T>(read: (input: ArgumentReader, literal: LiteralFacts | undefined) => T | undefined): Promise<T>
}

/** What the connection does for a command on its way. */
export interface StreamSurroundings {
  readonly reader: (command: WireCommand) => ArgumentReader
  /** Framer.more, under the connection's deadlines. */
  readonly more: () => Promise<FramerEvent | undefined>
  /** Sends `+`. */
  readonly invite: () => Promise<void>
  /** Wraps octets on their way in, whose progress keeps the connection alive. */
  readonly whileStreaming: (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>
  readonly refusal: (event: RefusedCommand) => Answer
}

export class StreamedCommand implements StreamedInput {
  readonly #around: StreamSurroundings
  #request: LiteralRequest | undefined

  constructor(request: LiteralRequest, around: StreamSurroundings) {
    this.#request = request
    this.#around = around
  }

  async *literal(): AsyncGenerator<Buffer> {
    const request = this.#request
    if (!request) throw new Error('no literal stands here')
    this.#request = undefined
    const octets = this.#around.whileStreaming(request.stream())
    if (request.isSynchronising) await this.#around.invite()
    yield* octets
  }

  async next<T>(
    read: (input: ArgumentReader, literal: LiteralFacts | undefined) => T | undefined,
  ): Promise<T> {
    for (;;) {
      const event = await this.#around.more()
      switch (event?.kind) {
        case undefined:
          throw new InputEnded('the connection was lost inside a command')
        case 'refused':
          throw this.#around.refusal(event)
        case 'hopeless':
          throw new Answer('BAD', 'Command is too large', 'TOOBIG')
        case 'literal': {
          const value = read(this.#around.reader(event.command), event)
          if (value !== undefined) {
            this.#request = event
            return value
          }
          if (event.accept() && event.isSynchronising) await this.#around.invite()
          break
        }
        case 'command':
          return this.#end(event.command, read)
      }
    }
  }

  #end<T>(
    command: WireCommand,
    read: (input: ArgumentReader, literal: LiteralFacts | undefined) => T | undefined,
  ): T {
    try {
      const input = this.#around.reader(command)
      const value = read(input, undefined)
      input.end()
      return value ?? input.fail('the command ends early')
    } finally {
      wipeCommand(command)
    }
  }
}
