// Takes connections of mail servers that check logins here, on a Unix socket.
import { createServer, type Server, type Socket } from 'node:net'
import type { Accounts } from '../account/api.ts'
import { within } from '../base/async.ts'
import type { Log } from '../base/ports.ts'
import { AuthConnection } from './connection.ts'

export interface SubmissionDoorOptions {
  readonly accounts: Pick<Accounts, 'authenticate'>
  readonly log: Log
  /** Passwords without TLS, from this machine only. */
  readonly allowPlainLogin: boolean
}

/** Each process of the mail server that takes mail keeps one. */
const connectionsAtMost = 1000

/** One listener's server. `netServer` is to listen with. Whoever can reach it may guess, at the rate that addresses they name may. */
export class SubmissionDoor {
  readonly netServer: Server
  readonly #sockets = new Map<Socket, Promise<void>>()
  #count = 0

  constructor({ accounts, log, allowPlainLogin }: SubmissionDoorOptions) {
    this.netServer = createServer((socket) => {
      // Without a listener an error would end the process.
      socket.on('error', () => undefined)
      if (this.#sockets.size >= connectionsAtMost) {
        log.write('warn', 'sasl.too-many-connections', {})
        socket.destroy()
        return
      }
      this.#count += 1
      const connection = new AuthConnection(socket, { accounts, log, allowPlainLogin, number: this.#count })
      this.#sockets.set(
        socket,
        connection.run().finally(() => this.#sockets.delete(socket)),
      )
    })
  }

  /** Takes no more connections and ends those that are there; checks under way have `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.netServer.close(() => resolve())
    })
    const running = [...this.#sockets.values()]
    for (const socket of this.#sockets.keys()) socket.end()
    await within(Promise.all(running), Math.min(graceMs, 1000))
    for (const socket of this.#sockets.keys()) socket.destroy()
    await Promise.all(running)
    await closed
  }
}
