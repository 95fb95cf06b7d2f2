// Bytes to commands: lines and literals are cut under limits before any grammar is looked at.
import type { WireLimits } from './limits.ts'
import type { WireCommand } from './wire-command.ts'

/** Why a command was refused without being run. */
export type RefusalReason =
  | 'line-too-long'
  | 'literal-too-big'
  | 'command-too-big'
  | 'bad-tag' // no tag, or no name behind it: answer untagged BAD when `tag` is undefined
  | 'refused' // the connection called `refuse`

/** The command on the wire wants to send a literal. The connection must call exactly one of the three functions. */
export interface LiteralRequest {
  readonly kind: 'literal'
  /** What has come so far; its last piece is the line in front of the literal. */
  readonly command: WireCommand
  readonly sizeBytes: number
  /** True: the peer waits for `+`. The connection writes it after `accept` returned true, or after `stream`. */
  readonly isSynchronising: boolean
  readonly isBinary: boolean
  /** Buffers the literal. False when it is over a limit: then write no `+`; a `refused` event follows. */
  accept(): boolean
  /**
   * Hands the literal on as it comes. From here on the command is the caller's to answer: no further event speaks of it. The
   * stream ends after the command's closing line end has been read; it throws BadSyntax when something else stands there, and
   * InputEnded when the connection is lost. What is not read (`return`, or the next `take`) is swallowed.
   */
  stream(): AsyncIterable<Buffer>
  /** Swallows the command to its end; a `refused` event follows and carries `cause`. */
  refuse(cause?: Error): void
}

/** What the framer has to say, in order. */
export type FramerEvent =
  | { readonly kind: 'command'; readonly command: WireCommand }
  | LiteralRequest
  /** A whole command that was not kept. Answer it with BAD or NO; the next one is unharmed. */
  | {
      readonly kind: 'refused'
      readonly tag: string | undefined
      readonly name: string | undefined
      readonly isUid: boolean
      readonly reason: RefusalReason
      readonly cause: Error | undefined
    }
  /** More must be thrown away than is reasonable: say BYE and close. */
  | { readonly kind: 'hopeless' }

/** One raw line for IDLE and AUTHENTICATE, without its line end; wipe it when it is secret. */
export type RawLine = { readonly kind: 'line'; readonly bytes: Buffer } | { readonly kind: 'too-long' }

/** The connection was lost in the middle of a literal. */
export class InputEnded extends Error {
  override readonly name = 'InputEnded'
}

/**
 * Pull-based: what was pushed is looked at only when `take`, `next` or `nextLine` is called, so limits changed by one command
 * (login, STARTTLS) hold from the very next byte. Not re-entrant: one caller takes, one pushes.
 */
export class Framer {
  constructor(limits: WireLimits) {
    throw new Error(String(limits.lineBytes))
  }
  /** Gives bytes to the framer, which owns them from now on and overwrites those of lines and buffered literals. */
  push(chunk: Buffer): void {
    throw new Error(String(chunk.length))
  }
  /** No more input will come. */
  end(): void {
    throw new Error()
  }
  /** Holds from the next command on. */
  setLimits(limits: WireLimits): void {
    throw new Error(String(limits.lineBytes))
  }
  /** Bytes pushed and not looked at yet. The connection stops reading its socket above some number of them. */
  get bufferedBytes(): number {
    throw new Error()
  }
  /** Resolves when everything pushed has been looked at and more is wanted: push the next chunk then. Also after `end`. */
  async whenHungry(): Promise<void> {
    throw new Error()
  }
  /** The next event that the bytes pushed so far give, or undefined when more are needed. */
  take(): FramerEvent | undefined {
    throw new Error()
  }
  /** As `take`, but waits for bytes. Undefined after `end`. */
  async next(): Promise<FramerEvent | undefined> {
    throw new Error()
  }
  /** One raw line, between commands. Undefined after `end`. */
  async nextLine(limitBytes: number): Promise<RawLine | undefined> {
    throw new Error(String(limitBytes))
  }
  /** Forgets everything pushed and not taken (STARTTLS). Returns how many bytes that were. */
  discard(): number {
    throw new Error()
  }
}
