// The door: takes one accepted connection and serves IMAP on it.
import type { Accounts } from '../account/api.ts'
import { MemoryBudget } from '../account/memory-budget.ts'
import type { Clock, Log } from '../base/ports.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { defaultImapLimits, type ImapLimits, type ImapSettings } from './settings.ts'
import type { ImapSocket } from './socket.ts'
import { systemTimers, type Timers } from './timers.ts'

export interface ServeImapOptions extends ConnectionOptions {
  readonly accounts: Accounts
  /** Lines of this connection; give it the connection's number and peer. */
  readonly log: Log
  readonly clock: Clock
  readonly settings: ImapSettings
  readonly limits?: Partial<ImapLimits>
  readonly timers?: Timers
  /** One for all connections of the server: how much mail may be in memory to be parsed or searched. */
  readonly budget?: MemoryBudget
}

export interface ImapHandle {
  /** Says `* BYE [UNAVAILABLE] reason` as soon as no answer is half written, and ends the connection. */
  close(reason: string): void
  /** Resolves, never rejects, when the account has been given up and the socket is closed. */
  readonly closed: Promise<void>
}

const defaultBudgetBytes = 128 * 1024 * 1024

/** Serves one connection until one side ends it. Give sockets without Nagle's delay. */
export function serveImap(socket: ImapSocket, options: ServeImapOptions): ImapHandle {
  const { accounts, log, clock, settings, isTls, startTls, channelBinding } = options
  const connection = new Connection(
    socket,
    {
      accounts,
      log,
      clock,
      settings,
      budget: options.budget ?? new MemoryBudget(defaultBudgetBytes),
      timers: options.timers ?? systemTimers,
      limits: { ...defaultImapLimits, ...options.limits },
    },
    { isTls, ...(startTls && { startTls }), ...(channelBinding && { channelBinding }) },
  )
  return { close: (reason) => connection.close(reason, 'UNAVAILABLE'), closed: connection.run() }
}
