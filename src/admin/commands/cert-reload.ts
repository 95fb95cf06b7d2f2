// cert reload: the running server reads its certificate again.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { serverNotRunning } from '../execute.ts'
import { exitCodes } from '../exit-code.ts'

const input = z.strictObject({})
const result = z.object({
  reloaded: z.boolean().describe('false: the files cannot be used, and the certificate before stays'),
  until: z.string().describe('end of the one in force, ISO 8601'),
})

/** New connections are shown the new one; live sessions stay. */
export const certReload: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'cert reload',
  summary: 'have the running server read its certificate again',
  notes:
    'The server looks by itself every [tls] reload; this is for hooks of certificate renewal. Exit code 65 when the files cannot be used together.',
  examples: [{ line: 'letterlock cert reload', does: "as certbot's --deploy-hook" }],
  input,
  result,
  needsServer: true,

  async run(work) {
    if (!work.server) throw serverNotRunning('cert reload')
    const reloaded = (await work.server.reload()).length > 0
    return { reloaded, until: new Date(work.server.certificateEndsAt()).toISOString() }
  },

  exitCode: ({ reloaded }) => (reloaded ? exitCodes.ok : exitCodes.data),

  show({ reloaded, until }, view) {
    if (reloaded) view.talk(`In force: the certificate that ends ${until.slice(0, 10)}.`)
    else
      view.alarm('The files cannot be used; the certificate before stays. `letterlock log errors` says why.')
  },
})
