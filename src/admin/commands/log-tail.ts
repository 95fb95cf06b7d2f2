// log tail: the last lines of the running server's log, and those that come.
import { z } from 'zod'
import { siteCommand, type SiteCommand, type Work } from '../command.ts'
import { serverNotRunning } from '../execute.ts'
import { matchesMask } from '../forms.ts'
import { logLineInWords } from '../log-lines.ts'
import type { LogControl, LogLine } from '../log-control.ts'

/** Lines that wait for a slow reader; more are left out, and it is told. */
const waitingAtMost = 1000

const input = z.strictObject({
  follow: z.boolean().optional(),
  user: z.string().max(320).optional(),
  lines: z.coerce.number().int().min(0).max(2000).optional(),
})
const line = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
const result = z.object({
  lines: z.array(line).describe('level, time, event and fields of each, oldest first'),
})

/** Which lines are wanted. Lines of a session name its account once: the others are known by the session. */
function wanted(mask: string | undefined): (line: LogLine) => boolean {
  if (mask === undefined) return () => true
  const sessions = new Set<string>()
  return ({ user, sid }) => {
    if (typeof user === 'string') {
      const isHit = matchesMask(mask, user)
      if (isHit && typeof sid === 'string') sessions.add(sid)
      return isHit
    }
    return typeof sid === 'string' && sessions.has(sid)
  }
}

/** Gives lines as they come, until the asker leaves or the server stops. */
async function follow(work: Work, log: LogControl, isWanted: (line: LogLine) => boolean): Promise<void> {
  const waiting: LogLine[] = []
  let left = 0
  let wake = (): void => undefined
  const stop = log.follow((one) => {
    if (!isWanted(one)) return
    if (waiting.length < waitingAtMost) waiting.push(one)
    else left += 1
    wake()
  })
  const ended = AbortSignal.any([work.signal, log.closing])
  ended.addEventListener('abort', () => wake(), { once: true })
  try {
    while (!ended.aborted) {
      for (const one of waiting.splice(0)) await work.row(one)
      if (left > 0) {
        await work.row({ level: 'warn', time: new Date().toISOString(), event: 'log.left-out', count: left })
        left = 0
      }
      if (waiting.length > 0) continue
      await new Promise<void>((resolve) => {
        wake = resolve
        if (ended.aborted || waiting.length > 0) resolve()
      })
    }
  } finally {
    stop()
  }
}

/** Shows what the server logged, as far as it remembers it. */
export const logTail: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'log tail',
  summary: 'show the last lines of the log, and those that come',
  notes:
    'The server keeps its last lines in memory (at most 2,000); the whole log is where its standard output goes, such as `journalctl -u letterlock`. With ' +
    '--follow --json each line is an object of its own.',
  examples: [
    { line: 'letterlock log tail', does: 'the last 50 lines' },
    {
      line: "letterlock log tail --follow --user 'alice@*'",
      does: 'what happens with an account; ^C ends it',
    },
  ],
  options: [
    { flags: '--follow', description: 'go on with lines that come' },
    { flags: '--user MASK', description: 'only about accounts that fit, with * and ?' },
    { flags: '--lines N', description: 'so many of those that are there (default: 50)' },
  ],
  input,
  result,
  needsServer: true,
  rows: 'lines',
  isFollowed: (given) => given.follow === true,
  showRow: (row, view) => view.out(logLineInWords(row as LogLine)),

  async run(work, given) {
    if (!work.server) throw serverNotRunning('log tail')
    const { log } = work.server
    const isWanted = wanted(given.user)
    const count = given.lines ?? 50
    const found = log.lines().filter(isWanted)
    for (const one of count === 0 ? [] : found.slice(-count)) await work.row(one)
    if (given.follow) await follow(work, log, isWanted)
    return { lines: [] }
  },

  show({ lines }, view) {
    for (const one of lines) view.out(logLineInWords(one))
  },
})
