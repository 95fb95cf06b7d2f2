// healthcheck: whether the server is well, as an exit code.
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { parseDuration } from '../../config/units.ts'
import { localCommand, type Desk, type LocalCommand } from '../command.ts'
import { noOutlet, serverNotRunning } from '../execute.ts'
import { exitCodes } from '../exit-code.ts'
import { asFailure } from '../failure.ts'
import { carryOut } from '../reach.ts'
import { status } from './status.ts'

const againMs = 200

const input = z.strictObject({
  wait: z
    .string()
    .optional()
    .transform((given, context) => {
      const ms = given === undefined ? 0 : parseDuration(given)
      if (ms !== undefined) return ms
      context.addIssue({ code: 'custom', message: 'must be a duration such as 30s' })
      return z.NEVER
    }),
  process: z
    .string()
    .regex(/^\d{0,10}$/, 'must be the number of a process')
    .optional(),
})
const result = z.object({
  healthy: z.boolean().describe('false: exit code 1'),
  reason: z.string().nullable().describe('what is wrong, in words'),
})

/** undefined: it answers, with its store open and its listeners bound; else what is wrong. */
async function trouble(desk: Desk): Promise<string | undefined> {
  const order = { input: { quick: true }, isDryRun: false, secrets: new Map<string, Buffer>() }
  // The idle store is not opened: a server that does not run is not well.
  const openSite = () => Promise.reject(serverNotRunning('healthcheck'))
  try {
    await carryOut(status, order, noOutlet, { config: desk.config(), openSite, signal: desk.signal })
    return undefined
  } catch (error) {
    desk.signal.throwIfAborted()
    return asFailure(error)?.message ?? 'the server does not answer as it should'
  }
}

/** What a service manager has no number for has ended before it was asked. */
function hasEnded(pid: string): boolean {
  if (pid === '') return true
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

/** For containers and service managers. */
export const healthcheck: LocalCommand<z.output<typeof input>, z.output<typeof result>> = localCommand({
  name: 'healthcheck',
  summary: 'say by exit code whether the server is well: 0 or 1',
  notes:
    'The server answers commands once its store is open and all listeners are bound; so this also waits for a start. Asks no account and no password.',
  examples: [
    { line: 'letterlock healthcheck', does: "a container's HEALTHCHECK" },
    { line: 'letterlock healthcheck --wait 60s', does: 'waits until a server that starts is ready' },
  ],
  options: [
    { flags: '--wait DURATION', description: 'try again for so long' },
    { flags: '--process PID', description: 'but not once this process, the server, has ended' },
  ],
  input,
  result,

  async run(desk, { wait, process: pid }) {
    const until = performance.now() + wait
    let reason = await trouble(desk)
    while (reason !== undefined && performance.now() < until) {
      if (pid !== undefined && hasEnded(pid)) {
        reason = 'the server ended; what it said before stands in its log'
        break
      }
      await pause(againMs, undefined, { signal: desk.signal }).catch(() => undefined)
      reason = await trouble(desk)
    }
    return {
      result: { healthy: reason === undefined, reason: reason ?? null },
      exitCode: reason === undefined ? exitCodes.ok : exitCodes.failed,
    }
  },

  show({ reason }, view) {
    if (reason !== null) view.alarm(`not healthy: ${reason}`)
    else view.talk('The server is well.')
  },
})
