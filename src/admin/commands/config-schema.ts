// config schema: a JSON Schema of the settings file.
import { z } from 'zod'
import { settingsSchema } from '../../config/json-schema.ts'
import { localCommand, type LocalCommand } from '../command.ts'

const input = z.strictObject({})
const result = z.object({ schema: z.record(z.string(), z.unknown()).describe('JSON Schema, draft 2020-12') })

/** Prints the schema. */
export const configSchema: LocalCommand<z.output<typeof input>, z.output<typeof result>> = localCommand({
  name: 'config schema',
  summary: 'print a JSON Schema of the settings file',
  notes:
    'Editors with a TOML language server complete and check letterlock.toml by it: put `#:schema ./letterlock.schema.json` into its first line. ' +
    '`letterlock config check` checks more: what must fit together, and addresses, sizes and durations.',
  examples: [{ line: 'letterlock config schema > letterlock.schema.json', does: 'for an editor' }],
  input,
  result,

  async run() {
    return { result: { schema: settingsSchema() } }
  },

  show({ schema }, view) {
    for (const line of JSON.stringify(schema, null, 2).split('\n')) view.out(line)
  },
})
