// stats: what the running server did and needs, in numbers.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { serverNotRunning } from '../execute.ts'
import { takeSnapshot } from '../snapshot.ts'
import { durationInWords, pairLines, sizeInWords, tableLines } from '../words.ts'

const input = z.strictObject({})
const counts = z.array(
  z.object({ name: z.string().describe('what is counted'), count: z.number().describe('how often') }),
)
const result = z.object({
  version: z.string().describe('of the running server'),
  startedAt: z.string().describe('ISO 8601'),
  residentBytes: z.number().describe('memory of its process'),
  heapBytes: z.number().describe('of that, for JavaScript'),
  cpuSeconds: z.number().describe('processor time since the start'),
  certificateEndsAt: z.string().describe('ISO 8601'),
  sessions: counts.describe('live sessions by protocol'),
  unlockedAccounts: z.number().describe('accounts whose keys are in memory'),
  accounts: z.number().describe('all accounts'),
  encrypted: z.number().describe('encrypted at rest'),
  converting: z.number().describe('whose older mail is being sealed anew, or rotated'),
  marked: z.number().describe('to be encrypted at their next login'),
  withoutCode: z
    .number()
    .describe('encrypted, and without a recovery code: a forgotten password loses the mail'),
  usedBytes: z.number().describe('mail of all accounts'),
  lines: counts.describe('log lines by level since the start, written or not'),
  events: counts.describe('what the log tells, by name: auth.failed, delivery.stored, ...'),
})

const asCounts = (pairs: Iterable<readonly [string, number]>): z.output<typeof counts> =>
  [...pairs].map(([name, count]) => ({ name, count }))

/** Counts since the start, memory, sessions and accounts of the running server. */
export const stats: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'stats',
  summary: 'show what the running server did and needs, in numbers',
  notes: '`[web] metrics = true` offers the same to Prometheus at /metrics, on this machine only.',
  examples: [
    { line: 'letterlock stats', does: 'memory, sessions, accounts, and what happened how often' },
    { line: 'letterlock stats --json', does: 'for monitoring' },
  ],
  input,
  result,
  needsServer: true,

  async run(work) {
    if (!work.server) throw serverNotRunning('stats')
    const now = await takeSnapshot(work, work.server, work.signal)
    const { accounts } = now
    return {
      ...{ version: now.version, residentBytes: now.residentBytes, heapBytes: now.heapBytes },
      ...{ cpuSeconds: Math.round(now.cpuSeconds * 10) / 10, unlockedAccounts: now.unlocked },
      startedAt: new Date(now.startedAt).toISOString(),
      certificateEndsAt: new Date(now.certificateEndsAt).toISOString(),
      ...{ accounts: accounts.total, encrypted: accounts.on, converting: accounts.jobs },
      ...{ marked: accounts.marked, withoutCode: accounts.withoutCode, usedBytes: accounts.usedBytes },
      sessions: asCounts(now.sessions),
      lines: asCounts(Object.entries(now.levels)),
      events: asCounts([...now.events].sort(([, a], [, b]) => b - a)),
    }
  },

  show(row, view) {
    const list = (all: z.output<typeof counts>): string =>
      all.map(({ name, count }) => `${count} ${name}`).join(', ') || 'none'
    const pairs: [string, string][] = [
      ['up', `${durationInWords(Date.now() - Date.parse(row.startedAt))}, version ${row.version}`],
      ['memory', `${sizeInWords(row.residentBytes)}, ${sizeInWords(row.heapBytes)} of it JavaScript's`],
      ['processor', durationInWords(row.cpuSeconds * 1000)],
      ['sessions', `${list(row.sessions)}; keys of ${row.unlockedAccounts} accounts in memory`],
      [
        'accounts',
        `${row.accounts}, ${row.encrypted} encrypted, ${row.converting} at work, ${row.marked} marked, ${row.withoutCode} without a recovery code`,
      ],
      ['mail', sizeInWords(row.usedBytes)],
      ['certificate', `until ${row.certificateEndsAt.slice(0, 10)}`],
      ['log lines', list(row.lines)],
    ]
    for (const line of pairLines(pairs)) view.out(line)
    view.out('')
    const events = row.events.map(({ name, count }) => [String(count), name])
    for (const line of tableLines(['COUNT', 'EVENT'], events)) view.out(line)
  },
})
