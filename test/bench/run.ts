// Runs one scenario on all contestants: each on a fresh instance, rounds taking turns, everything ended and removed.
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Argon2Cost, Contestant, ContestantKind } from './contestants/contestant.ts'
import type { RoundResult } from './report.ts'
import type { Round, Scale, Scenario } from './scenarios/scenario.ts'

/** The cost that logins are compared at. */
export const equalCost: Argon2Cost = { memoryKiB: 65_536, passes: 3, lanes: 1 }

/** The least that is used where logins only lead to what is measured. */
export const lightCost: Argon2Cost = { memoryKiB: 19_456, passes: 2, lanes: 1 }

export interface RunOrder {
  readonly scenario: Scenario
  readonly contestants: readonly ContestantKind[]
  readonly rounds: number
  readonly scale: Scale
  /** Told about progress, and of what failed. */
  readonly say: (text: string) => void
  /** Ends the run early; servers are stopped and directories removed all the same. */
  readonly signal: AbortSignal
}

/** What a scenario gave, and in words what went wrong. */
export interface RunOutcome {
  readonly results: readonly RoundResult[]
  readonly failures: readonly string[]
}

interface Side {
  readonly index: number
  readonly name: string
  readonly round: Round
}

/** A contestant that fails leaves the race; the others go on. Rejects only when `signal` is aborted. */
export async function runScenario(order: RunOrder): Promise<RunOutcome> {
  const { scenario, contestants, rounds, scale, say, signal } = order
  const root = await mkdtemp(join(tmpdir(), 'letterlock-bench-'))
  // A contestant's processes may run as other users; what is inside guards itself.
  await chmod(root, 0o711)
  const started: Contestant[] = []
  const results: RoundResult[] = []
  const failures: string[] = []
  let sides: Side[] = []

  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('interrupted')))
  })
  interrupted.catch(() => undefined)

  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      say(what)
      return await Promise.race([work(), interrupted])
    } catch (error) {
      if (signal.aborted) throw error
      const reason = inWords(error)
      failures.push(`${what}: ${reason}`)
      say(`failed: ${reason}`)
      return undefined
    }
  }

  try {
    for (const [index, kind] of contestants.entries()) {
      const side = await attempt(`${scenario.name}: preparing ${kind.name}`, async () => {
        const own = join(root, `${index}-${kind.name}`)
        await mkdir(own)
        const argon2 = scenario.argon2 === 'equal' ? equalCost : lightCost
        const contestant = await kind.create({ root: own, argon2 })
        started.push(contestant)
        await contestant.start()
        return { index, name: kind.name, round: await scenario.setUp(contestant, scale) }
      })
      if (side !== undefined) sides.push(side)
    }
    for (let round = 1; round <= rounds; round++) {
      for (const side of sides) {
        const { index, name } = side
        const figures = await attempt(`${scenario.name}: round ${round}, ${name}`, side.round)
        if (figures === undefined) {
          sides = sides.filter((other) => other !== side)
          continue
        }
        results.push({ scenario: scenario.name, contestant: index, round, figures })
        for (const figure of figures) say(`  ${figure.row}: ${figure.value.toPrecision(4)} ${figure.unit}`)
      }
    }
  } finally {
    for (const contestant of started) await contestant.stop()
    await rm(root, { recursive: true, force: true })
  }
  return { results, failures }
}

function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message + (error.cause === undefined ? '' : ` (${inWords(error.cause)})`)
}
