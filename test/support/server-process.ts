// The real program as a child process: a site of its own in a temporary directory, started, killed, started again.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { within } from '../../src/base/async.ts'
import { freePort } from './ports.ts'

const ownProgram = fileURLToPath(new URL('../../bin/letterlock.js', import.meta.url))
const startLimitMs = 300_000
const stopLimitMs = 300_000

export interface SiteOptions {
  /** Settings below their table's name, as TOML text: `{ limits: 'message_size = "120M"' }`. Added to the defaults below. */
  readonly tables?: Readonly<Record<string, string>>
  /** Where the data directory is made; default: in the site's own temporary directory. */
  readonly dataParent?: string
  /** Commands use another control socket than the server's: something that passes on to it listens there. */
  readonly hasProxiedCommands?: boolean
  /** The `letterlock.js` of another release; default: this one's. */
  readonly program?: string
}

/** One ended run of a command. */
export interface CommandOutput {
  readonly stdout: string
  readonly stderr: string
}

const running = new Set<ChildProcess>()
// Whatever ends the test, its servers end with it.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A site and, between `start` and `stop` or `kill`, the server that runs it. Disposing ends it and removes its files. */
export class ServerProcess implements AsyncDisposable {
  /** Everything of this site is below. */
  readonly root: string
  readonly dataDir: string
  readonly controlSocket: string
  readonly #program: string
  /** Where commands look for the server. */
  readonly commandSocket: string
  /** The server's own TMPDIR. */
  readonly temporaryDir: string
  readonly ports: { readonly imap: number; readonly imaps: number; readonly lmtp: number }
  #options: SiteOptions
  readonly #log: Buffer[] = []
  #logged: () => void = () => undefined
  #child: ChildProcess | undefined
  #exited: Promise<unknown> = Promise.resolve()

  private constructor(root: string, ports: ServerProcess['ports'], options: SiteOptions) {
    this.root = root
    this.dataDir = join(options.dataParent ?? root, 'data')
    this.controlSocket = join(root, 'control/control.sock')
    this.commandSocket = options.hasProxiedCommands ? join(root, 'control/proxy.sock') : this.controlSocket
    this.temporaryDir = join(root, 'tmp')
    this.#program = options.program ?? ownProgram
    this.ports = ports
    this.#options = options
  }

  /** Makes a site with `letterlock init`; does not start it. */
  static async create(options: SiteOptions = {}): Promise<ServerProcess> {
    const root = await mkdtemp(join(tmpdir(), 'letterlock-e2e-'))
    // Other users' programs, such as Postfix, may have their files below; ours are closed by their own modes.
    await chmod(root, 0o711)
    const ports = { imap: await freePort(), imaps: await freePort(), lmtp: await freePort() }
    const site = new ServerProcess(root, ports, options)
    for (const name of ['tmp', 'control']) await mkdir(join(root, name), { mode: 0o700 })
    await writeFile(site.#configFile('server'), site.#config(site.controlSocket))
    await writeFile(site.#configFile('command'), site.#config(site.commandSocket))
    await site.command(['init'])
    return site
  }

  /** Adds settings, for the next start and the next command. */
  async configure(tables: NonNullable<SiteOptions['tables']>): Promise<void> {
    this.#options = { ...this.#options, tables: { ...this.#options.tables, ...tables } }
    await writeFile(this.#configFile('server'), this.#config(this.controlSocket))
    await writeFile(this.#configFile('command'), this.#config(this.commandSocket))
  }

  /** The file that commands read their settings from. */
  get commandConfig(): string {
    return this.#configFile('command')
  }

  /** Makes a site and starts it. */
  static async start(options: SiteOptions = {}): Promise<ServerProcess> {
    const site = await ServerProcess.create(options)
    try {
      await site.start()
      return site
    } catch (error) {
      await site[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Starts the server; resolves when it says that it is ready, to the milliseconds that took. */
  async start(): Promise<number> {
    const begun = performance.now()
    const ready = this.launch()
    if (!(await within(ready, startLimitMs))) {
      await this.kill()
      throw new Error(`the server did not become ready: ${this.logTail()}`)
    }
    return performance.now() - begun
  }

  /** Starts the server; the promise is false when it ended before it was ready. */
  launch(): Promise<boolean> {
    if (this.isRunning) throw new Error('the server runs already')
    const child = spawn(process.execPath, [this.#program, '--config', this.#configFile('server'), 'serve'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', TMPDIR: this.temporaryDir },
    })
    this.#child = child
    running.add(child)
    this.#exited = once(child, 'close').then(() => running.delete(child))
    return new Promise((resolve, reject) => {
      let line = ''
      child.once('error', reject)
      void this.#exited.then(() => resolve(false))
      const listen = (chunk: Buffer): void => {
        this.#log.push(chunk)
        this.#logged()
        line = (line + chunk.toString('latin1')).slice(-4096)
        if (line.includes('"server.ready"')) resolve(true)
      }
      child.stdout.on('data', listen)
      child.stderr.on('data', listen)
    })
  }

  get isRunning(): boolean {
    const child = this.#child
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error('the server was never started')
    return pid
  }

  /** What the server has written to standard output and standard error, over all its starts. */
  get log(): Buffer {
    return Buffer.concat(this.#log)
  }

  /** Resolves when the log, over all starts, has `count` lines with `text`. Rejects after `limitMs` without a new line. */
  async untilLogged(text: string, count: number, limitMs: number = 300_000): Promise<void> {
    let seen = 0
    let from = 0
    let tail = ''
    for (;;) {
      for (; from < this.#log.length; from++) {
        const lines = (tail + (this.#log[from]?.toString('latin1') ?? '')).split('\n')
        tail = lines.pop() ?? ''
        seen += lines.filter((line) => line.includes(text)).length
      }
      if (seen >= count) return
      const more = new Promise<true>((resolve) => (this.#logged = () => resolve(true)))
      if (!(await within(more, limitMs)))
        throw new Error(`${seen} of ${count} lines with ${text}: ${this.logTail()}`)
    }
  }

  logTail(): string {
    return this.log.toString('utf8').slice(-3_000)
  }

  /** kill -9; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#child?.kill('SIGKILL')
    await this.#exited
  }

  /** SIGTERM, as a service manager does; rejects when the exit code is not 0. */
  async stop(): Promise<void> {
    const child = this.#child
    if (!child || !this.isRunning) return
    child.kill('SIGTERM')
    if ((await within(this.#exited, stopLimitMs)) === undefined) {
      await this.kill()
      throw new Error(`the server did not stop: ${this.logTail()}`)
    }
    if (child.exitCode !== 0)
      throw new Error(`the server ended with ${child.exitCode ?? 'a signal'}: ${this.logTail()}`)
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Runs an admin command; `input` are the lines on its standard input. Rejects unless it ends with 0. */
  async command(words: readonly string[], input: readonly string[] = []): Promise<CommandOutput> {
    const child = spawn(process.execPath, [this.#program, '--config', this.#configFile('command'), ...words])
    const output = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString('utf8')))
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString('utf8')))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input.map((line) => `${line}\n`).join(''))
    await once(child, 'close')
    if (child.exitCode === 0) return output
    throw new Error(
      `letterlock ${words.join(' ')}: ${child.exitCode ?? 'signal'}: ${output.stdout}${output.stderr}`,
    )
  }

  /** Makes an account; no at-rest encryption yet. */
  async addUser(address: string, password: string): Promise<void> {
    await this.command(['user', 'add', address, '--password-file', '-'], [password])
  }

  /** Turns at-rest encryption on; resolves to the recovery code. */
  async enableAtRest(address: string, password: string): Promise<string> {
    const words = ['atrest', 'enable', address, '--password-file', '-', '--json']
    return recoveryCodeOf(await this.command(words, [password]))
  }

  /** Makes an account whose mail only its owner can open; resolves to the recovery code. */
  async addSealedUser(address: string, password: string): Promise<string> {
    await this.addUser(address, password)
    return this.enableAtRest(address, password)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.root, { recursive: true, force: true })
  }

  #configFile(reader: 'server' | 'command'): string {
    return join(this.root, `${reader}.toml`)
  }

  // Defaults but for names and ports, cheap password hashing, and limits that a test from one address would meet.
  #config(controlSocket: string): string {
    const { imap, imaps, lmtp } = this.ports
    const tables: Record<string, string> = {
      listen: `imap = ["127.0.0.1:${imap}"]\nimaps = ["127.0.0.1:${imaps}"]\nlmtp = ["127.0.0.1:${lmtp}"]`,
      auth: 'allow_plain_login_on_loopback = true',
      'atrest.kdf': 'memory = "19M"\ntime = 1\nparallelism = 1',
    }
    for (const [name, text] of Object.entries(this.#options.tables ?? {})) {
      tables[name] = name === 'atrest.kdf' || tables[name] === undefined ? text : `${tables[name]}\n${text}`
    }
    const named = Object.entries(tables).map(([name, text]) => `[${name}]\n${text}\n`)
    return `hostname = "e2e.test"\ndata_dir = "${this.dataDir}"\ncontrol_socket = "${controlSocket}"\n${named.join('')}`
  }
}

/** The code that a command with `--json` has revealed. */
export function recoveryCodeOf({ stdout }: CommandOutput): string {
  const { recoveryCode } = JSON.parse(stdout) as { readonly recoveryCode?: unknown }
  if (typeof recoveryCode !== 'string') throw new Error('the command printed no recovery code')
  return recoveryCode
}
