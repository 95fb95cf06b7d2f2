// The whole command line: the commands of the admin floor, and those that start or make a server.
import { stat } from 'node:fs/promises'
import { runCli, type CliOptions } from '../admin/cli.ts'
import type { Command, OpenSite } from '../admin/command.ts'
import { makeCompletion } from '../admin/commands/completion.ts'
import { makeDoctor } from '../admin/commands/doctor.ts'
import { makeMan } from '../admin/commands/man.ts'
import { exitCodes } from '../admin/exit-code.ts'
import { Failure, interrupted } from '../admin/failure.ts'
import { localCommands, siteCommands } from '../admin/registry.ts'
import type { Streams } from '../admin/view.ts'
import { silentLog } from '../base/ports.ts'
import type { Config } from '../config/schema.ts'
import { certSelfSigned, certShow } from './cert-commands.ts'
import { demo } from './demo.ts'
import { init } from './init-command.ts'
import { openIdleSite } from './open-site.ts'
import { serveCommand } from './serve-command.ts'
import { systemdPrint } from './systemd-command.ts'
import { tlsChecks } from './tls-checks.ts'

/** Every command there is. */
export const allCommands: readonly Command[] = [
  demo,
  init,
  serveCommand,
  makeDoctor(tlsChecks),
  certShow,
  certSelfSigned,
  systemdPrint,
  ...siteCommands,
  ...localCommands,
  makeCompletion(() => allCommands),
  makeMan(() => allCommands),
]

/** Opens the idle store, as its owner only: files made by another user would lock the server out of its own data. */
export async function openSite(config: Config): Promise<OpenSite> {
  const { dataDir } = config
  if (config.store.backend === 'memory') {
    throw new Failure(
      'store-unavailable',
      exitCodes.unavailable,
      'no server is running, and nothing was kept',
      {
        hint: 'store.backend is "memory": accounts are there only while the server runs',
      },
    )
  }
  const found = await stat(dataDir).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error'
    const isMissing = code === 'ENOENT'
    throw new Failure(
      isMissing ? 'store-unavailable' : 'not-permitted',
      isMissing ? exitCodes.unavailable : exitCodes.notPermitted,
      isMissing ? `there is no data directory ${dataDir}` : `you may not look into ${dataDir} (${code})`,
      {
        cause: error,
        hint: isMissing
          ? '`letterlock init` makes it; --data DIR or --config FILE names another one'
          : "run this as the server's own user, for example: sudo -u letterlock letterlock ...",
      },
    )
  })
  if (found.uid !== process.geteuid?.()) {
    throw new Failure(
      'not-permitted',
      exitCodes.notPermitted,
      `${dataDir} belongs to another user (${found.uid})`,
      {
        hint: `no server runs, so the command would open the store itself: run it as that user, sudo -u '#${found.uid}' letterlock ...`,
      },
    )
  }
  return openIdleSite(config, silentLog)
}

/** Runs a command line on the streams of a process; resolves to the exit code. */
export async function main(
  argv: readonly string[],
  streams: Streams,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> {
  const options: CliOptions = { commands: allCommands, streams, env, openSite, signal }
  return runCli(argv, options)
}

/** A signal that ^C and SIGTERM abort; a second one ends the process at once. A server takes both over while it runs. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (process.listenerCount(name) > 1) return // a server runs in this process, and ends in its own order
      if (controller.signal.aborted) process.exit(exitCodes.interrupted)
      controller.abort(interrupted())
    })
  }
  return controller.signal
}

/**
 * Runs a program and ends the process with its exit code once everything written is out, also into a slow pipe. A reader that has had
 * enough (`letterlock user list | head`) is no error; output that a full disk did not take is, whatever the command did.
 */
export async function endWith(run: () => Promise<number>): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok)
    const text = `letterlock: not all of the output could be written (${error.code ?? 'error'})\n`
    process.stderr.write(text, () => process.exit(exitCodes.outputLost))
  })
  const exitCode = await run()
  process.stdout.write('', (error) => {
    // A write that failed is told to the listener above, a moment after this callback.
    if (!error) process.stderr.write('', () => process.exit(exitCode))
  })
}
