// A peer that sends exactly the octets it is told to, and reads replies.
import { connect, type Socket } from 'node:net'
import { deferred } from '../../src/base/async.ts'

export class RawPeer implements AsyncDisposable {
  readonly socket: Socket
  #text = ''
  #ended = false
  #wake = deferred<undefined>()

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      this.#text += chunk
      this.#notify()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#ended = true
      this.#notify()
    })
  }

  #notify(): void {
    this.#wake.resolve(undefined)
    this.#wake = deferred()
  }

  static async connect(where: number | string): Promise<RawPeer> {
    const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where)
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new RawPeer(socket)
  }

  write(octets: string | Uint8Array): void {
    this.socket.write(octets)
  }

  /** The next whole reply (all its lines), or undefined when the connection ended first. */
  async reply(): Promise<string | undefined> {
    for (;;) {
      const whole = /^(?:\d{3}-[^\r]*\r\n)*\d{3} [^\r]*\r\n/.exec(this.#text)?.[0]
      if (whole !== undefined) {
        this.#text = this.#text.slice(whole.length)
        return whole.trimEnd()
      }
      if (this.#ended) return undefined
      await this.#wake.promise
    }
  }

  async replies(count: number): Promise<(string | undefined)[]> {
    const all: (string | undefined)[] = []
    for (let i = 0; i < count; i++) all.push(await this.reply())
    return all
  }

  /** Sends one line and reads its reply. */
  async ask(line: string): Promise<string | undefined> {
    this.write(`${line}\r\n`)
    return this.reply()
  }

  async closed(): Promise<void> {
    while (!this.#ended) await this.#wake.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    await this.closed()
  }
}
