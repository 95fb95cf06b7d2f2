// A snapshot as Prometheus reads it (text exposition format 0.0.4). No label names a person, an address or a mailbox.
import type { Clock } from '../base/ports.ts'
import type { Snapshot } from './snapshot.ts'

/** Counting accounts reads each: who asks more often than this gets the same answer. */
const freshMs = 10_000

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (found) => (found === '\n' ? '\\n' : `\\${found}`))
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
      return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
    }),
  ]
}

/** The whole page. */
export function metricsText(now: Snapshot): string {
  const { accounts } = now
  const states = ['off', 'converting', 'on', 'disabling', 'locked'] as const
  const one = (value: number): Sample[] => [[{}, value]]
  const by = (label: string, counts: Iterable<readonly [string, number]>): Sample[] =>
    [...counts].map(([key, value]): Sample => [{ [label]: key }, value])
  const lines = [
    family('letterlock_build_info', 'gauge', 'Version of the server.', [[{ version: now.version }, 1]]),
    family('process_start_time_seconds', 'gauge', 'Start, in seconds since 1970.', one(now.startedAt / 1000)),
    family('process_resident_memory_bytes', 'gauge', 'Resident memory.', one(now.residentBytes)),
    family('process_cpu_seconds_total', 'counter', 'Processor time of the process.', one(now.cpuSeconds)),
    family('letterlock_sessions', 'gauge', 'Sessions that are logged in.', by('protocol', now.sessions)),
    family('letterlock_accounts_unlocked', 'gauge', 'Accounts whose keys are in memory.', one(now.unlocked)),
    family(
      'letterlock_accounts',
      'gauge',
      'Accounts by state of at-rest encryption.',
      by(
        'atrest',
        states.map((state) => [state, accounts[state]]),
      ),
    ),
    family('letterlock_accounts_disabled', 'gauge', 'Accounts that may not log in.', one(accounts.disabled)),
    family(
      'letterlock_accounts_marked',
      'gauge',
      'Accounts to be encrypted at their next login.',
      one(accounts.marked),
    ),
    family(
      'letterlock_accounts_without_recovery_code',
      'gauge',
      'Encrypted accounts without a recovery code.',
      one(accounts.withoutCode),
    ),
    family(
      'letterlock_atrest_jobs',
      'gauge',
      'Accounts whose older mail is being sealed anew.',
      one(accounts.jobs),
    ),
    family('letterlock_mail_bytes', 'gauge', 'Mail of all accounts.', one(accounts.usedBytes)),
    family(
      'letterlock_tls_certificate_expiry_timestamp_seconds',
      'gauge',
      'End of the certificate, in seconds since 1970.',
      one(now.certificateEndsAt / 1000),
    ),
    family(
      'letterlock_log_lines_total',
      'counter',
      'Log lines, written or not.',
      by('level', Object.entries(now.levels)),
    ),
    family(
      'letterlock_events_total',
      'counter',
      'How often what the log tells happened, as auth.failed or delivery.stored.',
      by(
        'event',
        [...now.events].sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    ),
  ]
  return `${lines.flat().join('\n')}\n`
}

/** The page, made anew when the last one is old. */
export function pageOf(take: () => Promise<Snapshot>, clock: Clock): () => Promise<string> {
  let madeAt = -Infinity
  let page: Promise<string> | undefined
  return () => {
    if (!page || clock.now() - madeAt >= freshMs) {
      madeAt = clock.now()
      page = take().then(metricsText)
      // One that failed is not kept.
      page.catch(() => {
        madeAt = -Infinity
      })
    }
    return page
  }
}
