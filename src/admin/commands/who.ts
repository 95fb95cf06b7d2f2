// who: the sessions that are logged in.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { matchesMask, network, networkOption, sessionForm, sessionView } from '../forms.ts'
import { isWithin } from '../networks.ts'
import { counted, durationInWords, tableLines } from '../words.ts'

const input = z.strictObject({ mask: z.string().max(320).optional(), ip: network.optional() })
const result = z.object({ sessions: z.array(sessionForm).describe('one object a session, oldest first') })

/** Lists live sessions: each holds its account's keys in memory. */
export const who: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'who',
  summary: 'list who is logged in',
  examples: [
    { line: 'letterlock who', does: 'all sessions' },
    { line: "letterlock who 'alice@*' --json", does: 'for scripts' },
    { line: 'letterlock who --ip 192.0.2.0/24', does: 'who is logged in from there' },
  ],
  arguments: [{ name: '[MASK]', key: 'mask', description: 'only addresses that fit, with * and ?' }],
  options: [networkOption],
  input,
  result,
  needsServer: true,
  rows: 'sessions',

  async run(work, { mask, ip }) {
    const rows = work.accounts
      .sessions()
      .filter((row) => mask === undefined || matchesMask(mask, row.address))
      .filter((row) => ip === undefined || isWithin(ip, row.remoteAddress))
    for (const row of [...rows].sort((a, b) => a.since - b.since)) await work.row(sessionView(row))
    return { sessions: [] }
  },

  show({ sessions }, view) {
    if (sessions.length > 0) {
      const rows = sessions.map((one) => [
        one.address,
        one.protocol,
        one.from,
        one.isTls ? 'yes' : 'no',
        durationInWords(Date.now() - Date.parse(one.since)),
        one.openedBy,
        one.client ?? '-',
        one.session,
      ])
      const head = ['ADDRESS', 'PROTOCOL', 'FROM', 'TLS', 'SINCE', 'OPENED BY', 'CLIENT', 'SESSION']
      for (const line of tableLines(head, rows)) view.out(line)
    }
    view.talk(view.talkPaint.dim(counted(sessions.length, 'session')))
  },
})
