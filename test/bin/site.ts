// A real site in a directory of its own, and the real command line in this process.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { TestContext } from 'node:test'
import type { Log, LogFields } from '../../src/base/ports.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { main } from '../../src/server/cli.ts'
import { startServer, type RunningServer } from '../../src/server/compose.ts'
import { initSite } from '../../src/server/init.ts'

export interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

// Ports of the system's choice; the cheapest password check that the format allows.
const values = {
  'listen.imap': '127.0.0.1:0',
  'listen.imaps': '127.0.0.1:0',
  'listen.lmtp': '127.0.0.1:0',
  'atrest.kdf.memory': '20M',
  'atrest.kdf.time': '1',
  'atrest.kdf.parallelism': '1',
}

export class TestSite {
  readonly dataDir: string
  readonly config: Config
  readonly logLines: string[] = []
  server: RunningServer | undefined

  constructor(dataDir: string) {
    this.dataDir = dataDir
    this.config = loadConfig({
      flags: {
        ...values,
        data_dir: dataDir,
        'listen.sasl': `unix:${dataDir}/../sasl.sock`,
        'listen.web': '127.0.0.1:0',
      },
    })
  }

  get log(): Log {
    const make = (base: LogFields): Log => ({
      write: (level, event, fields = {}) =>
        this.logLines.push(JSON.stringify({ level, event, ...base, ...fields })),
      with: (fields) => make({ ...base, ...fields }),
    })
    return make({})
  }

  async start(): Promise<RunningServer> {
    this.server = await startServer(this.config, {
      log: this.log,
      version: '0.0.0-test',
      onStopAsked: () => setImmediate(() => void this.stop()),
    })
    return this.server
  }

  async stop(): Promise<void> {
    await this.server?.stop(1000)
    this.server = undefined
  }

  async run(argv: readonly string[], input: string | Buffer = ''): Promise<Ran> {
    const stdin = new PassThrough()
    stdin.end(input)
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    const set = Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`])
    const exitCode = await main(
      ['--data', this.dataDir, ...set, ...argv],
      { stdin, stdout, stderr },
      {},
      new AbortController().signal,
    )
    const text = (stream: PassThrough) =>
      ((stream.read() as Buffer | null) ?? Buffer.alloc(0)).toString('utf8')
    return { exitCode, out: text(stdout), err: text(stderr) }
  }
}

/** A site that was just made, in a directory that goes when the test ends. */
export async function makeSite(
  context: TestContext,
  options: { readonly isEmpty?: boolean } = {},
): Promise<TestSite> {
  const parent = await mkdtemp(join(tmpdir(), 'letterlock-bin-'))
  const site = new TestSite(join(parent, 'data'))
  context.after(async () => {
    await site.stop()
    await rm(parent, { recursive: true, force: true })
  })
  if (!options.isEmpty) await initSite(site.config)
  return site
}
