// reload: the running server reads again what can change while it runs.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { serverNotRunning } from '../execute.ts'
import { exitCodes } from '../exit-code.ts'

const input = z.strictObject({})
const result = z.object({ reloaded: z.array(z.string()).describe('what was read again, in words') })

/** Reads certificate and what else can change without a restart; live sessions stay. */
export const reload: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'reload',
  summary: 'read the certificate again, without a restart',
  examples: [{ line: 'letterlock reload', does: 'as SIGHUP does; for hooks of certificate renewal' }],
  input,
  result,
  needsServer: true,

  async run(work) {
    if (!work.server) throw serverNotRunning('reload')
    return { reloaded: [...(await work.server.reload())] }
  },

  exitCode: ({ reloaded }) => (reloaded.length > 0 ? exitCodes.ok : exitCodes.data),

  show({ reloaded }, view) {
    if (reloaded.length === 0)
      view.alarm('The certificate cannot be used; the one before stays. `letterlock log errors` says why.')
    for (const line of reloaded) view.talk(`Read again: ${line}.`)
  },
})
