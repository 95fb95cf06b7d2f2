// completion: scripts with which shells complete command lines.
import { z } from 'zod'
import { bashScript } from '../completion/bash.ts'
import { fishScript } from '../completion/fish.ts'
import { placesOf, type Place } from '../completion/tree.ts'
import { zshScript } from '../completion/zsh.ts'
import { localCommand, type Command, type Desk, type LocalCommand } from '../command.ts'
import { noOutlet, serverNotRunning } from '../execute.ts'
import { carryOut } from '../reach.ts'
import { userList } from './user-list.ts'

const input = z.strictObject({ shell: z.enum(['bash', 'zsh', 'fish', 'addresses']) })
const result = z.object({
  shell: z.string().describe('for which shell it is'),
  script: z.string().describe('the script; with addresses, one address a line'),
})

const scripts: Readonly<Record<'bash' | 'zsh' | 'fish', (places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

/** Of the running server's accounts; none when there is none, or it does not let us: a shell that completes must not fail. */
async function addresses(desk: Desk): Promise<string> {
  const lines: string[] = []
  const row = async (one: object): Promise<void> => {
    if ('address' in one && typeof one.address === 'string') lines.push(`${one.address}\n`)
  }
  const openSite = () => Promise.reject(serverNotRunning('completion'))
  const order = { input: {}, isDryRun: false, secrets: new Map<string, Buffer>() }
  try {
    const reach = { config: desk.config(), openSite, signal: desk.signal }
    await carryOut(userList, order, { ...noOutlet, row }, reach)
    return lines.join('')
  } catch {
    return ''
  }
}

/** `completion` for all the commands there are. */
export function makeCompletion(
  commands: () => readonly Command[],
): LocalCommand<z.output<typeof input>, z.output<typeof result>> {
  return localCommand({
    name: 'completion',
    summary: 'print a script with which a shell completes commands',
    notes:
      'For bash, zsh or fish. It also completes addresses, where the server runs and lets you ask it: `letterlock completion addresses` prints those.',
    examples: [
      { line: 'source <(letterlock completion bash)', does: 'in ~/.bashrc; zsh likewise' },
      {
        line: 'letterlock completion fish > ~/.config/fish/completions/letterlock.fish',
        does: 'for fish, once',
      },
      {
        line: 'letterlock completion bash > /etc/bash_completion.d/letterlock',
        does: 'for everybody on this machine',
      },
    ],
    arguments: [{ name: 'SHELL', key: 'shell', description: 'bash, zsh or fish' }],
    input,
    result,

    async run(desk, { shell }) {
      const script = shell === 'addresses' ? await addresses(desk) : scripts[shell](placesOf(commands()))
      return { result: { shell, script } }
    },

    show({ script }, view) {
      for (const line of script.split('\n').slice(0, -1)) view.out(line)
    },
  })
}
