// The wiring: from the settings to a running server, and back down in reverse order.
import type { Server } from 'node:net'
import type { Accounts } from '../account/api.ts'
import { MemoryBudget } from '../account/memory-budget.ts'
import type { ServerControls, ServerStatus } from '../admin/command.ts'
import { startControl } from '../admin/control.ts'
import { pageOf } from '../admin/metrics.ts'
import { takeSnapshot } from '../admin/snapshot.ts'
import { systemClock, type Clock, type Log } from '../base/ports.ts'
import type { Config } from '../config/schema.ts'
import { formatAddress, type ListenAddress } from '../config/units.ts'
import { DeliveryDesk } from '../delivery/desk.ts'
import type { PartialDeliveries } from '../delivery/partial.ts'
import { Door } from '../delivery/door.ts'
import { SubmissionDoor } from '../submission/door.ts'
import { bind, bindInherited } from './bind.ts'
import { warnOfOpenData } from './open-data.ts'
import { LogBook } from './log-book.ts'
import { ImapDoor } from './imap-door.ts'
import { openParts, type SiteOptions } from './open-site.ts'
import { uploadsPath } from './places.ts'
import type { Protocol } from './protocols.ts'
import { ConnectionLimit, makeLoginGuard } from './rate-limit.ts'
import { ReadBuffer } from './read-buffer.ts'
import { watchEventLoop } from './stall-monitor.ts'
import { Tls } from './tls.ts'
import { WebDoor } from './web-door.ts'
import { openWeb } from '../web/open.ts'
import { webSettings } from '../web/settings.ts'
import type { SiteHealth } from '../web/site.ts'
import type { LoginGuard } from '../account/login-guard.ts'

export interface Listener {
  readonly protocol: Protocol
  /** With the port that was chosen where the settings say 0. */
  readonly address: ListenAddress
}

export interface RunningServer {
  readonly accounts: Accounts
  readonly listeners: readonly Listener[]
  status(): ServerStatus
  /** Reads the certificate anew; returns what was read, in words. */
  reload(): Promise<readonly string[]>
  /** Stops accepting, says BYE, waits at most `graceMs` for what runs, wipes keys, closes the store. Only once. */
  stop(graceMs: number): Promise<void>
}

export interface ServerOptions extends Omit<SiteOptions, 'guard'> {
  readonly version: string
  /** Descriptors of sockets that are open already, by protocol, in place of those that the settings name. */
  readonly inherited?: ReadonlyMap<string, readonly number[]>
  /** What `log` remembers, for commands. */
  readonly logBook?: LogBook
  /** An admin command asks for a stop. Called at once; what it starts must not wait for the command. */
  readonly onStopAsked: () => void
}

interface OpenDoor extends Listener {
  stop(graceMs: number): Promise<void>
}

/** Things to undo, last first. One that fails does not keep the others from being undone. */
class Undo {
  readonly #steps: (() => unknown)[] = []

  add(step: () => unknown): void {
    this.#steps.push(step)
  }

  async run(): Promise<void> {
    const errors: unknown[] = []
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}

interface Parts {
  readonly config: Config
  readonly log: Log
  readonly clock: Clock
  readonly accounts: Accounts
  readonly tls: Tls
  readonly partial: PartialDeliveries
  readonly guard: LoginGuard
  readonly health: () => SiteHealth
  readonly metrics: (() => Promise<string>) | undefined
  readonly readBuffer: ReadBuffer
}

function imapDoors({ config, log, clock, accounts, tls }: Parts): (protocol: 'imap' | 'imaps') => ImapDoor {
  const limit = new ConnectionLimit({
    connections: config.limits.connections,
    perNetwork: config.limits.connectionsPerAddress,
  })
  const budget = new MemoryBudget(128 * 1024 * 1024)
  let count = 0
  const settings = {
    allowPlainLogin: config.auth.allowPlainLoginOnLoopback,
    maxMessageBytes: config.limits.messageSize,
  }
  return (protocol) =>
    new ImapDoor({
      accounts,
      log,
      clock,
      settings,
      budget,
      tls,
      limit,
      isImplicitTls: protocol === 'imaps',
      nextId: () => `i${(count += 1)}`,
    })
}

function deliveryDoors({
  config,
  log,
  clock,
  accounts,
  tls,
  partial,
}: Parts): (dialect: 'lmtp' | 'smtp') => Door {
  const { hostname, delivery, limits, domains } = config
  const limit = new ConnectionLimit({
    connections: limits.deliveryConnections,
    newPerMinute: limits.deliveryConnects,
  })
  const desk = new DeliveryDesk({
    accounts,
    log,
    clock,
    hostname,
    partial,
    messageBytes: limits.messageSize,
    memoryBytes: delivery.memory,
    overQuota: delivery.overQuota,
  })
  return (dialect) => {
    const door = new Door({
      dialect,
      desk,
      log: log.with({ proto: dialect }),
      hostname,
      isLocal: (domain) => accounts.names.isOurs(domain),
      postmasterDomain: domains.local[0] ?? hostname,
      maxRecipients: delivery.recipients,
      idleMs: delivery.timeout,
      transferMs: 30 * 60_000,
      tls: tls.current,
      enter: (address) => limit.enterAtRate(address),
      left: (address) => limit.leave(address),
    })
    tls.onChange((certificate) => door.updateTls(certificate))
    return door
  }
}

function webDoors({ config, log, clock, accounts, tls, guard, health, metrics }: Parts): () => WebDoor {
  const limit = new ConnectionLimit({
    connections: config.limits.webConnections,
    perNetwork: config.limits.connectionsPerAddress,
  })
  const listener = openWeb({
    ...{ accounts, guard, clock, log, health, metrics },
    settings: webSettings(config),
    uploads: uploadsPath(config),
  })
  return () => new WebDoor({ listener, limit, tls: config.web.tls ? tls : undefined })
}

async function openDoors(
  parts: Parts,
  inherited: ReadonlyMap<string, readonly number[]>,
  undo: Undo,
): Promise<OpenDoor[]> {
  const { config, log, accounts } = parts
  const doors: OpenDoor[] = []
  const open = async (
    protocol: Protocol,
    door: { readonly netServer: Server; stop(graceMs: number): Promise<void> },
    wanted: ListenAddress | number,
  ): Promise<void> => {
    const address =
      typeof wanted === 'number'
        ? await bindInherited(door.netServer, wanted)
        : await bind(door.netServer, wanted, config.listen.socketMode)
    undo.add(() => door.stop(0))
    parts.readBuffer.watch(door.netServer)
    door.netServer.on('error', (error: Error) =>
      log.write('error', 'listen.failed', { proto: protocol, reason: error.name }),
    )
    doors.push({ protocol, address, stop: (graceMs) => door.stop(graceMs) })
    log.write('info', 'listen.open', { proto: protocol, at: formatAddress(address) })
  }
  const placesOf = (protocol: Protocol): readonly (ListenAddress | number)[] =>
    inherited.get(protocol) ?? config.listen[protocol]
  const [imap, delivery] = [imapDoors(parts), deliveryDoors(parts)]
  for (const protocol of ['imap', 'imaps'] as const) {
    for (const address of placesOf(protocol)) await open(protocol, imap(protocol), address)
  }
  for (const dialect of ['lmtp', 'smtp'] as const) {
    for (const address of placesOf(dialect)) await open(dialect, delivery(dialect), address)
  }
  if (placesOf('web').length > 0) {
    const web = webDoors(parts)
    for (const address of placesOf('web')) await open('web', web(), address)
  }
  for (const address of placesOf('sasl')) {
    const door = new SubmissionDoor({
      accounts,
      log: log.with({ proto: 'sasl' }),
      allowPlainLogin: config.auth.allowPlainLoginOnLoopback,
    })
    await open('sasl', door, address)
  }
  return doors
}

/** Starts everything that `config` names. Throws Failure when that cannot be, with nothing left open. */
export async function startServer(config: Config, options: ServerOptions): Promise<RunningServer> {
  const { log, clock = systemClock, version, onStopAsked } = options
  const { logBook = new LogBook(config.log.level), inherited = new Map() } = options
  const startedAt = clock.now()
  const undo = new Undo()
  try {
    // What can be wrong without the store is found before it is opened.
    const tls = await Tls.open(config.tls, config.tls.reload, log, clock)
    undo.add(() => tls.close())
    const guard = makeLoginGuard(config.auth, log)
    const readBuffer = await ReadBuffer.open(log)
    undo.add(() => readBuffer.close())
    const parts = await openParts(config, { keyNoticesMs: 6 * 3600_000, ...options, guard })
    const { accounts, partial } = parts
    undo.add(() => parts.close())
    await warnOfOpenData(config, log)
    const monitor = watchEventLoop(log)
    undo.add(() => monitor.stop())
    let doors: readonly OpenDoor[] = []
    const status = (): ServerStatus => ({
      version,
      pid: process.pid,
      startedAt,
      listeners: doors.map(({ protocol, address }) => `${protocol} ${formatAddress(address)}`),
      dataDir: config.dataDir,
    })
    const health = (): SiteHealth => ({ ...status(), certificateEndsAt: tls.current.expiresAt })
    const reload = async (): Promise<readonly string[]> => ((await tls.reload()) ? ['the certificate'] : [])
    const certificateEndsAt = (): number => tls.current.expiresAt
    const controls: ServerControls = {
      ...{ status, reload, stop: onStopAsked, log: logBook, certificateEndsAt },
      unblock: (what) => guard.forget(what),
    }
    const metrics = config.web.metrics ? pageOf(() => takeSnapshot({ accounts }, controls), clock) : undefined
    const doorParts = { config, log, clock, accounts, partial, tls, guard, health, metrics, readBuffer }
    doors = await openDoors(doorParts, inherited, undo)
    const control = await startControl({
      socketPath: config.controlSocket,
      site: { accounts, backups: parts.backups, audit: parts.audit, server: controls },
      log,
    })
    undo.add(() => control.close(0))
    readBuffer.watch(control.netServer)

    let stopping: Promise<void> | undefined
    const stop = async (graceMs: number): Promise<void> => {
      log.write('info', 'server.stopping', {})
      logBook.close()
      await Promise.all([...doors.map((door) => door.stop(graceMs)), control.close(graceMs)])
      await undo.run()
      log.write('info', 'server.stopped', { ms: clock.now() - startedAt })
    }
    log.write('info', 'server.ready', { version, pid: process.pid })
    return { accounts, listeners: doors, status, reload, stop: (graceMs) => (stopping ??= stop(graceMs)) }
  } catch (error) {
    await undo.run().catch(() => undefined)
    throw error
  }
}
