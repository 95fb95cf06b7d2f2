// Accepts HTTP on one listener, over TLS or in the clear, within limits on connections and on how slow a request may be.
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { within } from '../base/async.ts'
import type { RequestListener } from '../web/open.ts'
import type { ConnectionLimit } from './rate-limit.ts'
import { cleansePlaintext, type Tls } from './tls.ts'

export interface WebDoorOptions {
  readonly listener: RequestListener
  /** undefined: plain HTTP. */
  readonly tls: Tls | undefined
  /** Shared by all listeners. */
  readonly limit: ConnectionLimit
  /** For tests; `standardPace` when absent. */
  readonly pace?: WebPace
}

/** Milliseconds. */
export interface WebPace {
  /** A head that takes longer is given up; bodies have their own limits in src/web. */
  readonly headMs: number
  /** A connection on which nothing moves is closed, whoever has to move it. */
  readonly idleMs: number
  /** How often heads are looked at. */
  readonly checkMs: number
}

const standardPace: WebPace = { headMs: 15_000, idleMs: 60_000, checkMs: 5_000 }

const keepAliveMs = 10_000
const headBytes = 16 * 1024

function settingsOf({ headMs, checkMs }: WebPace) {
  return {
    headersTimeout: headMs,
    requestTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: checkMs,
    maxHeaderSize: headBytes,
  } as const
}

export class WebDoor {
  readonly netServer: HttpServer | HttpsServer
  readonly #sockets = new Set<Socket>()

  constructor({ listener, tls, limit, pace = standardPace }: WebDoorOptions) {
    const onRequest: Parameters<typeof createHttpServer>[1] = (incoming, outgoing) =>
      void listener(incoming, outgoing)
    this.netServer = tls ? secureServer(tls, pace, onRequest) : createHttpServer(settingsOf(pace), onRequest)
    this.netServer.timeout = pace.idleMs
    this.netServer.on(tls ? 'secureConnection' : 'connection', (socket: Socket) =>
      this.#wipeWhatIsRead(socket),
    )
    this.netServer.maxRequestsPerSocket = 1000
    this.netServer.on('connection', (socket: Socket) => {
      const remoteAddress = socket.remoteAddress ?? ''
      socket.on('error', () => undefined)
      if (!limit.enter(remoteAddress)) {
        socket.destroy()
        return
      }
      this.#sockets.add(socket)
      socket.once('close', () => {
        this.#sockets.delete(socket)
        limit.leave(remoteAddress)
      })
    })
  }

  /**
   * Node's HTTP parser reads into one buffer of its own, where the last long form stays for as long as nothing longer comes. A listener for
   * data makes it read what the socket read instead, which is wiped when it was parsed: bodies are copies.
   */
  #wipeWhatIsRead(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => chunk.fill(0))
  }

  /** Takes no more requests, lets those in progress finish; cuts off what is left after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.netServer.close(() => resolve())
    })
    this.netServer.closeIdleConnections()
    await within(closed, graceMs)
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

function secureServer(
  tls: Tls,
  pace: WebPace,
  onRequest: Parameters<typeof createHttpServer>[1],
): HttpsServer {
  const { cert, key, minVersion } = tls.current
  const server = createHttpsServer(
    { ...settingsOf(pace), cert, key, minVersion, handshakeTimeout: 30_000, secureOptions: cleansePlaintext },
    onRequest,
  )
  // What is not TLS, or gives up, is of no interest to anybody.
  server.on('tlsClientError', (_, socket) => socket.destroy())
  tls.onChange((certificate) => {
    server.setSecureContext({
      cert: certificate.cert,
      key: certificate.key,
      minVersion: certificate.minVersion,
      secureOptions: cleansePlaintext,
    })
  })
  return server
}
