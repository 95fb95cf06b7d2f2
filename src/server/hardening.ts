// Refuses to run in ways that hand out memory: debuggers, heap snapshots, reports, core dumps.
import { readFileSync } from 'node:fs'
import { url as inspectorUrl } from 'node:inspector'
import type { Log } from '../base/ports.ts'
import { revealingOptions } from '../base/revealing-options.ts'
import { setupFailure } from './setup-failure.ts'

/** What a process was started with. */
export interface Start {
  readonly execArgv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Address of an open inspector. */
  readonly inspector: string | undefined
}

/** The options under which a server must not run, of those it was started with. */
export function obstacles({ execArgv, env, inspector }: Start): string[] {
  const fromEnvironment = (env['NODE_OPTIONS'] ?? '').split(/\s+/)
  return [
    ...revealingOptions([...execArgv, ...fromEnvironment]),
    ...(inspector === undefined ? [] : ['an open inspector']),
  ]
}

/** The soft limit on core files in /proc/self/limits: a number of bytes, `unlimited`, or undefined elsewhere. */
export function coreLimit(limits: string): string | undefined {
  return /^Max core file size\s+(\S+)/m.exec(limits)?.[1]
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return '' // not Linux
  }
}

/**
 * Call before any key is read. Throws Failure 'configuration' when the process was started with a revealing option. Warns when the system
 * would write a core dump. Takes SIGUSR1, at which Node 20 would open its debugger to everybody with our user id.
 */
export function hardenProcess(log: Log): void {
  const { execArgv, env } = process
  const found = obstacles({ execArgv, env, inspector: inspectorUrl() })
  if (found.length > 0) {
    throw setupFailure(`keys would not be safe with ${found.join(', ')}`, {
      hint: 'start without it; look at NODE_OPTIONS too',
    })
  }
  process.umask(0o077) // whatever is written is ours alone; sockets for others set their own
  if (process.listenerCount('SIGUSR1') === 0) process.on('SIGUSR1', () => undefined)
  const limit = coreLimit(readLimits())
  if (limit !== undefined && limit !== '0') {
    log.write('warn', 'process.core-dumps', { limit, hint: 'LimitCORE=0 in the unit, or ulimit -c 0' })
  }
}
