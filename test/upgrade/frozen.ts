// Frozen stores of earlier releases (fixtures/stores), and today's server on a copy of one.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { extract } from 'tar'
import { loadConfig } from '../../src/config/load.ts'
import { u32 } from '../../src/base/bytes.ts'
import { encodeFormat, formatKey } from '../../src/store/level/layout.ts'
import { openLevelRecords } from '../../src/store/level/record-handle.ts'
import { main } from '../../src/server/cli.ts'
import { startServer, type RunningServer } from '../../src/server/compose.ts'
import { recordingLog } from '../delivery/open-door.ts'
import type { StorePromise } from './promise.ts'

export const storesFolder: string = fileURLToPath(new URL('../../../fixtures/stores', import.meta.url))

export const frozenNames: readonly string[] = readdirSync(storesFolder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort()

const values = {
  'listen.imap': '127.0.0.1:0',
  'listen.imaps': '',
  'listen.lmtp': '127.0.0.1:0',
  'auth.allow_plain_login_on_loopback': 'true',
  'auth.account_failures': '50',
  'auth.address_failures': '500',
  'atrest.kdf.memory': '19M',
  'atrest.kdf.time': '1',
  'atrest.kdf.parallelism': '1',
  'recovery.delay': '2h',
}

export interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

/** A copy of a frozen store, in a directory of its own. Time is that of an hour after it was frozen. */
export class FrozenSite implements AsyncDisposable {
  readonly root: string
  readonly promise: StorePromise
  readonly lines: string[] = []
  /** Added to the hour. */
  laterMs = 0
  #server: RunningServer | undefined

  private constructor(root: string, promise: StorePromise) {
    this.root = root
    this.promise = promise
  }

  static async open(name: string): Promise<FrozenSite> {
    const folder = join(storesFolder, name)
    const root = await mkdtemp(join(tmpdir(), 'letterlock-frozen-'))
    await extract({ file: join(folder, 'store.tar.gz'), cwd: root })
    const promise = JSON.parse(await readFile(join(folder, 'promise.json'), 'utf8')) as StorePromise
    return new FrozenSite(root, promise)
  }

  get dataDir(): string {
    return join(this.root, 'frozen')
  }

  /** As a later release would write it. */
  async setFormatVersion(version: number): Promise<void> {
    const records = await openLevelRecords(join(this.dataDir, 'store/records'), false)
    const value = Buffer.concat([encodeFormat().subarray(0, 16), u32(version)])
    await records.write([{ key: formatKey, value }])
    await records.close()
  }

  get backup(): string {
    return join(this.root, 'frozen-backup')
  }

  async start(): Promise<void> {
    const began = performance.now()
    const frozenAt = Date.parse(this.promise.madeAt) + 3600_000
    this.#server = await startServer(loadConfig({ flags: { data_dir: this.dataDir, ...values } }), {
      log: recordingLog(this.lines),
      clock: { now: () => Math.floor(frozenAt + this.laterMs + performance.now() - began) },
      version: '0.0.0-test',
      onStopAsked: () => undefined,
    })
  }

  port(protocol: 'imap' | 'lmtp'): number {
    const at = this.#server?.listeners.find((listener) => listener.protocol === protocol)?.address
    return at?.kind === 'tcp' ? at.port : 0
  }

  async stop(): Promise<void> {
    await this.#server?.stop(1000)
    this.#server = undefined
  }

  /** A command, in the running server; `input` are the lines of standard input. */
  async run(words: readonly string[], ...input: readonly string[]): Promise<Ran> {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
    stdin.end(input.map((line) => `${line}\n`).join(''))
    const set = Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`])
    const exitCode = await main(
      ['--data', this.dataDir, ...set, ...words],
      { stdin, stdout, stderr },
      {},
      new AbortController().signal,
    )
    const text = (stream: PassThrough) =>
      ((stream.read() as Buffer | null) ?? Buffer.alloc(0)).toString('utf8')
    return { exitCode, out: text(stdout), err: text(stderr) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await rm(this.root, { recursive: true, force: true })
  }
}
