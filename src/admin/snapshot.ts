// The running server at one moment in numbers: for `stats` and for metrics. No address and no name is among them.
import type { AtRestState } from '../account/api.ts'
import type { LogLevel } from '../base/ports.ts'
import { needsCode } from './account-checks.ts'
import type { ServerControls, Site } from './command.ts'

export interface AccountCounts extends Readonly<Record<AtRestState, number>> {
  readonly total: number
  readonly disabled: number
  /** Marked to be encrypted at their next login. */
  readonly marked: number
  /** Sealed, and without a recovery code. */
  readonly withoutCode: number
  /** Being converted, or rotated. */
  readonly jobs: number
  readonly usedBytes: number
}

export interface Snapshot {
  readonly version: string
  readonly startedAt: number
  readonly uptimeMs: number
  readonly residentBytes: number
  readonly heapBytes: number
  readonly cpuSeconds: number
  readonly sessions: ReadonlyMap<string, number>
  readonly unlocked: number
  readonly accounts: AccountCounts
  readonly certificateEndsAt: number
  readonly levels: Readonly<Record<LogLevel, number>>
  readonly events: ReadonlyMap<string, number>
}

async function countAccounts(
  { accounts }: Pick<Site, 'accounts'>,
  signal: AbortSignal,
): Promise<AccountCounts> {
  const counts = { off: 0, converting: 0, on: 0, disabling: 0, locked: 0 }
  const more = { total: 0, disabled: 0, marked: 0, withoutCode: 0, jobs: 0, usedBytes: 0 }
  for await (const info of accounts.list()) {
    if (signal.aborted) break
    more.total += 1
    counts[info.atRest] += 1
    if (info.isDisabled) more.disabled += 1
    more.usedBytes += info.usedBytes
    // One that was deleted at this moment is counted as it was.
    const status = await accounts.atRest.atRestStatus(info.address).catch(() => undefined)
    if (status?.isPending) more.marked += 1
    if (status?.job) more.jobs += 1
    if (status && needsCode(status)) more.withoutCode += 1
  }
  return { ...counts, ...more }
}

export async function takeSnapshot(
  site: Pick<Site, 'accounts'>,
  server: ServerControls,
  signal: AbortSignal = new AbortController().signal,
): Promise<Snapshot> {
  const { version, startedAt } = server.status()
  const rows = site.accounts.sessions()
  const sessions = new Map<string, number>()
  for (const { protocol } of rows) sessions.set(protocol, (sessions.get(protocol) ?? 0) + 1)
  const { rss, heapUsed } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return {
    ...{ version, startedAt, uptimeMs: process.uptime() * 1000, sessions },
    ...{ residentBytes: rss, heapBytes: heapUsed, cpuSeconds: (user + system) / 1e6 },
    unlocked: new Set(rows.map(({ address }) => address)).size,
    accounts: await countAccounts(site, signal),
    certificateEndsAt: server.certificateEndsAt(),
    ...server.log.counts(),
  }
}
