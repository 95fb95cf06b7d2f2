// man: the manual page.
import { z } from 'zod'
import { localCommand, type Command, type LocalCommand } from '../command.ts'
import { manualPage } from '../manual.ts'
import { packageVersion } from '../package-version.ts'

const input = z.strictObject({})
const result = z.object({ page: z.string().describe('the page, in the man macros') })

/** `man` for all the commands there are. */
export function makeMan(
  commands: () => readonly Command[],
): LocalCommand<z.output<typeof input>, z.output<typeof result>> {
  return localCommand({
    name: 'man',
    summary: 'print the manual page',
    examples: [
      { line: 'letterlock man | man -l -', does: 'shows it' },
      { line: 'letterlock man > /usr/local/share/man/man1/letterlock.1', does: 'installs it' },
    ],
    input,
    result,

    async run() {
      const today = new Date().toISOString().slice(0, 10)
      return { result: { page: manualPage(commands(), packageVersion(), today) } }
    },

    show({ page }, view) {
      for (const line of page.split('\n').slice(0, -1)) view.out(line)
    },
  })
}
