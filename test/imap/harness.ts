// An IMAP server on a loopback port, over real accounts on the memory store, for one test.
import { createServer, type Server, type Socket } from 'node:net'
import type { Accounts, OpenAccount } from '../../src/account/api.ts'
import { silentLog, type Log, type LogFields } from '../../src/base/ports.ts'
import type { ConnectionOptions } from '../../src/imap/connection.ts'
import type { ImapSocket } from '../../src/imap/socket.ts'
import { serveImap, type ImapHandle } from '../../src/imap/serve.ts'
import type { ImapLimits, ImapSettings } from '../../src/imap/settings.ts'
import { makeSite, session, type TestSite } from '../account/support.ts'
import { Client } from './client.ts'
import { ManualTimers } from './manual-timers.ts'

export const address = 'alice@example.org'
export const passwordText = 'correct horse'

/** How a client comes: `tls` and `plain` from elsewhere, `loopback` from this machine without TLS. */
export type Door = 'tls' | 'plain' | 'loopback'

export interface HarnessOptions {
  readonly settings?: Partial<ImapSettings>
  readonly limits?: Partial<ImapLimits>
  /** Puts something between the server and its accounts. */
  readonly wrap?: (accounts: Accounts) => Accounts
  readonly startTls?: (socket: ImapSocket) => Promise<ImapSocket>
  readonly channelBinding?: NonNullable<ConnectionOptions['channelBinding']>
  readonly site?: Parameters<typeof makeSite>[0]
  readonly log?: Log
  /** How clients come that `connect` was not asked for. */
  readonly door?: Door
}

export interface Harness {
  readonly site: TestSite
  readonly accounts: Accounts
  readonly timers: ManualTimers
  readonly handles: ImapHandle[]
  /** Where a client of another make may connect. */
  readonly port: number
  /** Connects and reads the greeting. */
  readonly connect: (door?: Door, greeted?: (greeting: string) => void) => Promise<Client>
  /** Connects and logs in as alice. */
  readonly login: () => Promise<Client>
  /** Logs in and selects INBOX. */
  readonly select: (mailbox?: string) => Promise<Client>
  /** Puts a message into a mailbox without IMAP; resolves to its UID. */
  readonly put: (message: string | Buffer, options?: PutOptions) => Promise<number>
  /** Gives up the session that `put` uses: the account is locked when the last client has gone. */
  readonly lock: () => Promise<void>
  readonly close: () => Promise<void>
}

export interface PutOptions {
  readonly mailbox?: string
  readonly flags?: readonly string[]
  readonly internalDate?: number
  readonly zoneMinutes?: number
}

export async function makeHarness(options: HarnessOptions = {}): Promise<Harness> {
  const site = await makeSite(options.site)
  await site.accounts.create(address, Buffer.from(passwordText))
  // Another session of the same account: puts mail in place, and keeps the account unlocked between clients.
  const owner: OpenAccount = await site.accounts.login(address, Buffer.from(passwordText), session)
  const accounts = options.wrap?.(site.accounts) ?? site.accounts
  let isOwned = true
  const lock = async (): Promise<void> => {
    if (isOwned) await owner.close()
    isOwned = false
  }
  const timers = new ManualTimers()
  const handles: ImapHandle[] = []
  const clients: Client[] = []
  let door: Door = options.door ?? 'tls'
  const server = await listen((socket) => {
    if (door !== 'loopback') Object.defineProperty(socket, 'remoteAddress', { value: '192.0.2.7' })
    handles.push(
      serveImap(socket, {
        accounts,
        log: options.log ?? silentLog,
        clock: site.clock,
        timers,
        isTls: door === 'tls',
        settings: { allowPlainLogin: true, maxMessageBytes: 1024 * 1024, ...options.settings },
        ...(options.limits && { limits: options.limits }),
        ...(options.startTls && { startTls: options.startTls }),
        ...(options.channelBinding && { channelBinding: options.channelBinding }),
      }),
    )
  })
  const connect = async (by: Door = 'tls', greeted?: (greeting: string) => void): Promise<Client> => {
    door = by
    const client = await Client.connect(server.port)
    clients.push(client)
    const greeting = await client.next()
    greeted?.(greeting ?? '')
    return client
  }
  const login = async (): Promise<Client> => {
    const client = await connect()
    await client.ok(`LOGIN ${address} "${passwordText}"`)
    return client
  }
  return {
    ...{ site, accounts, timers, handles, connect, login, lock, port: server.port },
    async select(mailbox = 'INBOX') {
      const client = await login()
      await client.ok(`SELECT ${mailbox}`)
      return client
    },
    async put(message, { mailbox = 'INBOX', flags = [], ...rest } = {}) {
      async function* source(): AsyncGenerator<Uint8Array> {
        yield Buffer.from(message)
      }
      return (await owner.append(mailbox, source(), { flags, ...rest })).uid
    },
    async close() {
      for (const client of clients) client.socket.destroy()
      await Promise.all(handles.map(({ closed }) => closed))
      await lock()
      await site.accounts.close()
      await new Promise((resolve) => server.server.close(resolve))
    },
  }
}

async function listen(
  accept: (socket: Socket) => void,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer({ noDelay: true }, accept)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port')
  return { server, port: bound.port }
}

/** A log that keeps its lines. */
export class KeptLog implements Log {
  readonly lines: { readonly event: string; readonly fields: LogFields }[] = []
  write(_level: string, event: string, fields: LogFields = {}): void {
    this.lines.push({ event, fields })
  }
  with(): Log {
    return this
  }
}

/** A small message with the given subject. */
export function mail(subject: string, body = 'Hello.\r\n'): string {
  return (
    `From: Bob <bob@example.org>\r\nTo: alice@example.org\r\nSubject: ${subject}\r\n` +
    `Message-ID: <${subject.replace(/\W/g, '')}@example.org>\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\n\r\n${body}`
  )
}
