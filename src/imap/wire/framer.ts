// Bytes to commands: lines and literals are cut under limits before any grammar is looked at.
import { secretBuffer } from '../../base/secret.ts'
import { BadSyntax } from './bad-syntax.ts'
import { InputQueue } from './input-queue.ts'
import { InputEnded } from './framer-events.ts'
import type { FramerEvent, LiteralRequest, RawLine, RefusalReason, RefusedCommand } from './framer-events.ts'
import type { WireLimits } from './limits.ts'
import { LineCutter, type CutLine } from './line-cutter.ts'
import { markBytes, readHead, readMark, wipeCommand } from './wire-command.ts'
import type { CommandDraft, LiteralMark } from './wire-command.ts'

/** What the next byte belongs to. Each state is an object of its own, so that an old stream can see that it is over. */
type State =
  | { readonly kind: 'line' }
  | { readonly kind: 'asked' }
  | { readonly kind: 'literal'; readonly bytes: Buffer; readonly isBinary: boolean; filled: number }
  | { readonly kind: 'stream'; leftBytes: number }
  /** Throws away `leftBytes`, then a line, then what that line announces, and so on; then says `event`. */
  | { readonly kind: 'swallow'; readonly event: RefusedCommand | undefined; leftBytes: number }
  | { readonly kind: 'say'; readonly event: FramerEvent }
  | { readonly kind: 'hopeless' }

/**
 * Pull-based: what was pushed is looked at only when `take`, `next` or `nextLine` is called, so limits changed by one command
 * (login, STARTTLS) hold from the very next byte. Not re-entrant: one caller takes, one pushes.
 */
export class Framer {
  readonly #input = new InputQueue()
  readonly #cutter = new LineCutter(markBytes)
  #limits: WireLimits
  #state: State = { kind: 'line' }
  #draft: CommandDraft | undefined
  /** Bytes of a refused command thrown away so far. */
  #swallowed = 0

  constructor(limits: WireLimits) {
    this.#limits = limits
  }

  /** Gives bytes to the framer, which owns them from now on and overwrites those of lines and buffered literals. */
  push(chunk: Buffer): void {
    if (this.#state.kind !== 'hopeless') this.#input.push(chunk)
  }

  /** No more input will come. */
  end(): void {
    this.#input.end()
  }

  /** Holds from the next byte that is looked at. */
  setLimits(limits: WireLimits): void {
    this.#limits = limits
  }

  /** Resolves when everything pushed has been looked at, so that the next chunk may be read; at once after `end`. */
  whenHungry(): Promise<undefined> {
    return this.#input.hunger()
  }

  /** The next event that the bytes pushed so far give, or undefined when more are needed. */
  take(): FramerEvent | undefined {
    this.#leaveStream()
    for (;;) {
      const before = this.#state
      const event = this.#step()
      if (event || before === this.#state) return event
    }
  }

  /** As `take`, but waits for bytes. Undefined after `end`; a command cut short by it is lost. */
  async next(): Promise<FramerEvent | undefined> {
    for (;;) {
      const event = this.take()
      if (event || this.#input.isEnded) return event
      await this.#input.arrival()
    }
  }

  /** One raw line, between commands. Undefined after `end`. Throws when a command is half read. */
  async nextLine(limitBytes: number): Promise<RawLine | undefined> {
    this.#leaveStream()
    while (!this.#isHopeless()) {
      if (this.#state.kind !== 'line' || this.#draft)
        throw new Error('a raw line stands only between commands')
      const line = this.#cut(limitBytes)
      if (line) return line.isTooLong ? { kind: 'too-long' } : { kind: 'line', bytes: line.bytes }
      if (this.#input.isEnded) return undefined
      if (!this.#isHopeless()) await this.#input.arrival()
    }
    return { kind: 'too-long' }
  }

  /** Forgets everything pushed and not taken, and any command half read (STARTTLS). Returns how many bytes were left. */
  discard(): number {
    const count = this.#input.length + this.#cutter.length
    this.#input.clear()
    this.#cutter.clear()
    this.#dropDraft()
    if (this.#state.kind !== 'hopeless') this.#state = { kind: 'line' }
    return count
  }

  /** Between commands: hands over what was pushed and not looked at (COMPRESS). */
  release(): Buffer[] {
    return this.#input.takeAll()
  }

  /** One step of the machine. Neither an event nor a new state means that bytes are missing. */
  #step(): FramerEvent | undefined {
    const state = this.#state
    switch (state.kind) {
      case 'line': {
        const line = this.#cut(this.#limits.lineBytes)
        return line && this.#line(line)
      }
      case 'literal': {
        state.filled += this.#input.copyTo(state.bytes, state.filled)
        if (state.filled < state.bytes.length) return undefined
        this.#draft?.pieces.push({ kind: 'literal', bytes: state.bytes, isBinary: state.isBinary })
        this.#state = { kind: 'line' }
        return undefined
      }
      case 'swallow':
        this.#throwAway(state)
        return undefined
      case 'say':
        this.#state = { kind: 'line' }
        return state.event
      case 'hopeless':
        return { kind: 'hopeless' }
      case 'asked':
      case 'stream':
        throw new Error('a literal request was not answered')
    }
  }

  #line(line: CutLine): FramerEvent | undefined {
    const mark = readMark(line.tail)
    if (!this.#draft) {
      const head = readHead(line.bytes, !line.isTooLong)
      if ('name' in head) this.#draft = { ...head, pieces: [], sizeBytes: 0 }
      else this.#refuse('bad-tag', mark, head.tag)
    }
    const draft = this.#draft
    if (!draft) return undefined
    const bytes = line.bytes.subarray(0, line.bytes.length - (mark?.length ?? 0))
    draft.sizeBytes += line.bytes.length
    draft.pieces.push({ kind: 'line', bytes })
    const isTooMany = mark && draft.pieces.length > 2 * this.#limits.literals
    if (line.isTooLong || isTooMany || draft.sizeBytes > this.#limits.commandBytes) {
      this.#refuse(line.isTooLong ? 'line-too-long' : 'command-too-big', mark)
      return undefined
    }
    if (mark) return this.#ask(draft, mark)
    this.#draft = undefined
    return { kind: 'command', command: draft }
  }

  #ask(draft: CommandDraft, mark: LiteralMark): LiteralRequest {
    const asked: State = { kind: 'asked' }
    this.#state = asked
    const answer = (): void => {
      if (this.#state !== asked) throw new Error('a literal request is answered once')
    }
    return {
      kind: 'literal',
      command: { ...draft, pieces: [...draft.pieces] },
      sizeBytes: mark.sizeBytes,
      isSynchronising: mark.isSynchronising,
      isBinary: mark.isBinary,
      accept: () => {
        answer()
        return this.#accept(draft, mark)
      },
      stream: () => {
        answer()
        this.#draft = undefined
        const state: State = { kind: 'stream', leftBytes: mark.sizeBytes }
        this.#state = state
        return this.#stream(state, draft.sizeBytes + mark.sizeBytes)
      },
      refuse: (cause) => {
        answer()
        this.#refuse('refused', mark, draft.tag, cause)
      },
    }
  }

  #accept(draft: CommandDraft, mark: LiteralMark): boolean {
    const { sizeBytes, isBinary } = mark
    const isTooBig = sizeBytes > this.#limits.literalBytes
    draft.sizeBytes += sizeBytes
    if (isTooBig || draft.sizeBytes > this.#limits.commandBytes) {
      this.#refuse(isTooBig ? 'literal-too-big' : 'command-too-big', mark)
      return false
    }
    this.#state = { kind: 'literal', bytes: secretBuffer(sizeBytes), isBinary, filled: 0 }
    return true
  }

  async *#stream(state: State & { readonly kind: 'stream' }, offset: number): AsyncGenerator<Buffer> {
    const arrival = async (): Promise<void> => {
      if (this.#input.isEnded) throw new InputEnded('the connection was lost inside a literal')
      await this.#input.arrival()
    }
    while (state.leftBytes > 0) {
      this.#mustBe(state)
      const part = this.#input.head()?.subarray(0, state.leftBytes)
      if (part) {
        this.#input.drop(part.length, false)
        state.leftBytes -= part.length
        yield part
      } else await arrival()
    }
    // The message counts only when the command ends here; otherwise it would be stored by a command that is then refused.
    for (;;) {
      this.#mustBe(state)
      const line = this.#cut(this.#limits.lineBytes)
      if (line) {
        this.#state = { kind: 'line' }
        const mark = readMark(line.tail)
        if (mark && !mark.isSynchronising) this.#swallow(mark.sizeBytes, undefined)
        if (!line.isTooLong && line.bytes.every((byte) => byte === 0x20)) return
        throw new BadSyntax('the command must end behind the literal', offset)
      }
      this.#mustBe(state)
      await arrival()
    }
  }

  #mustBe(state: State): void {
    if (this.#state !== state) throw new InputEnded('the literal is no longer being read')
  }

  /** What a caller of `stream` left unread is thrown away. */
  #leaveStream(): void {
    if (this.#state.kind === 'stream') this.#swallow(this.#state.leftBytes, undefined)
  }

  #cut(limitBytes: number): CutLine | undefined {
    const line = this.#cutter.cut(this.#input, limitBytes)
    const length = line?.lengthBytes ?? this.#cutter.length
    if (this.#swallowed + length <= limitBytes + this.#limits.discardBytes) return line
    this.#giveUp()
    return undefined
  }

  /** Says `refused` at once, or after a literal that comes unasked and what follows it have been thrown away. */
  #refuse(reason: RefusalReason, mark: LiteralMark | undefined, tag?: string, cause?: Error): void {
    const { name, isUid = false } = this.#draft ?? {}
    const event: RefusedCommand = {
      kind: 'refused',
      tag: this.#draft?.tag ?? tag,
      name,
      isUid,
      reason,
      cause,
    }
    this.#dropDraft()
    // RFC 3501 §7.5: after a tagged NO or BAD in place of `+`, the peer sends neither the literal nor the rest of the command.
    if (mark && !mark.isSynchronising) this.#swallow(mark.sizeBytes, event)
    else this.#state = { kind: 'say', event }
  }

  #swallow(leftBytes: number, event: RefusedCommand | undefined): void {
    this.#swallowed += leftBytes
    if (this.#swallowed > this.#limits.discardBytes) this.#giveUp()
    else this.#state = { kind: 'swallow', event, leftBytes }
  }

  #throwAway(state: State & { readonly kind: 'swallow' }): void {
    state.leftBytes -= this.#input.skip(state.leftBytes)
    const line = state.leftBytes === 0 ? this.#cut(this.#limits.lineBytes) : undefined
    if (!line) return
    const mark = readMark(line.tail)
    this.#swallowed += line.lengthBytes
    if (mark && !mark.isSynchronising) {
      this.#swallow(mark.sizeBytes, state.event)
    } else {
      this.#swallowed = 0
      this.#state = state.event ? { kind: 'say', event: state.event } : { kind: 'line' }
    }
  }

  #isHopeless(): boolean {
    return this.#state.kind === 'hopeless'
  }

  #giveUp(): void {
    this.#dropDraft()
    this.#cutter.clear()
    this.#input.clear()
    this.#state = { kind: 'hopeless' }
  }

  #dropDraft(): void {
    if (this.#draft) wipeCommand(this.#draft)
    this.#draft = undefined
  }
}
