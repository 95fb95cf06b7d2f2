// `npm run bench`: Letterlock and its peer on the same machine in the same minutes, by turns.
import { cpus } from 'node:os'
import { readOptions, usage, type Options } from './options.ts'
import { markdown, summarize, type RoundResult } from './report.ts'
import { equalCost, lightCost, runScenario } from './run.ts'

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort())

try {
  process.exitCode = await main()
} catch (error) {
  if (!interruption.signal.aborted) throw error
  // What was under way has lost its server and will not end by itself.
  process.exit(130)
}

async function main(): Promise<number> {
  let options: Options | undefined
  const versions: string[] = []
  try {
    options = readOptions(process.argv.slice(2))
    if (options === undefined) {
      process.stdout.write(usage())
      return 0
    }
    for (const kind of options.contestants) versions.push(await kind.describe())
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    return 64
  }
  const results: RoundResult[] = []
  const failures: string[] = []
  for (const scenario of options.scenarios) {
    const outcome = await runScenario({ ...options, scenario, say, signal: interruption.signal })
    results.push(...outcome.results)
    failures.push(...outcome.failures)
  }
  process.stdout.write(options.asJson ? json(options, versions, results) : text(options, versions, results))
  for (const failure of failures) say(`FAILED ${failure}`)
  return failures.length === 0 ? 0 : 1
}

function text(options: Options, versions: readonly string[], results: readonly RoundResult[]): string {
  const rows = summarize(results, options.contestants.length)
  const labels = options.contestants.map(({ label }) => label)
  return `\n${conditions(options, versions)}\n\n${markdown(rows, labels)}`
}

function json(options: Options, versions: readonly string[], results: readonly RoundResult[]): string {
  const rows = summarize(results, options.contestants.length)
  const report = { conditions: conditions(options, versions), contestants: versions, rows, results }
  return JSON.stringify(report, null, 2) + '\n'
}

function conditions(options: Options, versions: readonly string[]): string {
  const processors = cpus()
  const cost = ({ memoryKiB, passes, lanes }: typeof equalCost): string =>
    `${memoryKiB / 1024} MiB t=${passes} p=${lanes}`
  return [
    `${new Date().toISOString().slice(0, 10)}, ${processors.length} × ${processors[0]?.model ?? 'processor'}, Node ${process.version}.`,
    `${versions.join(' and ')}, ${options.rounds} round${options.rounds === 1 ? '' : 's'} by turns${options.isQuick ? ', quick sizes' : ''};`,
    `the load generator runs on the same machine. Argon2id ${cost(equalCost)} where logins are measured,`,
    `${cost(lightCost)} elsewhere. Processor seconds are those of the server's processes.`,
  ].join(' ')
}

function say(line: string): void {
  process.stderr.write(line + '\n')
}
