// A bare LMTP (or SMTP) client for tests against a process: sends exactly the octets it is given, and returns what it is told.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { ConnectionLost } from './imap-session.ts'

export interface Delivery {
  readonly from: string
  readonly to: string
  /** Lines end in CRLF, the last one too. */
  readonly message: Uint8Array
}

/** Octets as DATA carries them: dots at the beginnings of lines doubled (RFC 5321 §4.5.2), the end mark behind. */
export function asData(message: Uint8Array): Buffer {
  const text = Buffer.from(message).toString('latin1')
  const stuffed = (text.startsWith('.') ? '.' : '') + text.replaceAll('\r\n.', '\r\n..')
  return Buffer.from(`${stuffed}.\r\n`, 'latin1')
}

/** One connection, any number of deliveries after each other. */
export class LmtpSession implements Disposable {
  readonly #socket: Socket
  #text = ''
  #isLost = false
  #wake: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1')
      this.#wake()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#isLost = true
      this.#wake()
    })
  }

  /** Connects to 127.0.0.1 and says LHLO, or EHLO to a server of SMTP. */
  static async connect(
    port: number,
    { name = 'peer.test', verb = 'LHLO' }: { readonly name?: string; readonly verb?: 'LHLO' | 'EHLO' } = {},
  ): Promise<LmtpSession> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const session = new LmtpSession(socket)
    await session.#reply()
    await session.#ask(`${verb} ${name}`)
    return session
  }

  /** The reply that decides: the final one, or the first refusal. Rejects with ConnectionLost when none came. */
  async deliver({ from, to, message }: Delivery): Promise<string> {
    this.#socket.write(`MAIL FROM:<${from}> BODY=8BITMIME\r\nRCPT TO:<${to}>\r\nDATA\r\n`)
    const replies = [await this.#reply(), await this.#reply(), await this.#reply()]
    const refusal = replies.find((reply) => !/^[23]/.test(reply))
    if (refusal !== undefined) {
      await this.#ask('RSET')
      return refusal
    }
    this.#socket.write(asData(message))
    return this.#reply()
  }

  /** As `deliver`; rejects unless the reply is 250. */
  async mustDeliver(delivery: Delivery): Promise<void> {
    const reply = await this.deliver(delivery)
    if (!reply.startsWith('250')) throw new Error(`a delivery was refused: ${reply}`)
  }

  async quit(): Promise<void> {
    await this.#ask('QUIT')
    this.close()
  }

  close(): void {
    this.#socket.destroy()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #ask(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`)
    return this.#reply()
  }

  async #reply(): Promise<string> {
    for (;;) {
      const whole = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/.exec(this.#text)?.[0]
      if (whole !== undefined) {
        this.#text = this.#text.slice(whole.length)
        return whole.trimEnd()
      }
      if (this.#isLost) throw new ConnectionLost('the LMTP connection ended')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
