// Answers on their way to the peer: gathered, given to the socket in few pieces, and held while the peer does not read.
import type { Duplex } from 'node:stream'
import { Deadline, type Timers } from './timers.ts'
import { ResponseWriter } from './wire/writer.ts'

/** The connection is gone: nothing more can be answered. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/** Writes to one socket at a time; STARTTLS and COMPRESS replace the socket. */
export class Output {
  readonly writer: ResponseWriter = new ResponseWriter()
  #socket: Duplex
  readonly #stall: Deadline
  readonly #stallMs: number
  readonly #flushBytes: number

  constructor(
    socket: Duplex,
    timers: Timers,
    options: { readonly stallMs: number; readonly flushBytes: number },
  ) {
    this.#socket = socket
    this.#stall = new Deadline(timers)
    this.#stallMs = options.stallMs
    this.#flushBytes = options.flushBytes
  }

  replaceSocket(socket: Duplex): void {
    this.#socket = socket
  }

  get isLost(): boolean {
    return this.#socket.destroyed || !this.#socket.writable
  }

  /** Sends what was written; resolves when the peer has room for more. Throws ConnectionLost. */
  async flush(): Promise<void> {
    this.#send()
    if (this.#socket.writableNeedDrain) await this.#drain()
  }

  /** As `flush`, once enough has gathered; undefined when there is nothing to wait for. For loops over many messages. */
  flushIfLarge(): Promise<void> | undefined {
    return this.writer.sizeBytes >= this.#flushBytes ? this.flush() : undefined
  }

  /** Sends without waiting for room: for last words. */
  flushNow(): void {
    if (!this.isLost) this.#send()
  }

  #send(): void {
    const pieces = this.writer.take()
    if (pieces.length === 0) return
    if (this.isLost) throw new ConnectionLost('the connection is gone')
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
  }

  /** A peer that never reads costs one full buffer and one timer. */
  async #drain(): Promise<void> {
    const socket = this.#socket
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        socket.off('drain', settle)
        socket.off('close', settle)
        this.#stall.stop()
        if (socket.destroyed) reject(new ConnectionLost('the connection is gone'))
        else resolve()
      }
      socket.on('drain', settle)
      socket.on('close', settle)
      this.#stall.start(this.#stallMs, () => socket.destroy())
      if (socket.destroyed) settle()
    })
  }
}
