// A server as a child process: start it, wait for its ports, end it together with everything it started.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { accepts } from '../../support/ports.ts'
import { processTree } from '../process-tree.ts'

const startLimitMs = 30_000
const stopLimitMs = 15_000

/** A running server process, its output in a file. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly #logFile: string

  private constructor(child: ChildProcess, logFile: string) {
    this.#child = child
    this.#logFile = logFile
  }

  /** Starts `command` and resolves when all `doors` accept connections: ports of 127.0.0.1, or Unix sockets. */
  static async start(
    command: readonly string[],
    doors: readonly (number | string)[],
    logFile: string,
  ): Promise<ServerProcess> {
    const log = await open(logFile, 'a')
    const [program = '', ...parameters] = command
    const child = spawn(program, parameters, { stdio: ['ignore', log.fd, log.fd] })
    const server = new ServerProcess(child, logFile)
    try {
      await once(child, 'spawn')
      running.add(child)
      for (const where of doors) await server.#accepts(where)
    } catch (error) {
      await server.stop()
      throw new Error(`${program} did not start: ${await server.#logTail()}`, { cause: error })
    } finally {
      await log.close()
    }
    return server
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Ends the server and waits until none of its processes is left. */
  async stop(): Promise<void> {
    const child = this.#child
    const tree = child.pid === undefined ? [] : await processTree([child.pid])
    if (isAlive(child)) {
      child.kill('SIGTERM')
      await Promise.race([once(child, 'exit'), sleep(stopLimitMs, undefined, { ref: false })])
      if (isAlive(child)) child.kill('SIGKILL')
    }
    const deadline = performance.now() + stopLimitMs
    for (;;) {
      const left = (await Promise.all(tree.map((stat) => processTree([stat.pid]))))
        .flat()
        .filter((now) => tree.some((then) => then.pid === now.pid && then.startTime === now.startTime))
      if (left.length === 0) break
      if (performance.now() > deadline) for (const { pid } of left) process.kill(pid, 'SIGKILL')
      await sleep(50)
    }
    running.delete(child)
  }

  async #accepts(where: number | string): Promise<void> {
    const deadline = performance.now() + startLimitMs
    while (performance.now() < deadline) {
      if (!isAlive(this.#child)) throw new Error('the process ended')
      if (await accepts(where)) return
      await sleep(50)
    }
    throw new Error(`nobody listens on ${where}`)
  }

  async #logTail(): Promise<string> {
    return (await readFile(this.#logFile, 'utf8').catch(() => '')).slice(-2_000).trim()
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

// Whatever ends the benchmark, its servers end with it.
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM')
})
