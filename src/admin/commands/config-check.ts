// config check: whether the server would take these settings.
import { z } from 'zod'
import { localCommand, type LocalCommand } from '../command.ts'

const input = z.strictObject({})
const result = z.object({
  file: z.string().nullable().describe('the file that was read; null: none'),
  valid: z.literal(true).describe('mistakes are errors instead: exit code 78'),
})

/** Checks the settings; mistakes are all listed, with file and line. */
export const configCheck: LocalCommand<z.output<typeof input>, z.output<typeof result>> = localCommand({
  name: 'config check',
  summary: 'check the settings',
  examples: [
    { line: 'letterlock config check', does: 'those in force here' },
    { line: 'letterlock --config new.toml config check', does: 'another file, before it is put in place' },
  ],
  input,
  result,

  async run(desk) {
    desk.config()
    return { result: { file: desk.configFile ?? null, valid: true } }
  },

  show({ file }, view) {
    view.talk(file === null ? 'No configuration file: defaults are in force.' : `${file} is right.`)
  },
})
