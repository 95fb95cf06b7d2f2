// status: the running server in a few lines.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { serverNotRunning } from '../execute.ts'
import { counted, durationInWords, pairLines, sizeInWords } from '../words.ts'

const input = z.strictObject({ quick: z.boolean().optional() })
const result = z.object({
  version: z.string().describe('of the running server'),
  pid: z.number().describe('its process'),
  startedAt: z.string().describe('ISO 8601'),
  dataDir: z.string().describe('where its mail is'),
  listeners: z.array(z.string()).describe('protocol and address, one each'),
  sessions: z.number().describe('live sessions'),
  unlockedAccounts: z.number().describe('accounts whose keys are in memory'),
  accounts: z
    .object({
      total: z.number().describe('all'),
      off: z.number().describe('at-rest encryption off'),
      converting: z.number().describe('older mail being sealed anew'),
      on: z.number().describe('sealed'),
      disabling: z.number().describe('being opened to the site again'),
      locked: z.number().describe('mail that the login password does not open'),
      disabled: z.number().describe('may not log in'),
    })
    .nullable()
    .describe('how many accounts are in which state; null with --quick'),
  usedBytes: z.number().nullable().describe('mail of all accounts, bytes; null with --quick'),
})

/** Shows that the server runs, where it listens, and how many accounts are sealed and unlocked. */
export const status: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'status',
  summary: 'show the running server',
  examples: [{ line: 'letterlock status', does: 'exits with 69 when no server runs' }],
  options: [{ flags: '--quick', description: 'do not count accounts' }],
  input,
  result,
  needsServer: true,
  isRoutine: true,

  async run(work, { quick }) {
    if (!work.server) throw serverNotRunning('status')
    const accounts = { total: 0, off: 0, converting: 0, on: 0, disabling: 0, locked: 0, disabled: 0 }
    let usedBytes = 0
    for await (const info of work.accounts.list()) {
      if (work.signal.aborted || quick) break
      accounts.total += 1
      accounts[info.atRest] += 1
      if (info.isDisabled) accounts.disabled += 1
      usedBytes += info.usedBytes
    }
    const { startedAt, ...facts } = work.server.status()
    const sessions = work.accounts.sessions()
    return {
      ...facts,
      listeners: [...facts.listeners],
      startedAt: new Date(startedAt).toISOString(),
      sessions: sessions.length,
      unlockedAccounts: new Set(sessions.map((row) => row.address)).size,
      accounts: quick ? null : accounts,
      usedBytes: quick ? null : usedBytes,
    }
  },

  show(row, view) {
    const { accounts, usedBytes } = row
    const states = (['on', 'converting', 'off', 'disabling', 'locked', 'disabled'] as const)
      .filter((state) => (accounts?.[state] ?? 0) > 0)
      .map((state) => `${accounts?.[state] ?? 0} ${state === 'disabled' ? state : `at-rest ${state}`}`)
    const pairs: [string, string][] = [
      ['server', `letterlock ${row.version}, process ${row.pid}`],
      ['up', `${durationInWords(Date.now() - Date.parse(row.startedAt))}, since ${row.startedAt}`],
      ['data', row.dataDir],
      ...row.listeners.map((line): [string, string] => ['listens', line]),
      ...(accounts === null
        ? []
        : [['accounts', [counted(accounts.total, 'account'), ...states].join(', ')] as [string, string]]),
      ...(usedBytes === null ? [] : [['mail', sizeInWords(usedBytes)] as [string, string]]),
      ['sessions', `${row.sessions}, with keys of ${counted(row.unlockedAccounts, 'account')} in memory`],
    ]
    for (const line of pairLines(pairs)) view.out(line)
  },
})
