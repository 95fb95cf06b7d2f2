// Signals and last errors of the server process: an orderly stop, a quick one, a reload.
import type { Log } from '../base/ports.ts'
import type { RunningServer } from './compose.ts'

/** Commands in progress may take so long at a stop. */
export const graceMs: number = 10_000

export interface Lifecycle {
  /** Begins an orderly stop; again: an immediate one. */
  readonly askToStop: () => void
  /** Resolves to the exit code once the server has stopped. */
  run(server: RunningServer): Promise<number>
}

const stopSignals = ['SIGTERM', 'SIGINT'] as const

/** The name and the place of a fault, never its text: it could quote what was being worked on. */
function describeFault(error: unknown): { readonly error: string; readonly at?: string } {
  if (!(error instanceof Error)) return { error: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  const at = /\n\s+at (.*)/.exec(error.stack ?? '')?.[1]
  return { error: error.name + code, ...(at === undefined ? {} : { at }) }
}

/**
 * Takes over the signals. SIGTERM and SIGINT stop in order, a second one at once; SIGHUP reloads. An error that nobody
 * caught may have left state half changed: the process ends with 70, and the next start reads what is durable. A promise
 * nobody waited for is logged only, because what it belonged to has failed as a whole.
 */
export function makeLifecycle(
  log: Log,
  exit: (code: number) => void = (code) => process.exit(code),
): Lifecycle {
  let faults = 0
  let running: RunningServer | undefined
  let isStopping = false
  let finish: (code: number) => void = () => undefined

  const stop = (): void => {
    if (isStopping) {
      log.write('warn', 'server.stopped-at-once', {})
      exit(1)
      return
    }
    isStopping = true
    running?.stop(graceMs).then(
      () => finish(0),
      (error: unknown) => {
        log.write('error', 'server.stop-failed', describeFault(error))
        finish(1)
      },
    )
  }
  const reload = (): void => {
    void running?.reload()
  }
  const onRejection = (error: unknown): void => {
    faults += 1
    log.write('error', 'process.unhandled-rejection', { id: `f${faults}`, ...describeFault(error) })
  }
  const onException = (error: unknown): void => {
    log.write('error', 'process.crash', describeFault(error))
    exit(70)
  }

  return {
    askToStop: stop,
    async run(server) {
      running = server
      const finished = new Promise<number>((resolve) => {
        finish = resolve
      })
      for (const signal of stopSignals) process.on(signal, stop)
      process.on('SIGHUP', reload)
      process.on('unhandledRejection', onRejection)
      process.on('uncaughtException', onException)
      try {
        return await finished
      } finally {
        for (const signal of stopSignals) process.off(signal, stop)
        process.off('SIGHUP', reload)
        process.off('unhandledRejection', onRejection)
        process.off('uncaughtException', onException)
      }
    },
  }
}
