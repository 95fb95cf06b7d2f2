// Letterlock itself, from the build that this benchmark is part of, run and managed as its users do.
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { askServer, connectControl } from '../../../src/admin/client.ts'
import { noOutlet } from '../../../src/admin/execute.ts'
import { ImapClient } from '../load/imap-client.ts'
import type { Account, Contestant, ContestantKind, ContestantOptions } from './contestant.ts'
import { freePort } from '../../support/ports.ts'
import { ServerProcess } from './server-process.ts'

const run = promisify(execFile)
const program = fileURLToPath(new URL('../../../bin/letterlock.js', import.meta.url))

/** Every account has at-rest encryption on before mail comes. */
export const letterlock: ContestantKind = {
  name: 'letterlock',
  label: 'Letterlock',
  async describe() {
    const { stdout } = await run(process.execPath, [program, 'version'])
    return `Letterlock ${/\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? stdout.trim()}`
  },
  async create(options) {
    const server = new Letterlock(options, await freePort(), await freePort())
    await server.prepare()
    return server
  },
}

class Letterlock implements Contestant {
  readonly imapPort: number
  readonly lmtpPort: number
  readonly dataDir: string
  readonly #options: ContestantOptions
  readonly #configFile: string
  #server: ServerProcess | undefined

  constructor(options: ContestantOptions, imapPort: number, lmtpPort: number) {
    this.#options = options
    this.imapPort = imapPort
    this.lmtpPort = lmtpPort
    this.dataDir = join(options.root, 'data')
    this.#configFile = join(options.root, 'letterlock.toml')
  }

  get #controlSocket(): string {
    return join(this.dataDir, 'control.sock')
  }

  async prepare(): Promise<void> {
    await mkdir(this.dataDir, { mode: 0o700 })
    await run(process.execPath, [program, '--data', this.dataDir, 'init'])
    await writeFile(this.#configFile, this.#config())
  }

  async start(): Promise<void> {
    this.#server = await ServerProcess.start(
      [process.execPath, program, '--config', this.#configFile, 'serve'],
      [this.imapPort, this.lmtpPort, this.#controlSocket],
      join(this.#options.root, 'letterlock.log'),
    )
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
    this.#server = undefined
  }

  async addUsers(accounts: readonly Account[]): Promise<void> {
    const queue = accounts.values()
    const worker = async (): Promise<void> => {
      for (const { address, password } of queue) {
        await this.#ask('user add', { address }, password)
        await this.#ask('atrest enable', { address }, password)
      }
    }
    await Promise.all([worker(), worker()])
  }

  async fill(account: Account, want: number): Promise<void> {
    const client = await ImapClient.login(this.imapPort, account)
    for (let have = await client.select(); have < want; have = await client.select()) {
      if (!(have > 0)) throw new Error(`INBOX of ${account.address} is empty`)
      await client.command(`COPY 1:${Math.min(have, want - have)} INBOX`)
    }
    await client.logout()
  }

  pids(): readonly number[] {
    return this.#server === undefined ? [] : [this.#server.pid]
  }

  // What the command line would do, without starting a program for each of hundreds of accounts.
  async #ask(command: string, input: object, password: string): Promise<void> {
    const socket = await connectControl(this.#controlSocket)
    if (socket === undefined) throw new Error('nobody listens on the control socket')
    const secrets = new Map([['password', Buffer.from(password)]])
    await askServer(
      socket,
      command,
      { input, isDryRun: false, secrets },
      noOutlet,
      new AbortController().signal,
    )
  }

  // Defaults, but for the ports, the password's cost, and limits that a load test from one address would meet.
  #config(): string {
    const { memoryKiB, passes, lanes } = this.#options.argon2
    return `
hostname = "bench.test"
data_dir = "${this.dataDir}"
[listen]
imap = ["127.0.0.1:${this.imapPort}"]
imaps = []
lmtp = ["127.0.0.1:${this.lmtpPort}"]
[auth]
allow_plain_login_on_loopback = true
[atrest.kdf]
memory = "${memoryKiB}KiB"
time = ${passes}
parallelism = ${lanes}
[delivery]
memory = "480M"
[limits]
message_size = "120M"
connections = 6000
connections_per_address = 6000
`
  }
}
