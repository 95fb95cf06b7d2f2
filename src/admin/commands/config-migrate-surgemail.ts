// config migrate-surgemail: our settings from a surgemail.ini.
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { migrateSurgemail } from '../../config/migrate-surgemail.ts'
import { localCommand, type LocalCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { counted } from '../words.ts'

/** A file of settings is not larger. */
const bytesAtMost = 4 * 1024 * 1024

const input = z.strictObject({ file: z.string().min(1) })
const line = z.object({
  line: z.number().describe('number of the line, from 1'),
  name: z.string().describe('setting of SurgeMail; empty: the line is none'),
  domain: z.string().nullable().describe('whose; null: the whole server’s'),
  outcome: z
    .enum(['taken', 'command', 'default', 'without'])
    .describe('set; done by a command; so anyway; nothing here does it'),
  text: z.string().describe('which setting, which command, or why'),
})
const result = z.object({
  toml: z.string().describe('the settings, with what has no counterpart as comments'),
  lines: z.array(line).describe('each line of the file that is not empty or a comment'),
  commands: z.array(z.string()).describe('command lines that do what settings cannot'),
})

/** Prints a settings file; nothing is written or changed. */
export const configMigrateSurgemail: LocalCommand<
  z.output<typeof input>,
  z.output<typeof result>
> = localCommand({
  name: 'config migrate-surgemail',
  summary: 'print settings from a surgemail.ini',
  notes:
    'What has a counterpart is set; every other line of the file stands in a comment with what does its work here, so that nothing is lost. Values that ' +
    'may be secrets are not repeated. Accounts and mail come by `letterlock user add` and `letterlock import imap`.',
  examples: [
    {
      line: 'letterlock config migrate-surgemail /usr/local/surgemail/surgemail.ini > letterlock.toml',
      does: 'a file to look through',
    },
  ],
  arguments: [{ name: 'FILE', key: 'file', description: 'surgemail.ini' }],
  input,
  result,

  async run(_, { file }) {
    let bytes: Buffer
    try {
      bytes = await readFile(file)
    } catch (error) {
      throw new Failure('cannot-read', exitCodes.notPermitted, `${file} cannot be read`, { cause: error })
    }
    if (bytes.length > bytesAtMost || bytes.includes(0))
      throw new Failure('cannot-read', exitCodes.data, `${file} is no file of settings`)
    // SurgeMail on Windows writes what the machine's code page has.
    const utf8 = bytes.toString('utf8')
    const { toml, lines, commands } = migrateSurgemail(
      utf8.includes('\u{fffd}') ? bytes.toString('latin1') : utf8,
    )
    return {
      result: {
        toml,
        lines: lines.map(({ line, name, domain, outcome, text }) => ({
          line,
          name,
          domain: domain ?? null,
          outcome,
          text,
        })),
        commands: [...commands],
      },
    }
  },

  show({ toml, lines, commands }, view) {
    view.out(toml.trimEnd())
    const of = (wanted: string): number => lines.filter(({ outcome }) => outcome === wanted).length
    view.talk(
      `${counted(lines.length, 'line')}: ${of('taken')} set, ${of('default')} so anyway, ${of('command')} by command, ${of('without')} without a counterpart (see the comments).`,
    )
    for (const command of commands) view.talk(`  ${command}`)
  },
})
