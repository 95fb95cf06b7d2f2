// A mail relay for notices to alternate addresses: keeps what it was given.
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { Evidence } from './secrets-ledger.ts'

export class Relay implements AsyncDisposable {
  readonly #server: SMTPServer
  /** What came, in order, and where to. */
  readonly mail: { readonly to: string; readonly text: string }[] = []
  /** Secrets that were to be sent: each may stand in one message. */
  readonly #expected: string[] = []

  private constructor(password: string) {
    this.#server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth({ username, password: given }, _session, done) {
        if (username === 'relay' && given === password) done(null, { user: username })
        else done(new Error('wrong'))
      },
      onData: (stream, { envelope }, done) => {
        const pieces: Buffer[] = []
        stream.on('data', (piece: Buffer) => pieces.push(piece))
        stream.on('end', () => {
          const to = envelope.rcptTo.map(({ address }) => address).join()
          this.mail.push({ to, text: Buffer.concat(pieces).toString() })
          done()
        })
      },
    })
  }

  static async start(password: string): Promise<Relay> {
    const relay = new Relay(password)
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve))
    return relay
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port
  }

  /** A code that belongs into a message, as the site is set. */
  expect(code: string): void {
    this.#expected.push(code)
  }

  /** Messages, each less one occurrence of a code that belongs into one. */
  get evidence(): Evidence[] {
    const left = [...this.#expected]
    return this.mail.map(({ to, text }) => {
      const at = left.findIndex((code) => text.includes(code))
      const [code] = at < 0 ? [] : left.splice(at, 1)
      return {
        where: `mail to ${to}`,
        bytes: Buffer.from(code === undefined ? text : text.replace(code, '')),
      }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
