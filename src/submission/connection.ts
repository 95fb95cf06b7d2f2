// One connection of a mail server that asks whether logins of its clients are right (Dovecot's authentication protocol).
import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import type { Accounts } from '../account/api.ts'
import { isRefusal, Refusal } from '../account/errors.ts'
import { scrubStack, type Secret } from '../base/secret.ts'
import type { Log } from '../base/ports.ts'
import { randomToken } from '../crypto/random.ts'
import { SaslDialogue, type SaslAnswer } from '../sasl/dialogue.ts'
import {
  authLineBytes,
  escapedText,
  fieldsOf,
  isRequestId,
  readAuthRequest,
  type AuthRequest,
} from '../sasl/dovecot-lines.ts'
import { findMechanism, mechanisms } from '../sasl/registry.ts'

export interface AuthConnectionOptions {
  readonly accounts: Pick<Accounts, 'authenticate'>
  readonly log: Log
  /** Passwords without TLS, from this machine only. */
  readonly allowPlainLogin: boolean
  /** Of this connection, for the peer. */
  readonly number: number
}

/** Requests of one connection that are not answered yet. Postfix has one. */
const requestsAtMost = 32

interface Exchange {
  readonly dialogue: SaslDialogue
  readonly remoteAddress: string
  readonly isTls: boolean
}

export class AuthConnection {
  readonly #socket: Socket
  readonly #options: AuthConnectionOptions
  /** By the number of the request. */
  readonly #exchanges = new Map<string, Exchange>()
  readonly #checking = new Set<string>()

  constructor(socket: Socket, options: AuthConnectionOptions) {
    this.#socket = socket
    this.#options = options
  }

  /** Resolves when the connection is at its end. */
  async run(): Promise<void> {
    const hello = [
      'VERSION\t1\t2',
      ...mechanisms.map(({ name }) => `MECH\t${name}\tplaintext`),
      `SPID\t${process.pid}`,
      `CUID\t${this.#options.number}`,
      `COOKIE\t${Buffer.from(randomToken()).toString('hex').slice(0, 32)}`,
      'DONE',
    ]
    this.#send(...hello)
    let held: Buffer = Buffer.alloc(0)
    try {
      for await (const chunk of this.#socket as AsyncIterable<Buffer>) {
        const joined = Buffer.concat([held, chunk])
        // Passwords come here.
        chunk.fill(0)
        held.fill(0)
        held = this.#lines(joined)
        if (held.length > authLineBytes) throw new Error('a line is too long')
      }
    } catch (error) {
      this.#options.log.write('warn', 'sasl.garbage', {
        reason: error instanceof Error ? error.message : 'fault',
      })
    } finally {
      held.fill(0)
      for (const { dialogue } of this.#exchanges.values()) dialogue.wipe()
      this.#socket.destroy()
    }
  }

  /** Takes whole lines; what is left is a copy of its own. */
  #lines(bytes: Buffer): Buffer {
    let from = 0
    try {
      for (;;) {
        const end = bytes.indexOf(0x0a, from)
        if (end < 0) return Buffer.from(bytes.subarray(from))
        this.#line(bytes.subarray(from, end))
        from = end + 1
      }
    } finally {
      bytes.fill(0)
    }
  }

  /** Throws what ends the connection. */
  #line(line: Buffer): void {
    const [command, ...fields] = fieldsOf(line)
    switch (command?.toString('latin1')) {
      case 'VERSION':
        if (fields[0]?.toString('latin1') !== '1') throw new Error('another version of the protocol')
        return
      case 'AUTH': {
        const request = readAuthRequest(fields)
        if (!request) throw new Error('AUTH cannot be read')
        this.#begin(request)
        return
      }
      case 'CONT': {
        const [id, response] = fields
        const exchange = id && this.#exchanges.get(id.toString('latin1'))
        if (!exchange || !response) throw new Error('CONT without AUTH')
        this.#answer(id.toString('latin1'), exchange, exchange.dialogue.line(Buffer.from(response)))
        return
      }
      case 'CANCEL': {
        const [id] = fields
        if (!id || !isRequestId(id)) throw new Error('CANCEL cannot be read')
        this.#exchanges.get(id.toString('latin1'))?.dialogue.wipe()
        this.#exchanges.delete(id.toString('latin1'))
        return
      }
      default:
        // CPID, and what later versions say.
        return
    }
  }

  #begin({ id, mechanism: name, parameters, response }: AuthRequest): void {
    if (this.#exchanges.has(id) || this.#checking.has(id)) throw new Error('AUTH with a number in use')
    const given = parameters.get('rip') ?? ''
    const remoteAddress = isIP(given) === 0 ? '0.0.0.0' : given
    const isTls = parameters.has('secured')
    if (!isTls && !(this.#options.allowPlainLogin && isLoopback(remoteAddress))) {
      this.#fail(id, undefined, 'Passwords are taken only over TLS')
      return
    }
    const mechanism = findMechanism(name)
    if (!mechanism || this.#exchanges.size + this.#checking.size >= requestsAtMost) {
      this.#fail(id, undefined, mechanism ? 'temp' : 'No such mechanism')
      return
    }
    const exchange = { dialogue: new SaslDialogue(mechanism), remoteAddress, isTls }
    this.#exchanges.set(id, exchange)
    this.#answer(id, exchange, exchange.dialogue.start(response && Buffer.from(response)))
  }

  #answer(id: string, exchange: Exchange, answer: SaslAnswer): void {
    if (answer.kind === 'challenge') {
      this.#send(`CONT\t${id}\t${answer.line}`)
      return
    }
    this.#exchanges.delete(id)
    if (answer.kind === 'failed') this.#fail(id, undefined)
    else void this.#check(id, exchange, answer.username, answer.password)
  }

  /** Never throws. Wipes the password. */
  async #check(id: string, exchange: Exchange, username: string, password: Secret): Promise<void> {
    const { accounts, log } = this.#options
    const { remoteAddress, isTls } = exchange
    this.#checking.add(id)
    try {
      const client = { protocol: 'submission', remoteAddress, isTls } as const
      const address = await accounts.authenticate(username, password.bytes, client)
      log.write('info', 'auth.ok', { tls: isTls, user: address, rip: remoteAddress })
      this.#send(`OK\t${id}\tuser=${escapedText(address)}`)
    } catch (error) {
      const code = error instanceof Refusal ? error.code : 'fault'
      const text = error instanceof Error ? error.message : ''
      if (!(error instanceof Refusal && error.isNoted))
        log.write(code === 'fault' ? 'error' : 'warn', 'auth.refused', {
          tls: isTls,
          rip: remoteAddress,
          code,
        })
      const isWrong = isRefusal(error, 'authentication-failed')
      const isFinal = isWrong || isRefusal(error, 'not-accepted-here') || isRefusal(error, 'account-disabled')
      if (!isFinal) this.#fail(id, username, 'temp')
      else this.#fail(id, username, isWrong ? undefined : text)
    } finally {
      password.wipe()
      scrubStack()
      this.#checking.delete(id)
    }
  }

  /** `temp`: it may be tried again. Another text is shown to the user, where the mail server does so. */
  #fail(id: string, username: string | undefined, why?: string): void {
    const parts = [
      ...(username === undefined ? [] : [`user=${escapedText(username)}`]),
      ...(why === undefined
        ? []
        : why === 'temp'
          ? ['temp', 'code=temp_fail']
          : [`reason=${escapedText(why)}`]),
    ]
    this.#send(['FAIL', id, ...parts].join('\t'))
  }

  #send(...lines: readonly string[]): void {
    if (!this.#socket.destroyed) this.#socket.write(lines.map((line) => `${line}\n`).join(''))
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address)
}
