// Carries out one command on a site: checks its input again, hands it its secrets, wipes them.
import type { Site, SiteCommand, SecretName, Work } from './command.ts'
import { exitCodes } from './exit-code.ts'
import { Failure, usageFailure } from './failure.ts'

/** A command to carry out, as it came from the command line or the control socket. */
export interface Order {
  readonly input: unknown
  readonly isDryRun: boolean
  /** Wiped by `execute`, whatever happens. */
  readonly secrets: ReadonlyMap<string, Buffer>
}

/** Where the parts of an answer go while the command still works. */
export type Outlet = Pick<Work, 'progress' | 'row' | 'reveal' | 'data' | 'ask'>

/** For a command whose answer is its result alone. */
export const noOutlet: Outlet = {
  progress: () => undefined,
  row: async () => undefined,
  data: async () => undefined,
  reveal: async () => undefined,
}

function parseInput<Input>(command: SiteCommand<Input>, given: unknown): Input {
  const parsed = command.input.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw usageFailure(
    `${command.name}: ${issue ? [...issue.path.map(String), issue.message].join(': ') : 'bad input'}`,
    `\`letterlock ${command.name} --help\` shows how it is typed`,
  )
}

/** The command's result. Throws Failure, Refusal, or anything else when something of ours is broken. */
export async function execute(
  command: SiteCommand,
  order: Order,
  site: Site,
  outlet: Outlet,
  signal: AbortSignal,
): Promise<object> {
  try {
    const input = parseInput(command, order.input)
    if (order.isDryRun && !command.changesData)
      throw usageFailure(`${command.name} changes nothing: no --dry-run`)
    if (command.needsServer && !site.server) throw serverNotRunning(command.name)
    const work: Work = {
      accounts: site.accounts,
      backups: site.backups,
      audit: site.audit,
      server: site.server,
      progress: (done, total) => outlet.progress(done, total),
      row: (value) => outlet.row(value),
      data: (bytes) => outlet.data(bytes),
      ask: outlet.ask,
      reveal: (name, bytes) => outlet.reveal(name, bytes),
      isDryRun: order.isDryRun,
      signal,
      hasSecret: (name) => order.secrets.has(name),
      secret(name: SecretName): Buffer {
        const bytes = order.secrets.get(name)
        if (bytes) return bytes
        throw new Failure('no-secret', exitCodes.usage, `${command.name}: the ${name} is missing`)
      },
    }
    const result = await command.run(work, input)
    return command.result.parse(result)
  } finally {
    for (const bytes of order.secrets.values()) bytes.fill(0)
  }
}

/** Said when a command needs the running server and there is none. */
export function serverNotRunning(what: string): Failure {
  return new Failure('server-not-running', exitCodes.unavailable, `${what}: no server is running here`, {
    hint: 'start it with `letterlock serve`, or name its settings with --config FILE or --data DIR',
  })
}
