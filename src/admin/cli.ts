// The command line from its words to its exit code.
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { terminalAsker, type Asker } from './ask.ts'
import type { Command, Desk, SecretName, SecretNeed } from './command.ts'
import { exitCodes } from './exit-code.ts'
import { Failure, failureToJson, toFailure, usageFailure } from './failure.ts'
import { makeProgram, parserExitCode, type Typed } from './program.ts'
import type { SiteOpener } from './reach.ts'
import { runSiteCommand } from './run-site.ts'
import { findConfigFile, loadSettings } from './settings.ts'
import { gatherSecrets } from './secrets.ts'
import { StdinLines } from './stdin-lines.ts'
import { makeView, type Streams, type View } from './view.ts'
import { printable } from './words.ts'

export interface CliOptions {
  readonly commands: readonly Command[]
  readonly streams: Streams
  readonly env: NodeJS.ProcessEnv
  readonly openSite: SiteOpener
  /** Aborted by ^C, with a Failure 'interrupted' as its reason. */
  readonly signal: AbortSignal
  /** Only tests have another. */
  readonly asker?: Asker
}

function makeDesk(typed: Typed, options: CliOptions, secrets: ReadonlyMap<SecretName, Buffer>): Desk {
  let config: Config | undefined
  return {
    env: options.env,
    isJson: typed.isJson,
    signal: options.signal,
    source: typed.settings,
    configFile: findConfigFile(typed.settings, options.env),
    config: () => (config ??= loadSettings(typed.settings, options.env)),
    defaults: () => loadConfig(),
    secret(name) {
      const bytes = secrets.get(name)
      if (bytes) return bytes
      throw new Failure('no-secret', exitCodes.usage, `${typed.command.name}: the ${name} is missing`)
    },
    openSite: options.openSite,
  }
}

async function run(typed: Typed, options: CliOptions, view: View): Promise<number> {
  const { command } = typed
  const given = new Map<SecretName, Buffer>()
  const desk = makeDesk(typed, options, given)
  if (command.where === 'site') {
    const asker = options.asker ?? terminalAsker(options.streams, options.signal, options.env)
    const stdin = new StdinLines(options.streams.stdin)
    return runSiteCommand({ typed, desk, view, asker, stdin, openSite: options.openSite }, command)
  }
  const parsed = command.input.safeParse(typed.input)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw usageFailure(
      `${command.name}: ${[...(issue?.path ?? []).map(String), issue?.message ?? 'is wrong'].join(' ')}`,
      `\`letterlock ${command.name} --help\` shows how it is typed`,
    )
  }
  if (command.where === 'program') return command.run(desk, parsed.data, view)
  try {
    for (const [name, bytes] of await secretsHere(command.secrets?.(parsed.data) ?? [], typed, options, view))
      given.set(name, bytes)
    const { result, exitCode } = await command.run(desk, parsed.data, view)
    if (typed.isJson) view.out(JSON.stringify(result))
    else command.show(result, view, parsed.data)
    return exitCode ?? exitCodes.ok
  } finally {
    for (const bytes of given.values()) bytes.fill(0)
  }
}

/** Secrets of a command that runs where it is typed. */
async function secretsHere(
  needs: readonly SecretNeed[],
  typed: Typed,
  options: CliOptions,
  view: View,
): Promise<ReadonlyMap<SecretName, Buffer>> {
  if (needs.length === 0) return new Map()
  const { bytes, generated } = await gatherSecrets(needs, {
    files: typed.secretFiles,
    isGenerating: false,
    env: options.env,
    stdin: new StdinLines(options.streams.stdin),
    asker: options.asker ?? terminalAsker(options.streams, options.signal, options.env),
    view,
  })
  for (const copy of generated.values()) copy.fill(0)
  return bytes
}

function report(error: unknown, typed: Typed, view: View): number {
  const failure = toFailure(error)
  view.status('')
  if (typed.isJson) view.alarm(JSON.stringify({ error: failureToJson(failure) }))
  else {
    const [first = '', ...more] = failure.message.split('\n').map(printable)
    view.alarm(`${view.talkPaint.red('letterlock:')} ${first}`)
    for (const line of more) view.alarm(`  ${line}`)
    for (const line of failure.hint?.split('\n') ?? []) view.alarm(`  ${view.talkPaint.dim(line)}`)
  }
  if (typed.isDebugging) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      view.alarm(cause.stack ?? cause.message)
  }
  return failure.exitCode
}

/** Runs one command line (without the program's own name) and returns the exit code. Never rejects. */
export async function runCli(argv: readonly string[], options: CliOptions): Promise<number> {
  let typed: Typed | undefined
  try {
    const program = makeProgram(options.commands, options.streams, (found) => {
      typed = found
    })
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    const exitCode = parserExitCode(error)
    if (exitCode === undefined) throw error
    return exitCode
  }
  if (!typed) return exitCodes.usage
  const view = makeView(options.streams, options.env, typed)
  try {
    return await run(typed, options, view)
  } catch (error) {
    return report(error, typed, view)
  }
}
