// The socket's bytes on their way to the framer: one chunk ahead, never more.
import type { Duplex } from 'node:stream'
import type { Framer } from './wire/framer.ts'

/** Pushes a socket's bytes into a framer for as long as it is attached. Reading waits until the framer is hungry. */
export class Input {
  readonly #framer: Framer
  #socket: Duplex
  #isAttached = true
  #wake: (() => void) | undefined
  readonly #onReadable = (): void => {
    this.#wake?.()
  }

  constructor(socket: Duplex, framer: Framer) {
    this.#framer = framer
    this.#socket = socket
    this.#attach(socket)
  }

  /** Stops reading and forgets what was read and not yet used. What comes from now on stays in the socket. */
  detach(): void {
    const socket = this.#socket
    this.#leave(socket)
    while (socket.read() !== null);
    this.#framer.discard()
  }

  /** Stops reading and hands over what was read and not looked at: it is not what the framer takes it for. */
  release(): Buffer[] {
    this.#leave(this.#socket)
    return this.#framer.release()
  }

  /** Reads from `socket` after `detach` or `release`. */
  attach(socket: Duplex): void {
    this.#socket = socket
    this.#isAttached = true
    this.#attach(socket)
  }

  #leave(socket: Duplex): void {
    this.#isAttached = false
    socket.off('readable', this.#onReadable)
    socket.off('end', this.#onReadable)
    socket.off('close', this.#onReadable)
    this.#wake?.()
  }

  #attach(socket: Duplex): void {
    // A client that has said everything and closed its half still gets its answers.
    socket.allowHalfOpen = true
    socket.on('readable', this.#onReadable)
    socket.on('end', this.#onReadable)
    socket.on('close', this.#onReadable)
    void this.#pump(socket)
  }

  async #pump(socket: Duplex): Promise<void> {
    for (;;) {
      await this.#framer.whenHungry()
      if (!this.#isAttached || socket !== this.#socket) return
      const chunk = socket.read() as Buffer | null
      if (chunk) {
        this.#framer.push(chunk)
      } else if (socket.readableEnded || socket.destroyed) {
        this.#framer.end()
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }
}
