// A command line with streams in memory, and a server's control socket around fake accounts.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { TestContext } from 'node:test'
import type { Log, LogFields } from '../../src/base/ports.ts'
import type { Asker } from '../../src/admin/ask.ts'
import { runCli } from '../../src/admin/cli.ts'
import type { Command, OpenSite, ServerControls } from '../../src/admin/command.ts'
import { startControl, type Control } from '../../src/admin/control.ts'
import { localCommands, siteCommands } from '../../src/admin/registry.ts'
import type { SiteOpener } from '../../src/admin/reach.ts'
import { LogBook } from '../../src/server/log-book.ts'
import { FakeAccounts } from './fake-accounts.ts'
import { FakeBackups } from './fake-backups.ts'

export interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly stdin?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
  /** Answers typed at the terminal, in order; makes the streams terminals. */
  readonly typed?: readonly string[]
  readonly commands?: readonly Command[]
  readonly signal?: AbortSignal
}

export const allCommands: readonly Command[] = [...siteCommands, ...localCommands]

/** A log that keeps its lines as text. */
export function keptLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const make = (base: LogFields): Log & { readonly lines: string[] } => ({
    lines,
    write: (level, event, fields = {}) => lines.push(JSON.stringify({ level, event, ...base, ...fields })),
    with: (fields) => make({ ...base, ...fields }),
  })
  return make({})
}

function typist(answers: readonly string[], questions: string[]): Asker {
  const left = [...answers]
  const answer = (question: string): string => {
    questions.push(question)
    const next = left.shift()
    if (next === undefined) throw new Error(`nobody expected the question ${question}`)
    return next
  }
  return {
    secret: async (question) => Buffer.from(answer(question)),
    line: async (question) => answer(question),
  }
}

/** A private data directory, fake accounts, and a command line that reaches them. */
export class Bench {
  readonly dataDir: string
  readonly accounts = new FakeAccounts()
  readonly backups = new FakeBackups()
  readonly log: ReturnType<typeof keptLog> = keptLog()
  readonly logBook: LogBook = new LogBook('info')
  readonly questions: string[] = []
  readonly stops: string[] = []
  /** Whether the certificate's files can be used. */
  reloads = true
  readonly unblocked: { readonly login?: string; readonly remoteAddress?: string }[] = []
  opened = 0
  closed = 0
  openSite: SiteOpener
  control: Control | undefined

  constructor(dataDir: string) {
    this.dataDir = dataDir
    this.openSite = async (): Promise<OpenSite> => {
      this.opened += 1
      return {
        accounts: this.accounts,
        backups: this.backups,
        server: undefined,
        close: async () => {
          this.closed += 1
        },
      }
    }
  }

  get controls(): ServerControls {
    return {
      status: () => ({
        version: '9.9.9',
        pid: process.pid,
        startedAt: Date.UTC(2026, 0, 1),
        listeners: ['imaps 127.0.0.1:1993'],
        dataDir: this.dataDir,
      }),
      stop: () => {
        this.stops.push('stop')
        void this.control?.close()
      },
      reload: async () => (this.reloads ? ['certificate'] : []),
      log: this.logBook,
      certificateEndsAt: () => Date.UTC(2027, 0, 1),
      unblock: async (what) => void this.unblocked.push(what),
    }
  }

  async startServer(): Promise<Control> {
    this.control = await startControl({
      socketPath: join(this.dataDir, 'control.sock'),
      site: { accounts: this.accounts, backups: this.backups, server: this.controls },
      log: this.log,
    })
    return this.control
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const stdin = Object.assign(new PassThrough(), { isTTY: options.typed !== undefined })
    stdin.end(options.stdin ?? '')
    const stdout = new PassThrough({ highWaterMark: 64 * 1024 * 1024 }) // nobody reads it meanwhile
    const stderr = Object.assign(new PassThrough(), { isTTY: options.typed !== undefined })
    const exitCode = await runCli(['--data', this.dataDir, ...argv], {
      commands: options.commands ?? allCommands,
      streams: { stdin, stdout, stderr },
      env: { NO_COLOR: '1', ...options.env },
      openSite: (config) => this.openSite(config),
      signal: options.signal ?? new AbortController().signal,
      asker: typist(options.typed ?? [], this.questions),
    })
    const text = (stream: PassThrough) =>
      ((stream.read() as Buffer | null) ?? Buffer.alloc(0)).toString('utf8')
    return { exitCode, out: text(stdout), err: text(stderr) }
  }
}

/** A bench in a directory that goes when the test ends. */
export async function makeBench(context: TestContext): Promise<Bench> {
  const dataDir = await mkdtemp(join(tmpdir(), 'letterlock-admin-'))
  const bench = new Bench(dataDir)
  context.after(async () => {
    await bench.control?.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  return bench
}
