// The private socket in the running server over which admin commands come.
import { chmod, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import type { Log } from '../base/ports.ts'
import { within } from '../base/async.ts'
import type { Site, SiteCommand } from './command.ts'
import { serveControl } from './control-connection.ts'
import { prepareControlPath } from './control-path.ts'
import { siteCommands } from './registry.ts'

export interface ControlOptions {
  /** Absolute; at most 107 bytes. Its directory is made when missing, and must be private (0700). */
  readonly socketPath: string
  readonly site: Site
  readonly log: Log
  /** Only tests have others. */
  readonly commands?: readonly SiteCommand[]
  /** Milliseconds a peer has for its whole request, or to take what was sent to it. */
  readonly timeoutMs?: number
  readonly maxConnections?: number
}

export interface Control {
  readonly socketPath: string
  readonly netServer: Server
  /** Takes no more commands, waits for those that run (at most `graceMs`), and removes the socket. */
  close(graceMs?: number): Promise<void>
}

/** Node binds inside `listen`, so that the socket is never there with wider permissions than 0600. */
async function listen(server: Server, path: string): Promise<void> {
  const before = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, () => {
        server.off('error', reject)
        resolve()
      })
      process.umask(before)
    })
  } finally {
    process.umask(before)
  }
  await chmod(path, 0o600)
}

/** Begins to take commands. Throws Failure 'configuration' when the place is not private or is taken. */
export async function startControl(options: ControlOptions): Promise<Control> {
  const { socketPath, site, log, maxConnections = 16 } = options
  // Looked at anew whenever a wait begins.
  const patience = (): number => options.timeoutMs ?? 15_000
  await prepareControlPath(socketPath)
  const commands = new Map((options.commands ?? siteCommands).map((command) => [command.name, command]))
  const running = new Map<Socket, Promise<void>>()
  const server = createServer((socket) => {
    const isFull = running.size >= maxConnections
    const done = serveControl(socket, { commands, site, log, patience, isFull }).finally(() => {
      running.delete(socket)
    })
    running.set(socket, done)
  })
  await listen(server, socketPath)
  server.on('error', (error) => log.write('error', 'control.failed', { reason: error.message }))
  return {
    socketPath,
    netServer: server,
    async close(graceMs = 10_000) {
      const closed = new Promise((resolve) => {
        server.close(resolve)
      })
      await within(Promise.all(running.values()), graceMs)
      for (const socket of running.keys()) socket.destroy()
      await Promise.all(running.values())
      await closed
      await rm(socketPath, { force: true })
    },
  }
}
