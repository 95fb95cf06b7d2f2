// The page on a port of 127.0.0.1, over the double of the account layer.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/base/ports.ts'
import { loadConfig } from '../../src/config/load.ts'
import { makeLoginGuard } from '../../src/server/rate-limit.ts'
import { openWeb } from '../../src/web/open.ts'
import { webSettings } from '../../src/web/settings.ts'
import { recordingLog } from '../delivery/open-door.ts'
import { AccountsDouble } from './accounts-double.ts'

export const alice = 'alice@example.org'
export const alicePassword = 'correct horse battery'

/** Begins at a fixed moment and goes on as real time does, or as a test says. */
export class TestClock implements Clock {
  #offset = Date.UTC(2026, 10, 28, 9, 30) - Date.now()
  now(): number {
    return Date.now() + this.#offset
  }
  advance(ms: number): void {
    this.#offset += ms
  }
}

export interface PageServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly accounts: AccountsDouble
  readonly clock: TestClock
  readonly lines: readonly string[]
  /** As a restart does. */
  dropConnections(): void
}

/** `flags`: settings by name. Alice is there, with encryption off. */
export async function pageServer(flags: Readonly<Record<string, string>> = {}): Promise<PageServer> {
  const config = loadConfig({
    flags: {
      hostname: 'mail.example.org',
      'web.admins': 'admin@example.org',
      'auth.account_failures': '1000',
      ...flags,
    },
  })
  const clock = new TestClock()
  const lines: string[] = []
  const log = recordingLog(lines)
  const accounts = new AccountsDouble(clock)
  accounts.add(alice, alicePassword)
  const listener = openWeb({
    accounts: accounts.asAccounts,
    guard: makeLoginGuard(config.auth, log),
    settings: webSettings(config),
    clock,
    log,
    uploads: join(tmpdir(), `letterlock-uploads-${process.pid}`),
    health: () => ({
      version: '0.0.0',
      startedAt: clock.now() - 86_400_000,
      listeners: ['imaps [::]:993', 'web [::]:8443'],
      certificateEndsAt: clock.now() + 40 * 86_400_000,
    }),
  })
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    accounts,
    clock,
    lines,
    dropConnections: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
