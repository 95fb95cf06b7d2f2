// `letterlock serve`: the server as a process of its own, from start to exit code.
import { packageVersion } from '../admin/package-version.ts'
import type { Log } from '../base/ports.ts'
import type { Config } from '../config/schema.ts'
import { startServer, type RunningServer } from './compose.ts'
import { hardenProcess } from './hardening.ts'
import { inheritedSockets } from './inherited-sockets.ts'
import { makeLifecycle } from './lifecycle.ts'
import { LogBook } from './log-book.ts'
import { makeLog } from './log.ts'
import { protocols } from './protocols.ts'

export interface ServeOptions {
  /** Standard output by default, by the settings of `[log]`. */
  readonly log?: Log
  /** A stop that was asked for while it started. */
  readonly signal?: AbortSignal
  /** Called once the server answers. */
  readonly onReady?: (server: RunningServer) => void
}

/** A command that works on the idle store is mostly done within this: no reason to fail, and to be started again later. */
const storeWaitMs = 10_000

/** Runs until a signal or `letterlock stop` ends it; resolves to the exit code. Throws Failure when it cannot start. */
export async function serve(config: Config, options: ServeOptions = {}): Promise<number> {
  const logBook = new LogBook(config.log.level)
  const log = options.log ?? makeLog(config.log, process.stdout, logBook)
  hardenProcess(log)
  const inherited = inheritedSockets(process.env, process.pid, protocols)
  const lifecycle = makeLifecycle(log)
  const server = await startServer(config, {
    log,
    logBook,
    inherited,
    storeWaitMs,
    ...(options.signal ? { signal: options.signal } : {}),
    version: packageVersion(),
    onStopAsked: () => setImmediate(lifecycle.askToStop),
  })
  const exitCode = lifecycle.run(server)
  options.onReady?.(server)
  // What came before there was a server to stop was noted by whoever had the signals until then.
  if (options.signal?.aborted) lifecycle.askToStop()
  return exitCode
}
