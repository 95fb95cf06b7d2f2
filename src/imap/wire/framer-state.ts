// What the framer is in the middle of, and the request for a literal that it makes of it.
import type { FramerEvent, LiteralRequest, RefusedCommand } from './framer-events.ts'
import type { CommandDraft, LiteralMark } from './wire-command.ts'

/** What the next byte belongs to. Each state is an object of its own, so that an old stream can see that it is over. */
export type State =
  | { readonly kind: 'line' }
  | { readonly kind: 'asked'; readonly mark: LiteralMark }
  | { readonly kind: 'literal'; readonly bytes: Buffer; readonly isBinary: boolean; filled: number }
  | { readonly kind: 'stream'; readonly draft: CommandDraft; leftBytes: number }
  /** Throws away `leftBytes`, then a line, then what that line announces, and so on; then says `event`. */
  | { readonly kind: 'swallow'; readonly event: RefusedCommand | undefined; leftBytes: number }
  | { readonly kind: 'say'; readonly event: FramerEvent }
  | { readonly kind: 'hopeless' }

/** A request that is answered once; each answer is one of `answers`. */
export function literalRequest(
  draft: CommandDraft,
  mark: LiteralMark,
  isOpen: () => boolean,
  answers: Pick<LiteralRequest, 'accept' | 'stream' | 'refuse'>,
): LiteralRequest {
  const mustBeOpen = (): void => {
    if (!isOpen()) throw new Error('a literal request is answered once')
  }
  return {
    kind: 'literal',
    command: { ...draft, pieces: [...draft.pieces] },
    sizeBytes: mark.sizeBytes,
    isSynchronising: mark.isSynchronising,
    isBinary: mark.isBinary,
    accept() {
      mustBeOpen()
      return answers.accept()
    },
    stream() {
      mustBeOpen()
      return answers.stream()
    },
    refuse(cause) {
      mustBeOpen()
      answers.refuse(cause)
    },
  }
}

/** What of an abandoned command is on its way without having been asked for, behind which its line goes on. */
export function leftOnTheWay(state: State): number | undefined {
  switch (state.kind) {
    case 'line':
      return 0
    case 'asked':
      // RFC 3501 §7.5: what waits for `+` is not sent after a tagged answer, nor the rest of the command.
      return state.mark.isSynchronising ? undefined : state.mark.sizeBytes
    case 'literal':
      return state.bytes.length - state.filled
    case 'stream':
    case 'swallow':
      return state.leftBytes
    case 'say':
    case 'hopeless':
      return undefined
  }
}
