// Runs a typed command on the site: rehearses, confirms, asks for secrets, carries out, shows.
import type { Asker } from './ask.ts'
import type { Desk, SiteCommand } from './command.ts'
import { exitCodes } from './exit-code.ts'
import { asFailure, Failure, failureToJson, toFailure, usageFailure } from './failure.ts'
import type { Outlet } from './execute.ts'
import { camelCase } from './help.ts'
import type { Typed } from './program.ts'
import { showProgress } from './progress.ts'
import { carryOut, type SiteOpener } from './reach.ts'
import { gatherSecrets, mustAsk, type Secrets } from './secrets.ts'
import type { StdinLines } from './stdin-lines.ts'
import type { View } from './view.ts'

export interface SiteRun {
  readonly typed: Typed
  readonly desk: Desk
  readonly view: View
  readonly asker: Asker
  readonly stdin: StdinLines
  readonly openSite: SiteOpener
}

/** Parts of an answer. */
interface Collected extends Outlet {
  readonly rows: object[]
  readonly revealed: Record<string, string>
  /** With `--json`: what would have gone to standard output. */
  readonly octets: Buffer[]
}

/** Collects the parts of an answer; secrets of it are printed at once, or kept for the JSON object. */
function collectAnswer(
  { typed, view, asker }: SiteRun,
  command: SiteCommand,
  input: unknown,
  isDryRun: boolean,
): Collected {
  const { isJson } = typed
  const octets: Buffer[] = []
  const rows: object[] = []
  const revealed: Record<string, string> = {}
  return {
    rows,
    revealed,
    octets,
    progress: showProgress(view, command.working ?? 'sealing older mail', command.workingIn ?? 'messages'),
    async row(value) {
      if (!command.isFollowed?.(input)) rows.push(value)
      else if (isJson) view.out(JSON.stringify(value))
      else command.showRow?.(value, view, input)
    },
    async data(bytes) {
      if (isJson) octets.push(Buffer.from(bytes))
      else await view.data(bytes)
    },
    ...(command.asks && view.isInteractive && !isJson && !typed.isYes && !isDryRun
      ? { ask: async (question: string) => Buffer.from(await asker.line(question), 'utf8') }
      : {}),
    async reveal(name, bytes) {
      const words = bytes.toString('utf8')
      bytes.fill(0)
      if (isJson) revealed[camelCase(name)] = words
      else printOnce(view, command.reveals?.[name] ?? name, words)
    },
  }
}

/** The secret alone on standard output, what it is on standard error. */
function printOnce(view: View, what: string, words: string): void {
  view.talk('')
  for (const line of what.split('\n')) view.talk(line)
  view.talk('')
  view.out(view.outPaint.isOn ? `    ${view.outPaint.bold(words)}` : words)
  view.talk('')
}

function parse<Input>(command: SiteCommand<Input>, typed: Typed): Input {
  const parsed = command.input.safeParse(typed.input)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const argument = command.arguments?.find(({ key }) => key === issue?.path[0])
  const where = argument
    ? `${argument.name.replace(/[[\]]/g, '')} `
    : issue?.path.length
      ? `--${String(issue.path[0])} `
      : ''
  throw usageFailure(
    `${command.name}: ${where}${issue?.message ?? 'is wrong'}`,
    `\`letterlock ${command.name} --help\` shows how it is typed`,
  )
}

async function confirm(run: SiteRun, command: SiteCommand, input: unknown, rehearsed: object): Promise<void> {
  const wanted = command.confirm?.(input, rehearsed)
  if (!wanted) return
  run.view.talk(run.view.talkPaint.yellow(wanted.warning))
  const given = await run.asker.line(`Type ${wanted.type} to go on`)
  if (given.trim() === wanted.type) return
  throw new Failure('not-confirmed', exitCodes.usage, 'not confirmed: nothing was done')
}

async function carry(
  run: SiteRun,
  command: SiteCommand,
  input: unknown,
  isDryRun: boolean,
  secrets: Secrets['bytes'],
): Promise<object> {
  const { typed, desk, view, openSite } = run
  const collected = collectAnswer(run, command, input, isDryRun)
  const order = { input: typed.input, isDryRun, secrets }
  const reach = { config: desk.config(), openSite, signal: desk.signal }
  try {
    const result = await carryOut(command, order, collected, reach)
    const rows = command.rows === undefined ? {} : { [command.rows]: collected.rows }
    const octets =
      collected.octets.length > 0 ? { octets: Buffer.concat(collected.octets).toString('base64') } : {}
    return { ...command.result.parse({ ...result, ...rows, ...octets }), ...collected.revealed }
  } catch (error) {
    // What was revealed is in force, whatever went wrong afterwards: it must not be lost.
    if (Object.keys(collected.revealed).length > 0) {
      view.out(JSON.stringify({ ...collected.revealed, error: failureToJson(toFailure(error)) }))
    }
    throw error
  } finally {
    view.status('')
  }
}

function printGenerated(run: SiteRun, secrets: Secrets, what: string): Record<string, string> {
  const words: Record<string, string> = {}
  for (const [name, bytes] of secrets.generated) {
    words[camelCase(name)] = bytes.toString('utf8')
    bytes.fill(0)
    if (!run.typed.isJson) printOnce(run.view, what, words[camelCase(name)] ?? '')
  }
  return words
}

/** Runs the command and resolves to the exit code; the caller prints failures. */
export async function runSiteCommand(run: SiteRun, command: SiteCommand): Promise<number> {
  const { typed, desk, view, asker, stdin } = run
  const input = parse(command, typed)
  const givers = {
    files: typed.secretFiles,
    isGenerating: typed.isGenerating,
    env: desk.env,
    stdin,
    asker,
    view,
  }
  const needs = typed.isDryRun && !command.looksFirst ? [] : (command.secrets?.(input) ?? [])
  const mustConfirm = command.confirm !== undefined && (command.mustConfirm?.(input) ?? true)
  const isUnconfirmed = mustConfirm && !typed.isYes && !typed.isDryRun
  if (isUnconfirmed && !view.isInteractive) {
    throw new Failure(
      'not-confirmed',
      exitCodes.usage,
      `${command.name} must be confirmed, and there is no terminal`,
      {
        hint: 'add --yes when you are sure, or --dry-run to see what it would do',
      },
    )
  }
  if (view.isInteractive && (isUnconfirmed || (await mustAsk(needs, givers)))) {
    const rehearsed = command.changesData ? await carry(run, command, input, true, new Map()) : {}
    if (isUnconfirmed) await confirm(run, command, input, rehearsed)
  }
  const secrets = await gatherSecrets(needs, givers)
  let result: object
  try {
    result = await carry(run, command, input, typed.isDryRun, secrets.bytes)
  } catch (error) {
    if (asFailure(error)?.code === 'server-unreachable') {
      printGenerated(run, secrets, 'This password was made; it may be in force already:')
    }
    for (const bytes of secrets.generated.values()) bytes.fill(0)
    throw error
  }
  const generated = printGenerated(run, secrets, 'Password, shown this once:')
  if (!typed.isDryRun) await command.afterwards?.(desk, view, result)
  if (command.isFollowed?.(input)) return exitCodes.ok
  if (typed.isJson) view.out(JSON.stringify({ ...result, ...generated }))
  else if (typed.isDryRun) {
    view.talk(view.talkPaint.dim('Dry run: nothing was changed.'))
    if (!command.changesData) return exitCodes.ok
    if (command.looksFirst) command.show(result, view, input)
    else view.talk(`${command.name} could be done.`)
  } else command.show(result, view, input)
  desk.signal.throwIfAborted()
  return command.exitCode?.(result) ?? exitCodes.ok
}
