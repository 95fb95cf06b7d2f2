// A bare LMTP client for load, sending the way Postfix does: envelope in one write, then the message.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { GeneratedMessage } from '../message-generator.ts'
import { ReplyReader } from './reply-reader.ts'

/** One connection, any number of transactions after each other. Any reply of refusal rejects. */
export class LmtpClient {
  readonly #socket: Socket
  readonly #reader = new ReplyReader()
  #replies: string[] = []
  #wake: () => void = () => undefined
  #loss: Error | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.#replies.push(...this.#reader.push(chunk.toString('latin1')))
      this.#wake()
    })
    socket.on('error', (error) => this.#lost(error))
    socket.on('close', () => this.#lost(new Error('the LMTP connection was closed')))
  }

  /** Connects and says LHLO. */
  static async connect(port: number): Promise<LmtpClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new LmtpClient(socket)
    await client.#expect('2', 1)
    socket.write('LHLO bench.test\r\n')
    await client.#expect('2', 1)
    return client
  }

  /** Delivers one message to one recipient; resolves at the final 250. */
  async deliver(recipient: string, message: GeneratedMessage): Promise<void> {
    await this.#envelope(recipient)
    this.#socket.cork()
    this.#socket.write(message.head)
    this.#socket.write(message.body)
    this.#socket.write('.\r\n')
    this.#socket.uncork()
    await this.#expect('2', 1)
  }

  /** Delivers a message of any length, `block` repeated `times` after the head, no faster than the server reads. */
  async deliverLong(recipient: string, head: Buffer, block: Buffer, times: number): Promise<void> {
    await this.#envelope(recipient)
    this.#socket.write(head)
    for (let sent = 0; sent < times; sent++) if (!this.#socket.write(block)) await once(this.#socket, 'drain')
    this.#socket.write('.\r\n')
    await this.#expect('2', 1)
  }

  async quit(): Promise<void> {
    this.#socket.write('QUIT\r\n')
    await this.#expect('2', 1)
    this.#socket.destroy()
  }

  // RFC 2920: MAIL, RCPT and DATA may go together; the message must wait for the 354.
  async #envelope(recipient: string): Promise<void> {
    this.#socket.write(`MAIL FROM:<sender@example.com>\r\nRCPT TO:<${recipient}>\r\nDATA\r\n`)
    await this.#expect('2', 2)
    await this.#expect('3', 1)
  }

  async #expect(kind: string, count: number): Promise<void> {
    for (let seen = 0; seen < count; seen++) {
      let reply = this.#replies.shift()
      while (reply === undefined) {
        if (this.#loss !== undefined) throw this.#loss
        await new Promise<void>((resolve) => (this.#wake = resolve))
        reply = this.#replies.shift()
      }
      if (!reply.startsWith(kind)) {
        this.#socket.destroy()
        throw new Error(`LMTP answered: ${reply}`)
      }
    }
  }

  #lost(error: Error): void {
    this.#loss ??= error
    this.#wake()
  }
}
