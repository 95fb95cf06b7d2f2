// LMTP or SMTP on one listener: smtp-server's callbacks, turned into questions to the desk.
import type { Server } from 'node:net'
import {
  SMTPServer,
  type SMTPServerAddress,
  type SMTPServerOptions,
  type SMTPServerSession,
} from 'smtp-server'
import type { SMTPServerDataResult, SMTPServerDataStream } from 'smtp-server'
import type { Log } from '../base/ports.ts'
import { within } from '../base/async.ts'
import type { DeliveryDesk, Dialect } from './desk.ts'
import type { Accepted } from './distribute.ts'
import { Dialogue } from './dialogue.ts'
import { asciiDomain } from '../base/domain.ts'
import { isStored, ReplyError, replies, type Reply } from './reply.ts'

/** PEM texts; what STARTTLS shows. */
export interface DoorTls {
  readonly cert: string
  readonly key: string
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
}

export interface DoorOptions {
  readonly dialect: Dialect
  readonly desk: DeliveryDesk
  readonly log: Log
  readonly hostname: string
  /** Whether SMTP takes mail for a domain (A-labels); a refusal is told to the peer. LMTP asks the accounts alone. */
  readonly isLocal: (domain: string) => boolean
  /** Whose postmaster is meant where no domain is named. */
  readonly postmasterDomain: string
  readonly maxRecipients: number
  /** A peer that sends nothing for so long is sent away. */
  readonly idleMs: number
  /** One message has so long to come in, however steadily it trickles. */
  readonly transferMs: number
  /** Without it there is no STARTTLS. */
  readonly tls: DoorTls | undefined
  /** Whether one more connection from there may be served. When it says yes, `left` is called at its end. */
  readonly enter: (remoteAddress: string) => Promise<boolean>
  readonly left: (remoteAddress: string) => void
}

type Callback = (error?: Error | null) => void
type DataCallback = (error?: Error | null, message?: string | SMTPServerDataResult[]) => void

// No log in: this is no submission server. WIZ, SHELL and KILL are smtp-server's jokes. HELP names a web page.
const disabledCommands = ['AUTH', 'XCLIENT', 'XFORWARD', 'WIZ', 'SHELL', 'KILL', 'HELP']

function serverOptions({ dialect, desk, hostname, idleMs, tls }: DoorOptions): SMTPServerOptions {
  return {
    lmtp: dialect === 'lmtp',
    name: hostname,
    heloResponse: '%s',
    size: desk.messageBytes,
    socketTimeout: idleMs,
    maxCommandLength: 4096,
    hideENHANCEDSTATUSCODES: false,
    disableReverseLookup: true, // no question leaves this machine because somebody connects to it
    logger: false,
    authOptional: true,
    ...(tls ? { cert: tls.cert, key: tls.key, minVersion: tls.minVersion, disabledCommands } : {}),
    // Without a certificate smtp-server would show its own, whose key everybody knows.
    ...(tls ? {} : { disabledCommands: [...disabledCommands, 'STARTTLS'] }),
  }
}

/** One listener's server. `server` is the net.Server to listen with. */
export class Door extends SMTPServer {
  readonly #door: DoorOptions
  readonly #admitted = new WeakSet<SMTPServerSession>()
  /** Accepted RCPTs of each transaction; smtp-server forgets one that is repeated, LMTP must answer both. */
  readonly #recipients = new WeakMap<object, Accepted[]>()
  #isStopping = false

  constructor(options: DoorOptions) {
    super(serverOptions(options))
    this.#door = options
    // A broken connection or a failed handshake: the peer's affair. Trouble of the listener itself comes by `server`.
    this.on('error', (error: Error & { code?: string }) =>
      options.log.write('debug', 'delivery.connection', { reason: error.code ?? error.name }),
    )
  }

  get netServer(): Server {
    return this.server
  }

  override connect(
    socket: Parameters<SMTPServer['connect']>[0],
    options?: Parameters<SMTPServer['connect']>[1],
  ): void {
    const dialogue = new Dialogue(this, socket, options)
    this.connections.add(dialogue)
    dialogue.on('error', (error: Error) => this._onError(error))
    dialogue.init()
  }

  override onConnect(session: SMTPServerSession, callback: Callback): void {
    settle(this.#admit(session), callback)
  }

  async #admit(session: SMTPServerSession): Promise<void> {
    if (this.#isStopping) throw new ReplyError(replies.shuttingDown)
    if (!(await this.#door.enter(session.remoteAddress))) throw new ReplyError(replies.tooManyConnections)
    this.#admitted.add(session)
    // The peer may have gone meanwhile; `onClose` was called before it was admitted, then.
    if (!this.#dialogue(session)) this.onClose(session)
  }

  override onClose(session: SMTPServerSession): void {
    if (this.#admitted.delete(session)) this.#door.left(session.remoteAddress)
  }

  override onMailFrom(_: SMTPServerAddress, __: SMTPServerSession, callback: Callback): void {
    callback()
  }

  override onRcptTo(address: SMTPServerAddress, session: SMTPServerSession, callback: Callback): void {
    settle(this.#addRecipient(address.address, session), callback)
  }

  async #addRecipient(address: string, session: SMTPServerSession): Promise<void> {
    const { envelope } = session
    const recipients = this.#recipients.get(envelope) ?? []
    this.#recipients.set(envelope, recipients)
    if (recipients.length >= this.#door.maxRecipients) throw new ReplyError(replies.tooManyRecipients)
    // RFC 5321 §4.1.1.3: postmaster needs no domain.
    const isPostmaster = address.toLowerCase() === 'postmaster'
    const complete = isPostmaster ? `postmaster@${this.#door.postmasterDomain}` : address
    const domain = complete.slice(complete.lastIndexOf('@') + 1)
    if (this.#door.dialect === 'smtp' && !this.#isLocal(domain)) throw new ReplyError(replies.notLocal)
    recipients.push(await this.#door.desk.recipient(complete, declaredBytes(session), transactionId(session)))
  }

  /** Throws ReplyError where nobody can tell. */
  #isLocal(domain: string): boolean {
    try {
      return this.#door.isLocal(asciiDomain(domain))
    } catch (error) {
      throw new ReplyError(this.#door.desk.replyTo(error))
    }
  }

  override onData(stream: SMTPServerDataStream, session: SMTPServerSession, callback: DataCallback): void {
    const { envelope } = session
    const dialogue = this.#dialogue(session)
    const timer = setTimeout(() => dialogue?.end(replies.tooSlow), this.#door.transferMs)
    stream.once('end', () => {
      clearTimeout(timer)
    })
    void this.#door.desk
      .message(
        {
          dialect: this.#door.dialect,
          id: transactionId(session),
          sender: envelope.mailFrom ? envelope.mailFrom.address : '',
          recipients: this.#recipients.get(envelope) ?? [],
          declaredBytes: declaredBytes(session),
          helo: session.hostNameAppearsAs,
          remoteAddress: session.remoteAddress,
          protocol: session.transmissionType,
          isUtf8: envelope.smtpUtf8 === true,
        },
        stream,
      )
      .then((verdict) => {
        clearTimeout(timer)
        if (verdict.kind === 'endless') dialogue?.end({ code: 421, text: replies.tooLarge.text })
        if (verdict.kind !== 'replies') return
        answer(verdict.replies, this.#door.dialect, callback)
        if (this.#isStopping) dialogue?.end(replies.shuttingDown)
      })
      .catch(() => dialogue?.end({ code: 421, text: replies.internal.text }))
  }

  #dialogue(session: SMTPServerSession): Dialogue | undefined {
    for (const connection of this.connections) {
      if (connection instanceof Dialogue && connection.session === session) return connection
    }
    return undefined
  }

  /** What STARTTLS shows from now on. */
  updateTls(tls: DoorTls): void {
    if (this.#door.tls) this.updateSecureContext({ ...tls })
  }

  /** Takes no more connections, sends idle peers away, waits for messages under way; cuts off what is left after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    this.options.closeTimeout = graceMs
    const sockets = [...this.connections].map((connection) => connection._socket)
    const closed = new Promise<void>((resolve) => this.close(resolve))
    for (const connection of this.connections) {
      if (connection instanceof Dialogue && !connection.isBusy) connection.end(replies.shuttingDown)
    }
    await within(closed, graceMs + 1000)
    for (const socket of sockets) socket.destroy()
  }
}

function transactionId({ id, transaction }: SMTPServerSession): string {
  return `${id}.${transaction}`
}

/** SIZE of MAIL FROM (RFC 1870), 0 when not given; smtp-server has checked its form and our limit. */
function declaredBytes({ envelope: { mailFrom } }: SMTPServerSession): number {
  const size = mailFrom && mailFrom.args ? mailFrom.args['SIZE'] : undefined
  return typeof size === 'string' ? Number(size) : 0
}

function settle(work: Promise<void>, callback: Callback): void {
  work.then(
    () => callback(),
    (error: unknown) => callback(error instanceof ReplyError ? error : new ReplyError(replies.internal)),
  )
}

/** LMTP has one reply for each accepted RCPT, in their order (RFC 2033 §4.2); SMTP has one. */
function answer(given: readonly Reply[], dialect: Dialect, callback: DataCallback): void {
  const results = given.map((reply) => (isStored(reply) ? reply.text : new ReplyError(reply)))
  const [only] = results
  if (dialect === 'lmtp') callback(null, results)
  else if (typeof only === 'string') callback(null, only)
  else callback(only ?? new ReplyError(replies.internal))
}
