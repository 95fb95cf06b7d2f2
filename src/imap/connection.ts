// One connection's life: the read-run-answer loop, its deadlines, STARTTLS, and the last words.
import { deferred } from '../base/async.ts'
import { plainAddress } from '../base/network-name.ts'
import type { ChannelBindingType } from '../sasl/scram.ts'
import { capabilitiesOf, isSwitchedOff } from './capabilities.ts'
import { CompressedSocket } from './compression.ts'
import { Dispatcher, takesInput, usesNumbers, type Aftermath } from './dispatcher.ts'
import { handshake } from './handshake.ts'
import { Input } from './input.ts'
import { ConnectionLost, Output } from './output.ts'
import { Session, type ImapContext, type SessionLink } from './session.ts'
import type { ImapSocket } from './socket.ts'
import { Teller } from './teller.ts'
import { Deadline } from './timers.ts'
import type { FramerEvent, RawLine } from './wire/framer-events.ts'
import { Framer } from './wire/framer.ts'
import {
  limitsAfterLogin,
  limitsBeforeLogin,
  compressedDiscardBytes,
  type WireLimits,
} from './wire/limits.ts'
import type { ResponseCode } from './wire/response-code.ts'

export interface ConnectionOptions {
  readonly isTls: boolean
  /** Turns the plain socket into an encrypted one, once the handshake is done. Absent: STARTTLS is not offered. */
  readonly startTls?: (socket: ImapSocket) => Promise<ImapSocket>
  /** The bindings of an encrypted socket. Absent: there are none. */
  readonly channelBinding?: (socket: ImapSocket, type: ChannelBindingType) => Buffer | undefined
}

/** How many commands are looked at ahead of the one that runs. */
const maxAhead = 64

export class Connection implements SessionLink {
  readonly #context: ImapContext
  readonly #options: ConnectionOptions
  #socket: ImapSocket
  #isTls: boolean
  #isCompressed = false
  readonly remoteAddress: string
  readonly #framer = new Framer(limitsBeforeLogin)
  #wireLimits: WireLimits = limitsBeforeLogin
  readonly #input: Input
  readonly #output: Output
  readonly #session: Session
  readonly #dispatcher: Dispatcher
  /** Taken from the framer and not yet run. */
  readonly #ahead: FramerEvent[] = []
  readonly #abort = new AbortController()
  readonly #loginDeadline: Deadline
  readonly #idleDeadline: Deadline
  readonly #closeDeadline: Deadline
  #goodbye: { readonly text: string; readonly code: ResponseCode | undefined } | undefined
  #hasSaidGoodbye = false
  /** Waiting for the peer, with no answer half written unless `#isSpeaking`. */
  #isWaiting = false
  #isSpeaking = false
  readonly #socketClosed = deferred<undefined>()

  constructor(socket: ImapSocket, context: ImapContext, options: ConnectionOptions) {
    const { timers, limits } = context
    this.#context = context
    this.#options = options
    this.#socket = socket
    this.#isTls = options.isTls
    this.remoteAddress = plainAddress(socket.remoteAddress ?? '')
    this.#loginDeadline = new Deadline(timers)
    this.#idleDeadline = new Deadline(timers)
    this.#closeDeadline = new Deadline(timers)
    this.#output = new Output(socket, timers, {
      stallMs: limits.writeStallMs,
      flushBytes: limits.outputBytes,
    })
    this.#watch(socket)
    this.#input = new Input(socket, this.#framer)
    this.#session = new Session(context, this)
    this.#dispatcher = new Dispatcher({
      context,
      session: this.#session,
      output: this.#output,
      wireLimits: () => this.#wireLimits,
      areNumbersWaiting: () => this.#areNumbersWaiting(),
      dropInput: () => this.#dropInput(),
      whileStreaming: (source) => this.#idleDeadline.along(source, limits.idleMs, () => this.destroy()),
      more: () => this.#idleDeadline.over(this.#framer.more(), limits.idleMs, () => this.destroy()),
    })
  }

  /** Serves the peer until one side ends it. Never rejects. Resolves when account and socket have been given up. */
  async run(): Promise<void> {
    const { log } = this.#context
    this.#awaitLogin()
    try {
      this.#output.writer.untaggedStatus('OK', 'Letterlock is ready', {
        code: 'CAPABILITY',
        capabilities: this.capabilities(),
      })
      await this.#loop()
    } catch (error) {
      if (!(error instanceof ConnectionLost)) {
        log.write('error', 'imap.crash', { error: error instanceof Error ? error.name : typeof error })
        this.destroy()
      }
    }
    this.#loginDeadline.stop()
    this.#idleDeadline.stop()
    this.#abort.abort()
    try {
      await this.#session.end()
    } catch (error) {
      log.write('error', 'imap.end', { error: error instanceof Error ? error.name : typeof error })
    }
    this.#sayGoodbye()
    await this.#socketClosed.promise
    this.#closeDeadline.stop()
    log.write('debug', 'imap.closed', { reason: this.#goodbye?.text ?? 'the peer ended the connection' })
  }

  get out(): Output['writer'] {
    return this.#output.writer
  }
  get signal(): AbortSignal {
    return this.#abort.signal
  }
  get isTls(): boolean {
    return this.#isTls
  }
  get isCompressed(): boolean {
    return this.#isCompressed
  }
  channelBinding(type: ChannelBindingType): Buffer | undefined {
    return this.#isTls ? this.#options.channelBinding?.(this.#socket, type) : undefined
  }

  get canStartTls(): boolean {
    return !this.#isTls && !this.#isCompressed && this.#options.startTls !== undefined
  }

  flush(): Promise<void> {
    return this.#output.flush()
  }

  flushIfLarge(): Promise<void> | undefined {
    return this.#output.flushIfLarge()
  }

  async readLine(limitBytes: number): Promise<RawLine | undefined> {
    await this.#output.flush()
    const line = await this.#waiting(() => this.#framer.nextLine(limitBytes))
    return this.#goodbye ? undefined : line
  }

  capabilities(): string[] {
    return capabilitiesOf(this.#session)
  }

  authenticated(): void {
    this.#loginDeadline.stop()
    // RFC 7888 §4: who is told LITERAL- must ask before a literal that is longer.
    const isAsked = isSwitchedOff(this.#session, 'LITERAL+')
    this.#setLimits(isAsked ? { ...limitsAfterLogin, unaskedLiteralBytes: 4096 } : limitsAfterLogin)
  }

  unauthenticated(): void {
    this.#awaitLogin()
    this.#setLimits(limitsBeforeLogin)
  }

  #awaitLogin(): void {
    this.#loginDeadline.start(this.#context.limits.loginMs, () => this.close('Login took too long'))
  }

  #setLimits(limits: WireLimits): void {
    this.#wireLimits = limits
    this.#framer.setLimits(limits)
  }

  close(text: string, code?: ResponseCode): void {
    if (this.#goodbye) return
    this.#goodbye = { text, code }
    this.#abort.abort()
    if (this.#isWaiting && !this.#isSpeaking) this.#sayGoodbye()
    // A command in progress is given a moment: cutting it off in the middle of a literal helps nobody.
    else this.#closeDeadline.start(this.#context.limits.closeGraceMs, () => this.destroy())
  }

  async speak(task: () => Promise<void>): Promise<void> {
    this.#isSpeaking = true
    try {
      await task()
    } finally {
      this.#isSpeaking = false
      if (this.#isWaiting && this.#goodbye) this.#sayGoodbye()
    }
  }

  destroy(): void {
    this.#socket.destroy()
  }

  async #loop(): Promise<void> {
    for (;;) {
      const event = this.#ahead.shift() ?? this.#framer.take() ?? (await this.#nextEvent())
      if (!event || this.#goodbye) return
      if (event.kind === 'hopeless') {
        this.close('Too much to throw away')
        return
      }
      const aftermath = await this.#dispatcher.event(event)
      if (this.#session.selected?.isLost)
        this.close('The selected mailbox is gone, please connect again', 'UNAVAILABLE')
      else if (this.#dispatcher.hasLostPatience) this.close('Too many bad commands')
      else if (this.#session.failedLogins >= this.#context.limits.failedLogins)
        this.close('Too many failed logins')
      if (await this.#isOverAfter(aftermath)) return
    }
  }

  async #nextEvent(): Promise<FramerEvent | undefined> {
    await this.#output.flush()
    if (this.#session.state !== 'not-authenticated') {
      this.#idleDeadline.start(this.#context.limits.idleMs, () => this.close('Idle for too long'))
    }
    const { notify } = this.#session
    // A command that waits for the rest of its literal is in progress: it may have sequence numbers (RFC 3501 §5.5).
    const mayExpunge = notify?.tellsExpungesAtOnce === true && !this.#framer.isMidCommand
    const teller = notify && new Teller(this.#session, mayExpunge)
    const event = await this.#waiting(() => this.#framer.next())
    this.#idleDeadline.stop()
    await teller?.stop()
    return event
  }

  async #waiting<T>(wait: () => Promise<T>): Promise<T | undefined> {
    if (this.#goodbye) return undefined
    this.#isWaiting = true
    try {
      return await wait()
    } finally {
      this.#isWaiting = false
    }
  }

  /** Does what an answer announced. True: nothing more is to be read. */
  async #isOverAfter(aftermath: Aftermath): Promise<boolean> {
    if (aftermath === 'close') {
      this.#goodbye ??= { text: '', code: undefined }
    } else if (aftermath === 'compress') {
      // What the client sent too early can only be meant to be compressed (RFC 4978 §3).
      const first = this.#input.release()
      this.#isCompressed = true
      this.#setLimits({ ...this.#wireLimits, discardBytes: compressedDiscardBytes })
      this.#replaceSocket(new CompressedSocket(this.#socket, first, (text) => this.close(text)))
    } else if (aftermath === 'startTls' && this.#options.startTls) {
      const encrypted = await handshake(this.#socket, this.#options.startTls, this.signal)
      if (encrypted) this.#replaceSocket(encrypted)
      else this.destroy()
      this.#isTls = true
      if (!encrypted) return true
    }
    return this.#goodbye !== undefined
  }

  #replaceSocket(socket: ImapSocket): void {
    this.#socket = socket
    this.#watch(socket)
    this.#output.replaceSocket(socket)
    this.#input.attach(socket)
  }

  /** RFC 3501 §6.2.1: nothing that came in the clear may be taken for a command of the encrypted session. */
  #dropInput(): void {
    this.#input.detach()
    this.#ahead.length = 0
  }

  #areNumbersWaiting(): boolean {
    while (this.#ahead.length < maxAhead) {
      const last = this.#ahead.at(-1)
      if (last && takesInput(last)) break
      const event = this.#framer.take()
      if (!event) break
      this.#ahead.push(event)
    }
    return this.#ahead.some(usesNumbers)
  }

  #watch(socket: ImapSocket): void {
    socket.on('error', () => {
      // 'close' follows; what the peer's network says is of no use to anybody.
    })
    socket.on('close', () => {
      if (socket !== this.#socket) return
      this.#abort.abort()
      this.#framer.end()
      this.#socketClosed.resolve(undefined)
    })
    if (socket.destroyed) this.#socketClosed.resolve(undefined)
  }

  /** Once: BYE if there is something to say, and the end of our half. The peer has a moment to end its own. */
  #sayGoodbye(): void {
    if (this.#hasSaidGoodbye) return
    this.#hasSaidGoodbye = true
    const { text, code } = this.#goodbye ?? { text: '', code: undefined }
    if (text !== '' && !this.#output.isLost) this.#output.writer.untaggedStatus('BYE', text, code)
    this.#output.flushNow()
    this.#socket.end()
    this.#framer.end()
    if (!this.#socket.destroyed) {
      this.#closeDeadline.start(this.#context.limits.closeGraceMs, () => this.destroy())
    }
  }
}
