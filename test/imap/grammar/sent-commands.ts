// What a client has sent, cut into commands by a model of the framing that knows nothing of the server's. It gives up, and says
// so, where the client's bytes leave the grammar.

/** A command that the server has to answer. */
export interface SentCommand {
  readonly tag: string
  /** In capitals, without UID. */
  readonly name: string
  readonly isUid: boolean
  /** Its first line, behind the name. */
  readonly rest: string
  /** The server may ask it to go on with `+`: a synchronising literal, IDLE, AUTHENTICATE. */
  wantsContinuation: boolean
}

type State =
  | { readonly kind: 'line' }
  /** In the middle of a command, behind a literal. */
  | { readonly kind: 'more' }
  | { readonly kind: 'skip'; left: number }
  /** The line behind was sent; only the server's answer tells what follows it. */
  | { readonly kind: 'wait'; readonly then: 'skip' | 'line'; readonly left: number }
  /** One raw line: DONE, or base64. */
  | { readonly kind: 'raw' }

const commandLine =
  /^([^\x00-\x20\x7f-\xff(){%*"\\+]{1,100}) (?:(UID) )?([A-Za-z][A-Za-z0-9-]{0,50})( .*)?$/is

/** Feed it what is sent, and each continuation and tagged answer as it comes. */
export class SentCommands {
  /** Sent and not yet answered, in order. */
  readonly waiting: SentCommand[] = []
  /** Nothing can be said any more of what the server should answer. */
  isBlind = false
  #sent = Buffer.alloc(0)
  #state: State = { kind: 'line' }

  /** Nothing more is read of what was sent until the server answers. */
  get isStuck(): boolean {
    return this.#state.kind === 'wait'
  }

  /** What would give the server all that it waits for; undefined when it waits for nothing. */
  get owed(): string | undefined {
    const state = this.#state
    if (state.kind === 'raw') return this.waiting.at(-1)?.name === 'IDLE' ? 'DONE\r\n' : '*\r\n'
    if (state.kind === 'skip') return `${'x'.repeat(state.left)}\r\n`
    return state.kind === 'more' ? '\r\n' : undefined
  }

  push(bytes: Buffer): void {
    if (this.isBlind) return
    this.#sent = Buffer.concat([this.#sent, bytes])
    this.#advance()
  }

  /** `+` came: what waited for it was sent, or will be. */
  continued(): void {
    if (this.#state.kind !== 'wait') return
    const { then, left } = this.#state
    this.#state = then === 'skip' ? { kind: 'skip', left } : { kind: 'raw' }
    this.#advance()
  }

  /** The answer to a tag came. Returns its command; undefined when it was not that one's turn. */
  answered(tag: string): SentCommand | undefined {
    const first = this.waiting[0]
    if (first?.tag !== tag) return undefined
    this.waiting.shift()
    // Whatever it waited for will not be asked for any more. What was announced without waiting is still on its way.
    if (this.waiting.length === 0 && (this.#state.kind === 'wait' || this.#state.kind === 'raw'))
      this.#state = { kind: 'line' }
    this.#advance()
    return first
  }

  #advance(): void {
    while (this.#step());
  }

  #step(): boolean {
    const state = this.#state
    if (state.kind === 'wait' || this.isBlind) return false
    if (state.kind === 'skip') {
      const count = Math.min(state.left, this.#sent.length)
      this.#sent = this.#sent.subarray(count)
      state.left -= count
      if (state.left > 0) return false
      this.#state = { kind: 'more' }
      return true
    }
    const end = this.#sent.indexOf('\r\n')
    if (end < 0) {
      if (this.#sent.includes(10) || this.#sent.length > 8000) this.isBlind = true
      return false
    }
    const line = this.#sent.toString('latin1', 0, end)
    this.#sent = this.#sent.subarray(end + 2)
    if (line.includes('\n') || line.includes('\0')) this.isBlind = true
    else if (state.kind === 'raw') this.#rawLine()
    else this.#line(line, state.kind === 'line')
    return true
  }

  #line(line: string, isFirst: boolean): void {
    if (isFirst) {
      const [, tag = '', uid, name = '', rest = ''] = commandLine.exec(line) ?? []
      if (tag === '') {
        this.isBlind = true
        return
      }
      const isUid = uid !== undefined
      this.waiting.push({ tag, name: name.toUpperCase(), isUid, rest, wantsContinuation: false })
    }
    // Undefined: it was answered before it was whole, and the server throws away the rest.
    const command = this.waiting.at(-1)
    const [, size, plus] = /\{([0-9]{1,15})([+]?)\}$/.exec(line) ?? []
    if (size !== undefined && plus !== '') this.#state = { kind: 'skip', left: Number(size) }
    else if (size !== undefined && command) {
      command.wantsContinuation = true
      this.#state = wait('skip', Number(size))
    } else if (/\{[0-9+-]*\}$/.test(line) || line.length > 8000) this.isBlind = true
    else if (isFirst && command && (command.name === 'IDLE' || command.name === 'AUTHENTICATE')) {
      command.wantsContinuation = true
      this.#state = wait('line', 0)
    } else this.#state = { kind: 'line' }
  }

  #rawLine(): void {
    const command = this.waiting.at(-1)
    // AUTHENTICATE may ask once more.
    this.#state = command?.name === 'AUTHENTICATE' ? wait('line', 0) : { kind: 'line' }
  }
}

function wait(then: 'skip' | 'line', left: number): State {
  return { kind: 'wait', then, left }
}
