// One command as framed: its tag and name, and the lines and literals it came in.

/** A part of a command. Lines have neither line end nor the `{n}` that announces the literal behind them. */
export type Piece =
  | { readonly kind: 'line'; readonly bytes: Buffer }
  | { readonly kind: 'literal'; readonly bytes: Buffer; readonly isBinary: boolean }
  /** A literal that was handed on as a stream; only its size is left. */
  | { readonly kind: 'streamed'; readonly sizeBytes: number; readonly isBinary: boolean }

/** A framed command whose arguments have not been looked at. Lines and literals alternate, beginning and ending with a line. */
export interface WireCommand {
  readonly tag: string
  /** In capitals; for `UID FETCH` it is `FETCH`. */
  readonly name: string
  /** Whether the command had UID in front. */
  readonly isUid: boolean
  readonly pieces: readonly Piece[]
  /** Where the arguments begin in the first line: at the space behind the name, or at the line's end. */
  readonly argumentsAt: number
}

/** Overwrites all that was buffered of a command; for LOGIN and AUTHENTICATE, whose arguments are secret. */
export function wipeCommand(command: WireCommand): void {
  for (const piece of command.pieces) if (piece.kind !== 'streamed') piece.bytes.fill(0)
}
