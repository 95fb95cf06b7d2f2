// smtp-server's connection with what it lacks for us: own status codes, an exact end of DATA, an end to patience.
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js'
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import type { SMTPServer, SMTPServerDataStream } from 'smtp-server'
import { DotReader } from './dot-reader.ts'
import { replies } from './reply.ts'

type Done = (error?: Error | null) => void

/**
 * smtp-server's own reader of DATA strips a dot behind a lone LF too, keeps a single dot that begins a line, and takes one
 * turn of the event loop and one small buffer for every dot. This one follows RFC 5321 §4.5.2 and is one write a chunk.
 */
class DataReader extends SMTPStream {
  #dots = new DotReader()

  override startDataMode(maxBytes?: number | string | null): SMTPServerDataStream {
    this.#dots = new DotReader()
    return super.startDataMode(maxBytes)
  }

  override _feedDataStream(chunk: Buffer, done: Done): void {
    const stream = this._dataStream
    const { content, rest } = this.#dots.read(chunk)
    this._countDataBytes(content.length)
    if (rest) {
      this._endDataMode(content.length > 0 ? content : false, rest, done)
      return
    }
    if (!stream?.writable || content.length === 0 || stream.write(content)) {
      done()
      return
    }
    const go = (): void => {
      stream.off('drain', go)
      stream.off('close', go)
      done()
    }
    stream.once('drain', go)
    stream.once('close', go)
  }
}

/** Answers of 500 to 504 before a peer is sent away, and of any refusal from an unknown SMTP peer. */
const syntaxErrors = 20
const smtpErrors = 50

const ownStatus = /^[245]\.\d{1,3}\.\d{1,3} /

/** One connection of a peer. */
export class Dialogue extends SMTPConnection {
  #isLmtp: boolean
  #syntaxErrors = 0
  #errors = 0

  constructor(server: SMTPServer, socket: SMTPConnection['_socket'], options?: SMTPConnectionOptions | null) {
    super(server, socket, options)
    this.#isLmtp = server.options.lmtp === true
  }

  /** smtp-server waits 100 ms to catch those who talk first. Who speaks LMTP is no spammer: greet at once. */
  override init(): void {
    if (this.#isLmtp) this._setListeners(() => this.connectionReady())
    else super.init()
  }

  // Called by the base constructor: must not touch fields of this class.
  override _createParser(): SMTPStream {
    const { maxCommandLength } = this._server.options
    const parser = new DataReader({ maxCommandLength })
    parser.oncommand = (command, callback) => this._onCommand(command, callback)
    parser.on('error', (error) => this.send(421, `4.5.2 ${error.message}`))
    return parser
  }

  /** A text that begins with an enhanced status code keeps it; smtp-server would put one of its own before it. */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    const hasOwn = typeof data === 'string' && ownStatus.test(data)
    super.send(code, data, hasOwn ? false : context)
    if (code === 421) return
    if (code >= 500 && code <= 504) this.#syntaxErrors += 1
    if (code >= 400) this.#errors += 1
    // An MTA may ask LMTP about any number of unknown users in one connection (recipient verification).
    if (this.#syntaxErrors >= syntaxErrors || (!this.#isLmtp && this.#errors >= smtpErrors))
      this.end(replies.tooManyErrors)
  }

  /** Says a last reply and closes. */
  end({ code, text }: { readonly code: number; readonly text: string }): void {
    super.send(code, text, false)
    this.close()
  }

  /** Whether a command runs, or a message is on its way in or being stored. */
  get isBusy(): boolean {
    return this._handlerPending || Boolean(this._dataStream)
  }
}
