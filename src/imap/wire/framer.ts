// Bytes to commands: lines and literals are cut under limits before any grammar is looked at.
import { secretBuffer } from '../../base/secret.ts'
import { InputQueue } from './input-queue.ts'
import { InputEnded } from './framer-events.ts'
import type { FramerEvent, LiteralRequest, RawLine, RefusalReason, RefusedCommand } from './framer-events.ts'
import { leftOnTheWay, literalRequest, type State } from './framer-state.ts'
import type { WireLimits } from './limits.ts'
import { LineCutter, type CutLine } from './line-cutter.ts'
import { markBytes, readHead, readMark, wipeCommand } from './wire-command.ts'
import type { CommandDraft, LiteralMark } from './wire-command.ts'

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
  /** A literal of the command on the wire was streamed: whoever took it takes the rest by `more`, or nobody does. */
  #isContinued = false
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

  /** A command was begun whose end has not been seen. */
  get isMidCommand(): boolean {
    return this.#draft !== undefined || this.#isContinued || this.#state.kind !== 'line'
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
    if (this.#isContinued || this.#state.kind === 'asked') this.#abandon()
    return this.#run()
  }

  #run(): FramerEvent | undefined {
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

  /**
   * What stands behind a literal that was streamed, of the same command: its end ('command', with the pieces since that
   * literal) or another literal, or that the rest was refused. Undefined after `end`.
   */
  async more(): Promise<FramerEvent | undefined> {
    if (!this.#isContinued) throw new Error('no command goes on')
    for (;;) {
      const event = this.#run()
      if (event || this.#input.isEnded) return event
      await this.#input.arrival()
    }
  }

  /** One raw line, between commands. Undefined after `end`. Throws when a command is half read. */
  async nextLine(limitBytes: number): Promise<RawLine | undefined> {
    if (this.#isContinued) this.#abandon()
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
    this.#isContinued = false
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
        this.#isContinued = false
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
    if (mark && !mark.isSynchronising && mark.sizeBytes > this.#limits.unaskedLiteralBytes) {
      this.#refuse('literal-too-big', mark)
      return undefined
    }
    if (mark) return this.#ask(draft, mark)
    this.#draft = undefined
    this.#isContinued = false
    return { kind: 'command', command: draft }
  }

  #ask(draft: CommandDraft, mark: LiteralMark): LiteralRequest {
    const asked: State = { kind: 'asked', mark }
    this.#state = asked
    return literalRequest(draft, mark, () => this.#state === asked, {
      accept: () => this.#accept(draft, mark),
      stream: () => {
        this.#draft = undefined
        this.#isContinued = true
        const state: State = { kind: 'stream', draft, leftBytes: mark.sizeBytes }
        this.#state = state
        return this.#stream(state)
      },
      refuse: (cause) => this.#refuse('refused', mark, draft.tag, cause),
    })
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

  async *#stream(state: State & { readonly kind: 'stream' }): AsyncGenerator<Buffer> {
    while (state.leftBytes > 0) {
      if (this.#state !== state) throw new InputEnded('the literal is no longer being read')
      const part = this.#input.head()?.subarray(0, state.leftBytes)
      if (part) {
        this.#input.drop(part.length, false)
        state.leftBytes -= part.length
        yield part
      } else {
        if (this.#input.isEnded) throw new InputEnded('the connection was lost inside a literal')
        await this.#input.arrival()
      }
    }
    if (this.#state !== state) throw new InputEnded('the literal is no longer being read')
    const { tag, name, isUid, sizeBytes } = state.draft
    this.#draft = { tag, name, isUid, argumentsAt: 0, pieces: [], sizeBytes }
    this.#state = { kind: 'line' }
  }

  /** Nobody wants the rest of a command, whose answer is on its way: it is thrown away. */
  #abandon(): void {
    this.#isContinued = false
    const left = leftOnTheWay(this.#state)
    const isSaid = this.#state.kind === 'hopeless'
    if (this.#draft) wipeCommand(this.#draft)
    this.#draft = undefined
    if (left !== undefined) this.#swallow(left, undefined)
    else if (!isSaid) this.#state = { kind: 'line' }
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
