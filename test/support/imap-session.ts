// A bare IMAP client for tests against a process: one command at a time, every response kept as it came.
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { ResponseReader, type ImapResponse } from './response-reader.ts'

/** The connection ended while something was expected. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/** A command's answer. `code` and text follow the tag: `OK [APPENDUID 1 2] Done`. */
export interface ImapAnswer {
  readonly status: string
  readonly untagged: readonly ImapResponse[]
}

export interface ImapTarget {
  readonly port: number
  /** PEM of the server's certificate: TLS from the first byte. */
  readonly ca?: string
}

interface Waiter {
  readonly take: (response: ImapResponse) => void
  readonly fail: (error: Error) => void
}

/** One connection. Commands must not overlap, except that IDLE is ended by `endIdle`. */
export class ImapSession implements Disposable {
  readonly #socket: Socket
  #waiter: Waiter | undefined
  #backlog: ImapResponse[] = []
  #isLost = false
  #tagNumber = 0
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>

  private constructor(socket: Socket) {
    const reader = new ResponseReader()
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      for (const response of reader.push(chunk)) {
        if (this.#waiter) this.#waiter.take(response)
        else this.#backlog.push(response)
      }
    })
    socket.on('error', () => undefined)
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isLost = true
        this.#waiter?.fail(new ConnectionLost('the IMAP connection ended'))
        resolve()
      })
    })
  }

  /** Connects to 127.0.0.1 and waits for the greeting. */
  static async connect({ port, ca }: ImapTarget): Promise<ImapSession> {
    const socket =
      ca === undefined
        ? connect(port, '127.0.0.1')
        : connectTls({ port, host: '127.0.0.1', ca, servername: 'localhost' })
    await new Promise<void>((resolve, reject) => {
      socket.once(ca === undefined ? 'connect' : 'secureConnect', () => resolve())
      socket.once('error', reject)
      socket.once('close', () => reject(new ConnectionLost('no IMAP connection')))
    })
    const session = new ImapSession(socket)
    await session.#collect((response) => response.text.startsWith('* '))
    return session
  }

  static async login(target: ImapTarget, address: string, password: string): Promise<ImapSession> {
    const session = await ImapSession.connect(target)
    try {
      await session.ok(`LOGIN "${address}" "${password}"`)
      return session
    } catch (error) {
      session.close()
      throw error
    }
  }

  /** Runs a command, whatever its answer. Strings are sent as UTF-8, Buffers as literals that do not wait (LITERAL+). */
  async run(...words: readonly (string | Buffer)[]): Promise<ImapAnswer> {
    const tag = `t${++this.#tagNumber}`
    const answer = this.#answer(tag)
    this.#socket.cork()
    this.#socket.write(`${tag} `)
    for (const word of words) {
      if (typeof word !== 'string') this.#socket.write(`{${word.length}+}\r\n`)
      this.#socket.write(word)
    }
    this.#socket.write('\r\n')
    this.#socket.uncork()
    return answer
  }

  /** Runs a command that must be answered OK. */
  async ok(...words: readonly (string | Buffer)[]): Promise<ImapAnswer> {
    const answer = await this.run(...words)
    if (!answer.status.startsWith('OK')) {
      const command = words.map((word) => (typeof word === 'string' ? word : '...')).join('')
      throw new Error(`${command.slice(0, 200)} was answered: ${answer.status}`)
    }
    return answer
  }

  /** AUTHENTICATE with an initial response; `next` answers each challenge. All of it without base64. Rejects unless the answer is OK. */
  async authenticate(mechanism: string, initial: string, next: (challenge: string) => string): Promise<void> {
    const encoded = (text: string): string => Buffer.from(text).toString('base64')
    const tag = `t${++this.#tagNumber}`
    this.#socket.write(`${tag} AUTHENTICATE ${mechanism} ${encoded(initial)}\r\n`)
    for (;;) {
      const heard = await this.#collect(({ text }) => text.startsWith('+') || text.startsWith(`${tag} `))
      const last = heard.at(-1)?.text ?? ''
      if (last.startsWith(`${tag} OK`)) return
      if (!last.startsWith('+ ')) throw new Error(`${mechanism} was answered: ${last}`)
      this.#socket.write(`${encoded(next(Buffer.from(last.slice(2), 'base64').toString()))}\r\n`)
    }
  }

  /** Starts IDLE; resolves when the server idles. What comes then is given to `listener`. */
  async idle(listener: (response: ImapResponse) => void): Promise<void> {
    const tag = `t${++this.#tagNumber}`
    this.#socket.write(`${tag} IDLE\r\n`)
    const heard = await this.#collect((response) => /^\+|^t\d+ /.test(response.text))
    if (heard.at(-1)?.text.startsWith('+') !== true) throw new Error('the server does not idle')
    for (const response of heard.slice(0, -1)) listener(response)
    this.#waiter = { take: listener, fail: () => undefined }
    // What came in the same packet.
    for (const response of this.#backlog.splice(0)) listener(response)
  }

  async endIdle(): Promise<ImapAnswer> {
    const answer = this.#answer(`t${this.#tagNumber}`)
    this.#socket.write('DONE\r\n')
    return answer
  }

  /** Logs out and waits until the server has closed the connection: its keys are wiped by then. */
  async logout(): Promise<void> {
    await this.run('LOGOUT').catch((error: unknown) => {
      if (!(error instanceof ConnectionLost)) throw error
    })
    await this.ended
  }

  /** Drops the connection. */
  close(): void {
    this.#socket.destroy()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #answer(tag: string): Promise<ImapAnswer> {
    const all = await this.#collect((response) => response.text.startsWith(`${tag} `))
    return { status: (all.at(-1)?.text ?? '').slice(tag.length + 1), untagged: all.slice(0, -1) }
  }

  #collect(isLast: (response: ImapResponse) => boolean): Promise<ImapResponse[]> {
    const collected = this.#backlog
    this.#backlog = []
    const last = collected.findIndex(isLast)
    if (last >= 0) {
      this.#backlog = collected.splice(last + 1)
      return Promise.resolve(collected)
    }
    return new Promise((resolve, reject) => {
      if (this.#isLost) {
        reject(new ConnectionLost('the IMAP connection has ended'))
        return
      }
      this.#waiter = {
        take: (response) => {
          collected.push(response)
          if (!isLast(response)) return
          this.#waiter = undefined
          resolve(collected)
        },
        fail: reject,
      }
    })
  }
}
