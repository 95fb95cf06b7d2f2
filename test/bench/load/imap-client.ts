// A bare IMAP client for load: one command at a time, answers counted and not parsed.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account } from '../contestants/contestant.ts'
import type { GeneratedMessage } from '../message-generator.ts'
import { ResponseScanner } from './response-scanner.ts'

/** What a command's answer amounted to. */
export interface Answer {
  readonly bytes: number
  readonly fetches: number
  /** Messages in the mailbox, if the server said how many. */
  readonly exists: number | undefined
}

/** One connection. A command answered by NO, BAD or a lost connection rejects. */
export class ImapClient {
  readonly #socket: Socket
  #tagNumber = 0
  #onData: (chunk: Buffer) => void = () => undefined
  #onLoss: (error: Error) => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('error', (error) => this.#onLoss(error))
    socket.on('close', () => this.#onLoss(new Error('the IMAP connection was closed')))
  }

  /** Connects and waits for the greeting. */
  static async connect(port: number): Promise<ImapClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new ImapClient(socket)
    await client.#until((text) => text.endsWith('\r\n'))
    return client
  }

  /** Connects and logs in. */
  static async login(port: number, account: Account): Promise<ImapClient> {
    const client = await ImapClient.connect(port)
    await client.login(account)
    return client
  }

  async login(account: Account): Promise<void> {
    await this.command(`LOGIN "${account.address}" "${account.password}"`)
  }

  /** Selects a mailbox; resolves to its number of messages. */
  async select(mailbox = 'INBOX'): Promise<number> {
    const { exists } = await this.command(`SELECT ${mailbox}`)
    if (exists === undefined) throw new Error('SELECT was answered without EXISTS')
    return exists
  }

  /** Selects INBOX and waits until it has `count` messages: a server may still be taking in what it was given. */
  async selectAll(count: number): Promise<void> {
    for (let exists = await this.select(); exists !== count;) {
      if (exists > count) throw new Error(`${exists} messages in a mailbox of ${count}`)
      await sleep(10)
      exists = (await this.command('NOOP')).exists ?? exists
    }
  }

  command(text: string): Promise<Answer> {
    return this.#run(text, [])
  }

  /** Stores a message by a literal that does not wait (RFC 7888). */
  append(mailbox: string, { head, body, sizeBytes }: GeneratedMessage): Promise<Answer> {
    return this.#run(`APPEND ${mailbox} {${sizeBytes}+}\r\n`, [head, body])
  }

  #run(text: string, literal: readonly Buffer[]): Promise<Answer> {
    const tag = `t${++this.#tagNumber}`
    const scanner = new ResponseScanner(tag)
    return new Promise((resolve, reject) => {
      this.#onLoss = reject
      this.#onData = (chunk) => {
        const line = scanner.push(chunk)
        if (line === undefined) return
        const { bytes, fetches, exists } = scanner
        if (line.startsWith(`${tag} OK`)) resolve({ bytes, fetches, exists })
        else reject(new Error(`${text.split(' ')[0] ?? ''} was answered: ${line}`))
      }
      this.#socket.cork()
      this.#socket.write(`${tag} ${text}`)
      for (const piece of literal) this.#socket.write(piece)
      this.#socket.write('\r\n')
      this.#socket.uncork()
    })
  }

  /** Starts IDLE; every text the server then sends goes to `listener`. */
  async idle(listener: (text: string) => void): Promise<void> {
    const ready = this.#until((text) => /^\+.*\r\n/m.test(text))
    this.#socket.write(`t${++this.#tagNumber} IDLE\r\n`)
    await ready
    this.#onData = (chunk) => listener(chunk.toString('latin1'))
  }

  /** Ends IDLE. */
  async done(): Promise<void> {
    const tag = `t${this.#tagNumber}`
    const answered = this.#until((text) => text.includes(`${tag} OK`))
    this.#socket.write('DONE\r\n')
    await answered
  }

  async logout(): Promise<void> {
    await this.command('LOGOUT')
    this.close()
  }

  /** Drops the connection. */
  close(): void {
    this.#onLoss = () => undefined
    this.#socket.destroy()
  }

  #until(complete: (text: string) => boolean): Promise<void> {
    let text = ''
    return new Promise((resolve, reject) => {
      this.#onLoss = reject
      this.#onData = (chunk) => {
        text += chunk.toString('latin1')
        if (complete(text)) resolve()
      }
    })
  }
}
