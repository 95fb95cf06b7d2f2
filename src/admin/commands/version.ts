// version: of this program and what it runs on.
import { z } from 'zod'
import { localCommand, type LocalCommand } from '../command.ts'
import { packageVersion } from '../package-version.ts'

const input = z.strictObject({})
const result = z.object({
  version: z.string().describe('of Letterlock'),
  node: z.string().describe('of Node'),
  platform: z.string().describe('system and processor'),
})

/** Prints versions. */
export const version: LocalCommand<z.output<typeof input>, z.output<typeof result>> = localCommand({
  name: 'version',
  summary: 'print the version',
  examples: [{ line: 'letterlock version --json', does: 'for scripts' }],
  input,
  result,

  async run() {
    const platform = `${process.platform}-${process.arch}`
    return { result: { version: packageVersion(), node: process.versions.node, platform } }
  },

  show({ version, node, platform }, view) {
    view.out(`letterlock ${version} (Node ${node}, ${platform})`)
  },
})
