// stop: an orderly end of the running server.
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { isAnswered } from '../control-path.ts'
import { serverNotRunning } from '../execute.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'

const input = z.strictObject({})
const result = z.object({ pid: z.number().describe('the process that was told to stop') })

const patienceMs = 60_000

/** Whether there is such a process, other than this one; false in a container that does not see it. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Stops the server: sessions are told goodbye, running work is finished, keys are wiped; waits until it is gone. */
export const stop: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'stop',
  summary: 'stop the running server',
  notes:
    'Sessions are told goodbye, deliveries under way are finished, keys are wiped. Waits until the server is gone.',
  examples: [{ line: 'letterlock stop', does: 'under systemd better: systemctl stop letterlock' }],
  input,
  result,
  needsServer: true,
  changesData: true,

  async run(work) {
    if (!work.server) throw serverNotRunning('stop')
    const { pid } = work.server.status()
    if (!work.isDryRun) work.server.stop()
    return { pid }
  },

  async afterwards(desk, view, { pid }) {
    const { controlSocket } = desk.config()
    view.status('Stopping ...')
    const giveUp = Date.now() + patienceMs
    // The socket goes first; the store is free for others only when the process is gone.
    while ((await isAnswered(controlSocket)) || isRunning(pid)) {
      desk.signal.throwIfAborted()
      if (Date.now() > giveUp) {
        throw new Failure(
          'server-unreachable',
          exitCodes.temporary,
          'the server is still there after a minute',
          {
            hint: 'its log says what it waits for',
          },
        )
      }
      await pause(50)
    }
    view.status('')
  },

  show({ pid }, view) {
    view.talk(`The server (process ${pid}) has stopped.`)
  },
})
