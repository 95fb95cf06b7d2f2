// log errors: the last warnings and errors of the running server.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { serverNotRunning } from '../execute.ts'
import { logLineInWords } from '../log-lines.ts'
import { counted } from '../words.ts'

const input = z.strictObject({})
const line = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
const result = z.object({
  lines: z.array(line).describe('level, time, event and fields of each, oldest first'),
  warnings: z.number().describe('how many there were since the start'),
  errors: z.number().describe('how many there were since the start'),
})

/** Shows the last warnings and errors, which are kept longer than other lines. */
export const logErrors: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'log errors',
  summary: 'show the last warnings and errors of the running server',
  notes: 'At most 300 of them are remembered; they are not lost among other lines.',
  examples: [{ line: 'letterlock log errors', does: 'when something does not work' }],
  input,
  result,
  needsServer: true,
  rows: 'lines',

  async run(work) {
    if (!work.server) throw serverNotRunning('log errors')
    const { log } = work.server
    for (const one of log.troubles()) await work.row(one)
    const { warn, error } = log.counts().levels
    return { lines: [], warnings: warn, errors: error }
  },

  show({ lines, warnings, errors }, view) {
    for (const one of lines) view.out(logLineInWords(one))
    view.talk(
      view.talkPaint.dim(`${counted(warnings, 'warning')}, ${counted(errors, 'error')} since the start`),
    )
  },
})
