// A door on a port or path of its own, with an accounts double behind it.
import type { AddressInfo } from 'node:net'
import type { Log, LogFields } from '../../src/base/ports.ts'
import { DeliveryDesk } from '../../src/delivery/desk.ts'
import { PartialDeliveries } from '../../src/delivery/partial.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { SiteRecords } from '../../src/store/store.ts'
import { Door, type DoorOptions } from '../../src/delivery/door.ts'
import { AccountsDouble } from './accounts-double.ts'
import { RawPeer } from './raw-peer.ts'

export interface OpenDoor extends AsyncDisposable {
  readonly door: Door
  readonly desk: DeliveryDesk
  readonly accounts: AccountsDouble
  readonly where: number | string
  /** Every log line as JSON. */
  readonly lines: readonly string[]
  connect(): Promise<RawPeer>
  /** Greeted, with LHLO or EHLO done. */
  greeted(): Promise<RawPeer>
}

export interface OpenDoorOptions extends Partial<DoorOptions> {
  readonly messageBytes?: number
  readonly memoryBytes?: number
  readonly overQuota?: 'defer' | 'bounce'
  readonly path?: string
  /** Of the site, as a restart finds them. */
  readonly records?: SiteRecords
  readonly siteKey?: SiteKey
}

export function recordingLog(lines: string[]): Log {
  const log = (bound: LogFields): Log => ({
    write: (level, event, fields) => lines.push(JSON.stringify({ level, event, ...bound, ...fields })),
    with: (fields) => log({ ...bound, ...fields }),
  })
  return log({})
}

/** 2026-11-21T19:00:00Z, for ever. */
export const fixedClock = { now: (): number => Date.UTC(2026, 10, 21, 19, 0, 0) }

export async function openDoor(options: OpenDoorOptions = {}): Promise<OpenDoor> {
  const accounts = new AccountsDouble()
  const lines: string[] = []
  const log = recordingLog(lines)
  await cryptoReady()
  const { records = openMemoryStore().site, siteKey = SiteKey.make().siteKey } = options
  const partial = await PartialDeliveries.open({ records, siteKey, log }, fixedClock.now())
  const desk = new DeliveryDesk({
    partial,
    accounts,
    log,
    clock: fixedClock,
    hostname: 'mail.example.org',
    messageBytes: options.messageBytes ?? 1_000_000,
    memoryBytes: options.memoryBytes ?? 64_000_000,
    overQuota: options.overQuota ?? 'defer',
  })
  const door = new Door({
    dialect: 'lmtp',
    desk,
    log,
    hostname: 'mail.example.org',
    isLocal: (domain) => ['example.org', 'xn--bcher-kva.example'].includes(domain),
    postmasterDomain: 'example.org',
    maxRecipients: 100,
    idleMs: 60_000,
    transferMs: 60_000,
    tls: undefined,
    enter: async () => true,
    left: () => undefined,
    ...options,
  })
  await new Promise<void>((resolve) => {
    if (options.path === undefined) door.netServer.listen(0, '127.0.0.1', resolve)
    else door.netServer.listen(options.path, resolve)
  })
  const where = options.path ?? (door.netServer.address() as AddressInfo).port
  const connect = (): Promise<RawPeer> => RawPeer.connect(where)
  return {
    door,
    desk,
    accounts,
    where,
    lines,
    connect,
    async greeted() {
      const peer = await connect()
      await peer.reply()
      await peer.ask(options.dialect === 'smtp' ? 'EHLO client.example' : 'LHLO client.example')
      return peer
    },
    async [Symbol.asyncDispose]() {
      await door.stop(0)
    },
  }
}

/** Envelope commands up to 354; returns the replies before it. */
export async function beginData(
  peer: RawPeer,
  recipients: readonly string[],
  sender = 'a@b.example',
): Promise<(string | undefined)[]> {
  const replies = [await peer.ask(`MAIL FROM:<${sender}>`)]
  for (const recipient of recipients) replies.push(await peer.ask(`RCPT TO:<${recipient}>`))
  const go = await peer.ask('DATA')
  if (!go?.startsWith('354')) throw new Error(`no 354 but ${String(go)}`)
  return replies
}
