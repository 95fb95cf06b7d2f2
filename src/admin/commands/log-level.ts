// log level: how much the running server writes down.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { serverNotRunning } from '../execute.ts'
import { usageFailure } from '../failure.ts'
import { logLevels } from '../log-control.ts'
import { pairLines } from '../words.ts'

const level = z.enum(logLevels)
const part = z.string().regex(/^[a-z][a-z-]{0,30}$/, 'must be the first word of an event, such as imap')

const input = z.strictObject({ first: z.string().optional(), second: z.string().optional() })
const result = z.object({
  level: level.describe('least level that is written'),
  parts: z
    .array(
      z.object({
        part: z.string().describe('first word of its events, such as imap'),
        level: level.describe('least level of it that is written'),
      }),
    )
    .describe('parts with a level of their own'),
})

const isLevel = (word: string): word is z.output<typeof level> => level.safeParse(word).success

/** Shows or changes levels, until the server ends. */
export const logLevel: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'log level',
  summary: 'show or change how much the running server logs',
  notes:
    'A part is the first word of an event: imap, auth, delivery, web, store, tls, control, ... What is set holds until the server ends; `[log] level` ' +
    'says what it starts with. No level makes the server log a password, a key, or what a message says.',
  examples: [
    { line: 'letterlock log level', does: 'shows levels' },
    { line: 'letterlock log level debug', does: 'everything' },
    { line: 'letterlock log level imap debug', does: 'each IMAP command, and the rest as before' },
    { line: 'letterlock log level imap default', does: 'imap as the rest again' },
  ],
  arguments: [
    { name: '[PART]', key: 'first', description: 'which part; without it, everything else' },
    { name: '[LEVEL]', key: 'second', description: 'debug, info, warn or error; of a part also default' },
  ],
  input,
  result,
  needsServer: true,

  async run(work, { first, second }) {
    if (!work.server) throw serverNotRunning('log level')
    const { log } = work.server
    if (first !== undefined && second === undefined) {
      if (!isLevel(first))
        throw usageFailure(
          'log level: LEVEL must be debug, info, warn or error',
          'letterlock log level [PART] LEVEL',
        )
      log.setLevel(undefined, first)
    } else if (first !== undefined && second !== undefined) {
      const named = part.safeParse(first)
      if (!named.success) throw usageFailure(`log level: PART ${named.error.issues[0]?.message ?? ''}`)
      if (second !== 'default' && !isLevel(second))
        throw usageFailure('log level: LEVEL must be debug, info, warn, error or default')
      log.setLevel(named.data, second === 'default' ? undefined : second)
    }
    return { level: log.level, parts: [...log.parts].map(([name, own]) => ({ part: name, level: own })) }
  },

  show({ level: all, parts }, view) {
    const pairs = parts.map((one): [string, string] => [one.part, one.level])
    for (const line of pairLines([['everything', all], ...pairs])) view.out(line)
  },
})
