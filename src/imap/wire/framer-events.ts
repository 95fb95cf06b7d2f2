// What the framer says to the connection.
import type { WireCommand } from './wire-command.ts'

/** Why a command was refused without being run. */
export type RefusalReason =
  | 'line-too-long'
  | 'literal-too-big'
  | 'command-too-big' // in bytes, or in number of literals
  | 'bad-tag' // no tag, or no name behind it
  | 'refused' // the connection called `refuse`

/** A whole command that was not kept. Answer BAD or NO, untagged when `tag` is undefined; the next command is unharmed. */
export interface RefusedCommand {
  readonly kind: 'refused'
  readonly tag: string | undefined
  readonly name: string | undefined
  readonly isUid: boolean
  readonly reason: RefusalReason
  /** What the connection gave to `refuse`. */
  readonly cause: Error | undefined
}

/** The command on the wire wants to send a literal. The connection calls one of the three functions, or the command is thrown away. */
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
   * Hands the literal on as it comes. From here on the command is the caller's to answer: `take` does not speak of it any
   * more. The stream ends with the literal, and throws InputEnded when the connection is lost; what stands behind it is
   * given by `Framer.more`, and only when that has given 'command' is the command known to be whole. What is not read
   * before the next `take` is swallowed.
   */
  stream(): AsyncIterable<Buffer>
  /** Swallows the command to its end; a `refused` event follows and carries `cause`. */
  refuse(cause?: Error): void
}

/** What the framer has to say, in order. */
export type FramerEvent =
  | { readonly kind: 'command'; readonly command: WireCommand }
  | LiteralRequest
  | RefusedCommand
  /** More would have to be thrown away than is reasonable: say BYE and close. Repeats for ever. */
  | { readonly kind: 'hopeless' }

/** One raw line for IDLE and AUTHENTICATE, without its line end; wipe it when it is secret. */
export type RawLine = { readonly kind: 'line'; readonly bytes: Buffer } | { readonly kind: 'too-long' }

/** The connection was lost in the middle of a literal. */
export class InputEnded extends Error {
  override readonly name = 'InputEnded'
}
