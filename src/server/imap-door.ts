// Accepts IMAP connections on one listener, in the clear or over TLS, within the limits on how many there may be.
import { createServer, type Server, type Socket } from 'node:net'
import type { Accounts } from '../account/api.ts'
import type { MemoryBudget } from '../account/memory-budget.ts'
import { within } from '../base/async.ts'
import type { Clock, Log } from '../base/ports.ts'
import type { ImapSocket } from '../imap/socket.ts'
import { serveImap, type ImapHandle } from '../imap/serve.ts'
import type { ImapSettings } from '../imap/settings.ts'
import { channelBinding } from './channel-binding.ts'
import { plainAddress } from '../base/network-name.ts'
import type { ConnectionLimit } from './rate-limit.ts'
import { codeOf } from './setup-failure.ts'
import type { Tls } from './tls.ts'

export interface ImapDoorOptions {
  readonly accounts: Accounts
  readonly log: Log
  readonly clock: Clock
  readonly settings: ImapSettings
  readonly budget: MemoryBudget
  readonly tls: Tls
  /** TLS from the first byte. */
  readonly isImplicitTls: boolean
  /** Shared by all listeners. */
  readonly limit: ConnectionLimit
  /** Numbers connections, for the log. */
  readonly nextId: () => string
}

/** One listener's server. `netServer` is to listen with. */
export class ImapDoor {
  readonly netServer: Server
  readonly #options: ImapDoorOptions
  /** Without a handle: the handshake is still going on. */
  readonly #sockets = new Map<Socket, ImapHandle | undefined>()
  readonly #running = new Set<Promise<void>>()
  #isStopping = false

  constructor(options: ImapDoorOptions) {
    this.#options = options
    // Without noDelay every answer to a pipelined command would wait for the peer's acknowledgement of the one before.
    this.netServer = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
      (socket) => {
        const done = this.#serve(socket).finally(() => this.#running.delete(done))
        this.#running.add(done)
      },
    )
  }

  async #serve(socket: Socket): Promise<void> {
    const { limit, log, nextId, tls, isImplicitTls } = this.#options
    const remoteAddress = plainAddress(socket.remoteAddress ?? '')
    // A listener must be there from the first moment: an error without one would end the process.
    socket.on('error', () => undefined)
    if (!limit.enter(remoteAddress)) {
      log.write('warn', 'imap.too-many-connections', { rip: remoteAddress })
      if (isImplicitTls) socket.destroy()
      else socket.end('* BYE [UNAVAILABLE] Too many connections, try again\r\n')
      return
    }
    this.#sockets.set(socket, undefined)
    const lines = log.with({
      sid: nextId(),
      proto: 'imap',
      rip: remoteAddress,
      rport: socket.remotePort,
    })
    try {
      const stream: ImapSocket = isImplicitTls ? await tls.accept(socket) : socket
      await this.#talk(stream, socket, lines)
    } catch (error) {
      lines.write('debug', 'tls.handshake-failed', { reason: codeOf(error) })
    } finally {
      socket.destroy()
      this.#sockets.delete(socket)
      limit.leave(remoteAddress)
    }
  }

  async #talk(stream: ImapSocket, socket: Socket, log: Log): Promise<void> {
    const { accounts, clock, settings, budget, tls, isImplicitTls } = this.#options
    const handle = serveImap(stream, {
      accounts,
      clock,
      settings,
      budget,
      log,
      isTls: isImplicitTls,
      channelBinding,
      ...(isImplicitTls ? {} : { startTls: () => tls.accept(socket) }),
    })
    this.#sockets.set(socket, handle)
    if (this.#isStopping) handle.close('Server is shutting down')
    await handle.closed
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** Takes no more connections, says BYE to all, lets commands in progress finish; cuts off what is left after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    const closed = new Promise<void>((resolve) => {
      this.netServer.close(() => resolve())
    })
    for (const [socket, handle] of this.#sockets) {
      if (handle) handle.close('Server is shutting down')
      else socket.destroy()
    }
    await within(Promise.all(this.#running), graceMs)
    for (const socket of this.#sockets.keys()) socket.destroy()
    await Promise.all(this.#running)
    await closed
  }
}
