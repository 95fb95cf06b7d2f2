// A site whose people give their secrets in every way there is, and everything that could give one of them away.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../support/ports.ts'
import { ServerProcess } from '../support/server-process.ts'
import { RawClient, type RawAnswer } from '../web/raw-client.ts'
import { searchBytes, searchDeletedFiles, searchDirectory, type Sighting } from './canary-search.ts'
import { SecretLedger, type Evidence } from './secrets-ledger.ts'
import { ProcessWatch } from './secrets-watch.ts'
import { Relay } from './secrets-relay.ts'

const binary = (name: 'letterlock' | 'tellmail'): string =>
  fileURLToPath(new URL(`../../bin/${name}.js`, import.meta.url))

export interface RunOptions {
  readonly program?: 'letterlock' | 'tellmail'
  /** Lines on standard input. */
  readonly input?: readonly string[]
  /** Secrets in files, by the flag that names the file. */
  readonly files?: Readonly<Record<string, string>>
  /** Secrets in files, by the variable that names the file. */
  readonly env?: Readonly<Record<string, string>>
  readonly exitCode?: number
  /** Member of the JSON on standard output in which a secret belongs; `text`: it stands there alone. */
  readonly reveals?: 'recoveryCode' | 'appPassword' | 'password' | 'text'
  /** What a revealed secret is; default: what its member says. */
  readonly kind?: 'recoveryCode' | 'appPassword' | 'password'
}

/** A page's answers are kept, but for those that show a secret. */
class RecordingClient extends RawClient {
  readonly #keep: (evidence: Evidence) => void
  /** The next answer is the place where a secret belongs. */
  isRevealing = false

  constructor(port: number, keep: (evidence: Evidence) => void) {
    super(port)
    this.#keep = keep
  }

  override async send(...request: Parameters<RawClient['send']>): Promise<RawAnswer> {
    const answer = await super.send(...request)
    const where = `answer to ${request[0]} ${request[1]}`
    if (!this.isRevealing)
      this.#keep({ where, bytes: Buffer.from(`${answer.headers.location ?? ''}\n${answer.body}`) })
    this.isRevealing = false
    return answer
  }
}

export class SecretiveSite implements AsyncDisposable {
  readonly server: ServerProcess
  readonly ledger: SecretLedger
  readonly relay: Relay
  readonly watch: ProcessWatch = new ProcessWatch()
  /** Where backups, exports and sealed keys go. */
  readonly outside: string
  readonly witnesses: string
  readonly saslSocket: string
  readonly #webPort: number
  /** Where people keep the secrets that they hand over in files: the only place where one may lie. */
  readonly #hand: string
  readonly #home: string
  readonly #since = Date.now()
  readonly #evidence: Evidence[] = []
  readonly #commands: { readonly pid: number; readonly words: string }[] = []
  #files = 0

  private constructor(server: ServerProcess, ledger: SecretLedger, relay: Relay, webPort: number) {
    this.server = server
    this.ledger = ledger
    this.relay = relay
    this.#webPort = webPort
    this.outside = join(server.root, 'outside')
    this.witnesses = join(server.root, 'witnesses')
    this.saslSocket = join(server.root, 'sasl.sock')
    this.#hand = join(server.root, 'hand')
    this.#home = join(server.root, 'home')
  }

  static async open(): Promise<SecretiveSite> {
    const ledger = new SecretLedger()
    const relay = await Relay.start(ledger.password('Relay'))
    const webPort = await freePort()
    const server = await ServerProcess.create()
    const site = new SecretiveSite(server, ledger, relay, webPort)
    try {
      for (const path of [site.outside, site.#hand, site.#home]) await mkdir(path, { mode: 0o700 })
      const passwordFile = await site.#file(ledger.password('Relay'))
      await server.configure({
        listen: `web = ["127.0.0.1:${webPort}"]\nsasl = ["unix:${site.saslSocket}"]`,
        web: 'tls = false',
        log: 'level = "debug"',
        integrity: `witness_dir = "${site.witnesses}"\nwitness_interval = "1s"`,
        recovery: 'mail = "code"',
        'recovery.smtp': `host = "127.0.0.1"\nport = ${relay.port}\ntls = "none"\nuser = "relay"\npassword_file = "${passwordFile}"`,
      })
      ledger.key('site key', await readFile(join(server.dataDir, 'site.key')))
      await server.start()
      return site
    } catch (error) {
      await site[Symbol.asyncDispose]()
      throw error
    }
  }

  async #file(secret: string): Promise<string> {
    const path = join(this.#hand, String((this.#files += 1)))
    await writeFile(path, `${secret}\n`, { mode: 0o600 })
    return path
  }

  /** Something that was heard and may hold no secret. */
  keep(where: string, bytes: Buffer | string): void {
    this.#evidence.push({ where, bytes: Buffer.from(bytes) })
  }

  browser(): RecordingClient {
    return new RecordingClient(this.#webPort, (evidence) => this.#evidence.push(evidence))
  }

  /** Its own home and temporary directory, and nothing else of ours. */
  get #environment(): NodeJS.ProcessEnv {
    const { PATH, LANG } = process.env
    return { PATH, LANG, HOME: this.#home, TMPDIR: this.server.temporaryDir, TERM: 'xterm' }
  }

  /**
   * Runs a command; resolves to what it printed, and a secret that it revealed. What it printed is kept as evidence, less one
   * occurrence of that secret.
   */
  async run(
    words: readonly string[],
    {
      program = 'letterlock',
      input = [],
      files = {},
      env = {},
      exitCode = 0,
      reveals,
      kind,
    }: RunOptions = {},
  ): Promise<{
    readonly stdout: string
    readonly stderr: string
    readonly secret: string
    readonly pid: number
  }> {
    const flags: string[] = []
    for (const [flag, secret] of Object.entries(files)) flags.push(flag, await this.#file(secret))
    const variables: Record<string, string> = {}
    for (const [name, secret] of Object.entries(env)) variables[name] = await this.#file(secret)
    const all = [...words, ...flags, ...(reveals === undefined || reveals === 'text' ? [] : ['--json'])]
    const child = spawn(process.execPath, [binary(program), '--config', this.server.commandConfig, ...all], {
      env: { ...this.#environment, ...variables },
    })
    // It runs by now, as nobody has had the time to change what it is called.
    this.watch.look()
    const output = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString('utf8')))
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString('utf8')))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input.map((line) => `${line}\n`).join(''))
    await once(child, 'close')
    const { stdout, stderr } = output
    const name = `${program} ${words.join(' ')}`
    if (child.exitCode !== exitCode)
      throw new Error(`${name}: ${child.exitCode ?? 'signal'}: ${stdout}${stderr}`)
    const pid = child.pid ?? 0
    this.#commands.push({ pid, words: words.join(' ') })
    const secret = reveals === undefined ? '' : this.#revealed(name, stdout, reveals, kind)
    this.keep(`standard output of ${name}`, secret === '' ? stdout : stdout.replace(secret, ''))
    this.keep(`standard error of ${name}`, stderr)
    return { stdout, stderr, secret, pid }
  }

  #revealed(
    name: string,
    stdout: string,
    reveals: NonNullable<RunOptions['reveals']>,
    kind: RunOptions['kind'],
  ): string {
    const secret =
      reveals === 'text' ? stdout.trim() : (JSON.parse(stdout) as Readonly<Record<string, unknown>>)[reveals]
    if (typeof secret !== 'string' || secret === '') throw new Error(`${name} revealed nothing`)
    const what = kind ?? (reveals === 'text' ? 'recoveryCode' : reveals)
    if (what === 'recoveryCode') this.ledger.recoveryCode(`recovery code of ${name}`, secret)
    else if (what === 'appPassword') this.ledger.appPassword(`app password of ${name}`, secret)
    else this.ledger.text(`password of ${name}`, secret)
    return secret
  }

  /** Runs a command on a terminal; each answer is typed when its question is there. */
  async typed(
    words: readonly string[],
    answers: readonly (readonly [question: RegExp, answer: string])[],
    { program = 'letterlock', exitCode = 0 }: Pick<RunOptions, 'program' | 'exitCode'> = {},
  ): Promise<void> {
    const line = [process.execPath, binary(program), '--config', this.server.commandConfig, ...words]
    const command = `stty cols 200 rows 50; exec ${line.join(' ')}`
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: this.#environment,
    })
    let screen = ''
    let from = 0
    child.stdout.on('data', (chunk: Buffer) => (screen += chunk.toString('utf8')))
    child.stdin.on('error', () => undefined)
    const ended = once(child, 'close').then(() => true)
    for (const [question, answer] of answers) {
      while (!question.test(screen.slice(from))) {
        if (await Promise.race([ended, delay(20, false)]))
          throw new Error(`${words.join(' ')} never asked ${String(question)}: ${screen}`)
      }
      from = screen.length
      child.stdin.write(`${answer}\r`)
    }
    await ended
    if (child.exitCode !== exitCode) throw new Error(`${words.join(' ')}: ${child.exitCode ?? ''}: ${screen}`)
    this.keep(`terminal of ${program} ${words.join(' ')}`, screen)
  }

  /** Commands whose command line the watch did not see. */
  get unwatched(): string[] {
    return this.#commands
      .filter(({ pid }) => this.watch.commandLinesOf(pid).length === 0)
      .map(({ words }) => words)
  }

  /** All places where a secret was found that must not be there; of files, in those that changed after `since` (ms since 1970). */
  async findings(
    since = 0,
  ): Promise<{ readonly found: string[]; readonly files: number; readonly evidence: number }> {
    const { patterns } = this.ledger
    const { server } = this
    const heard = [
      ...this.#evidence,
      ...this.watch.evidence,
      { where: 'log of the server', bytes: server.log },
      ...this.relay.evidence,
    ]
    // The site key lies in its file, and nowhere else.
    const except = [this.#hand, join(server.dataDir, 'site.key')]
    const here = await searchDirectory(server.root, patterns, { except, since })
    const elsewhere: Sighting[] = []
    for (const directory of ['/tmp', '/var/tmp', '/dev/shm']) {
      // Directories of other tests are no business of ours, and large.
      const found = await searchDirectory(directory, patterns.slice(0, 40), {
        since: Math.max(since, this.#since),
        except: [server.root],
        skips: /^letterlock-/,
      })
      elsewhere.push(...found.sightings)
    }
    const sightings = [
      ...heard.flatMap(({ where, bytes }) => searchBytes(bytes, patterns, where)),
      ...here.sightings,
      ...elsewhere,
      ...(server.isRunning ? await searchDeletedFiles(server.pid, patterns) : []),
    ]
    const found = sightings.map(({ pattern, where, around }) => `${pattern.spelling}: ${where}: ${around}`)
    return { found, files: here.files, evidence: heard.length }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.watch[Symbol.dispose]()
    await this.server[Symbol.asyncDispose]()
    await this.relay[Symbol.asyncDispose]()
  }
}
