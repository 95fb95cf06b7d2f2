// A whole server in this process, on ports and a data directory of its own.
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { startServer, type RunningServer } from '../../src/server/compose.ts'
import type { Protocol } from '../../src/server/protocols.ts'
import { initSite } from '../../src/server/init.ts'
import { recordingLog } from '../delivery/open-door.ts'
import { temporary } from './temporary.ts'

export interface Running extends AsyncDisposable {
  readonly config: Config
  readonly server: RunningServer
  readonly lines: readonly string[]
  /** How often `letterlock stop` was asked for. */
  readonly stopsAsked: () => number
  port(protocol: Protocol): number
  path(protocol: Protocol): string
}

/** `settings` by name, above small and quick ones for tests. */
export async function running(settings: Readonly<Record<string, string>> = {}): Promise<Running> {
  const directory = await temporary()
  const config = loadConfig({
    flags: {
      data_dir: directory.at('data'),
      hostname: 'mail.example.org',
      'listen.imap': '127.0.0.1:0',
      'listen.imaps': '127.0.0.1:0',
      'listen.lmtp': `127.0.0.1:0,unix:${directory.at('lmtp.sock')}`,
      'atrest.kdf.memory': '19M',
      'atrest.kdf.time': '1',
      'atrest.kdf.parallelism': '1',
      ...settings,
    },
  })
  await initSite(config)
  const lines: string[] = []
  let stops = 0
  const server = await startServer(config, {
    log: recordingLog(lines),
    version: '0.0.0',
    onStopAsked: () => {
      stops += 1
    },
  })
  const find = (protocol: Protocol, kind: 'tcp' | 'unix') =>
    server.listeners.find((listener) => listener.protocol === protocol && listener.address.kind === kind)
      ?.address
  return {
    config,
    server,
    lines,
    stopsAsked: () => stops,
    port(protocol) {
      const address = find(protocol, 'tcp')
      return address?.kind === 'tcp' ? address.port : 0
    },
    path(protocol) {
      const address = find(protocol, 'unix')
      return address?.kind === 'unix' ? address.path : ''
    },
    async [Symbol.asyncDispose]() {
      await server.stop(1000)
      await directory[Symbol.asyncDispose]()
    },
  }
}
