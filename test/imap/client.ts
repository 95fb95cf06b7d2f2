// A client that speaks lines: sends what it is told, and hands over responses with their literals in them.
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { constants, createInflateRaw, deflateRawSync } from 'node:zlib'
import { within } from '../../src/base/async.ts'
import { SessionRules } from './grammar/session-rules.ts'

/** How long a response may take before a test is given up; nothing is measured by it. */
const patienceMs = 120_000

export class Client {
  readonly socket: Socket
  /** Checks everything that both sides say. */
  readonly rules: SessionRules = new SessionRules()
  #received = Buffer.alloc(0)
  #isEnded = false
  #isCompressed = false
  #wake: (() => void) | undefined
  readonly #receive = (chunk: Buffer): void => {
    this.#received = Buffer.concat([this.#received, chunk])
    this.#wake?.()
  }
  readonly #end = (): void => {
    this.#isEnded = true
    this.#wake?.()
  }

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', this.#receive)
    socket.on('end', this.#end)
    socket.on('close', this.#end)
    socket.on('error', this.#end)
  }

  static async connect(port: number): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1' })
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new Client(socket)
  }

  /** Sends text as it is (latin1), without a line end. */
  write(text: string | Buffer): void {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text
    this.rules.sent(bytes)
    this.socket.write(this.#isCompressed ? deflate(bytes) : bytes)
  }

  /** Begins to deflate and inflate: COMPRESS has just been answered. */
  compress(): void {
    const inflater = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH })
    this.socket.removeAllListeners()
    this.socket.pipe(inflater)
    this.socket.on('error', () => inflater.end())
    this.socket.on('close', () => inflater.end())
    inflater.on('data', this.#receive)
    inflater.on('end', this.#end)
    inflater.on('error', this.#end)
    inflater.write(this.#received)
    this.#received = Buffer.alloc(0)
    this.#isCompressed = true
  }

  send(line: string): void {
    this.write(`${line}\r\n`)
  }

  /** The next response without its line end, literals included; undefined when the connection has ended. */
  async next(): Promise<string | undefined> {
    const response = await within(
      this.#next().then((text) => ({ text })),
      patienceMs,
    )
    if (!response)
      throw new Error(`no response; received so far: ${JSON.stringify(this.#received.toString('latin1'))}`)
    return response.text
  }

  /** All responses up to and with the one tagged `tag`. */
  async until(tag: string): Promise<string[]> {
    const responses: string[] = []
    for (;;) {
      const response = await this.next()
      if (response === undefined) throw new Error(`connection ended before ${tag}: ${responses.join(' | ')}`)
      responses.push(response)
      if (response.startsWith(`${tag} `)) return responses
    }
  }

  /** Sends a command and returns everything up to its answer, the tag left out of the last. */
  async run(command: string, tag = 'x'): Promise<string[]> {
    this.send(`${tag} ${command}`)
    const responses = await this.until(tag)
    return [...responses.slice(0, -1), (responses.at(-1) ?? '').slice(tag.length + 1)]
  }

  /** As `run`, and the answer must be OK. */
  async ok(command: string): Promise<string[]> {
    const responses = await this.run(command)
    assert.match(responses.at(-1) ?? '', /^OK /, `${command}: ${responses.join(' | ')}`)
    return responses
  }

  /** Everything that still comes until the connection ends. */
  async rest(): Promise<string[]> {
    const responses: string[] = []
    for (let response = await this.next(); response !== undefined; response = await this.next()) {
      responses.push(response)
    }
    return responses
  }

  /** Bytes received and not taken as responses. */
  get pendingBytes(): number {
    return this.#received.length
  }

  async #next(): Promise<string | undefined> {
    for (;;) {
      const end = responseEnd(this.#received)
      if (end !== undefined) {
        const response = this.#received.subarray(0, end - 2)
        this.#received = this.#received.subarray(end)
        this.rules.heard(response)
        return response.toString('latin1')
      }
      if (this.#isEnded) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

/** As one piece of a deflate stream, ending on a whole byte. */
export function deflate(bytes: string | Buffer): Buffer {
  return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
}

/** Where the first response ends, behind its CRLF; undefined when it is not whole. */
function responseEnd(bytes: Buffer): number | undefined {
  let from = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', from)
    if (lineEnd < 0) return undefined
    const literal = /\{([0-9]+)\}$/.exec(bytes.toString('latin1', Math.max(from, lineEnd - 16), lineEnd))
    if (!literal) return lineEnd + 2
    from = lineEnd + 2 + Number(literal[1])
    if (from > bytes.length) return undefined
  }
}
