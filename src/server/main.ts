// `letterlock serve`: the server as a process of its own, from start to exit code.
import { packageVersion } from '../admin/package-version.ts'
import type { Log } from '../base/ports.ts'
import type { Config } from '../config/schema.ts'
import { startServer, type RunningServer } from './compose.ts'
import { hardenProcess } from './hardening.ts'
import { makeLifecycle } from './lifecycle.ts'
import { LogBook } from './log-book.ts'
import { makeLog } from './log.ts'

export interface ServeOptions {
  /** Standard output by default, by the settings of `[log]`. */
  readonly log?: Log
  /** Called once the server answers. */
  readonly onReady?: (server: RunningServer) => void
}

/** Runs until a signal or `letterlock stop` ends it; resolves to the exit code. Throws Failure when it cannot start. */
export async function serve(config: Config, options: ServeOptions = {}): Promise<number> {
  const logBook = new LogBook(config.log.level)
  const log = options.log ?? makeLog(config.log, process.stdout, logBook)
  hardenProcess(log)
  const lifecycle = makeLifecycle(log)
  const server = await startServer(config, {
    log,
    logBook,
    version: packageVersion(),
    onStopAsked: () => setImmediate(lifecycle.askToStop),
  })
  const exitCode = lifecycle.run(server)
  options.onReady?.(server)
  return exitCode
}
