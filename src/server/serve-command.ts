// serve: the server in the foreground; systemd or a container runs this.
import { z } from 'zod'
import { programCommand, type ProgramCommand } from '../admin/command.ts'

const input = z.strictObject({ untilStdinEnds: z.boolean().optional() })

/** Runs the server until a signal or `letterlock stop`. */
export const serveCommand: ProgramCommand<z.output<typeof input>> = programCommand({
  name: 'serve',
  summary: 'run the server, in the foreground',
  notes:
    'Ends in order on SIGTERM, on ^C and by `letterlock stop`, at once on a second signal; reads its certificate again on ' +
    'SIGHUP. While a command has the store open, it waits for ten seconds before it gives up with 75. Exit code 78 means that the settings or the files are wrong and that starting again will not help.',
  examples: [
    { line: 'letterlock serve', does: 'with /etc/letterlock/letterlock.toml' },
    { line: 'letterlock --data ~/mail serve', does: 'with another data directory' },
  ],
  options: [
    {
      flags: '--until-stdin-ends',
      description: 'stop when standard input ends: for programs that start a server',
    },
  ],
  input,

  async run(desk, { untilStdinEnds }) {
    // Loaded here: other commands start faster without the server's parts.
    const { serve } = await import('./main.ts')
    return serve(desk.config(), {
      signal: desk.signal,
      onReady: () => {
        if (!untilStdinEnds) return
        process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'))
        process.stdin.resume()
      },
    })
  },
})
