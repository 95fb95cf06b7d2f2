// The demo's server: a process of its own, started and stopped as an admin would.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { within } from '../../base/async.ts'
import { isAnswered } from '../../admin/control-path.ts'
import type { Config } from '../../config/schema.ts'

/** The program itself, beside which this file was compiled. */
export const programPath: string = fileURLToPath(import.meta.resolve('../../../bin/letterlock.js'))

const startMs = 60_000
const stopMs = 20_000

export class DemoServer {
  readonly #config: Config
  readonly #configFile: string
  readonly #logFile: string
  #child: ChildProcess | undefined

  constructor(config: Config, configFile: string, logFile: string) {
    this.#config = config
    this.#configFile = configFile
    this.#logFile = logFile
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves when the server takes commands. Throws with the end of its log when it does not start. */
  async start(signal: AbortSignal): Promise<void> {
    const log = openSync(this.#logFile, 'a', 0o600)
    const child = spawn(
      process.execPath,
      [programPath, '--config', this.#configFile, 'serve', '--until-stdin-ends'],
      // Its own process group: ^C is for the demo, which then stops its server in order. The pipe on its standard input
      // ends with the demo, however that ends, so that no server is left behind.
      { stdio: ['pipe', log, log], detached: true, env: serverEnvironment(process.env) },
    )
    closeSync(log)
    this.#child = child
    const giveUp = performance.now() + startMs
    while (!(await isAnswered(this.#config.controlSocket))) {
      signal.throwIfAborted()
      if (child.exitCode !== null || child.signalCode !== null || performance.now() > giveUp) {
        throw new Error(`the server did not start:\n${await this.#lastLines()}`)
      }
      await pause(50)
    }
  }

  async #lastLines(): Promise<string> {
    const text = await readFile(this.#logFile, 'utf8').catch(() => '')
    return text.trim().split('\n').slice(-8).join('\n')
  }

  /** Stops it in order; kills it when that takes too long. Resolves when the process is gone. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    if ((await within(gone, stopMs)) !== undefined) return
    child.kill('SIGKILL')
    await gone
  }

  /** Resolves when the process ended by itself. */
  async ended(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    await once(child, 'exit')
  }
}

/** Without settings from outside: the demo's file is all that counts. */
function serverEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('LETTERLOCK_')))
}
