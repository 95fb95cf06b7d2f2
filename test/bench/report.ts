// All rounds of all contestants to one Markdown table, as it stands in the README.
import type { Figure } from './scenarios/scenario.ts'
import { advantage, advantageText, figureText, mean } from './statistics.ts'

/** What one contestant measured in one round. */
export interface RoundResult {
  readonly scenario: string
  /** Place of the contestant in the order of the command line. */
  readonly contestant: number
  readonly round: number
  readonly figures: readonly Figure[]
}

/** One line of the table: a number for each contestant, undefined where it failed. */
export interface Row {
  readonly row: string
  readonly unit: Figure['unit']
  readonly better: Figure['better']
  readonly values: readonly (number | undefined)[]
  readonly cpuPerThousand: readonly (number | undefined)[]
}

/** Joins the rounds, keeping the order in which rows first appeared. */
export function summarize(results: readonly RoundResult[], contestantCount: number): Row[] {
  const names = [...new Set(results.flatMap(({ figures }) => figures.map(({ row }) => row)))]
  return names.map((name) => {
    const perContestant = Array.from({ length: contestantCount }, (_, contestant) =>
      results
        .filter((result) => result.contestant === contestant)
        .flatMap(({ figures }) => figures.filter(({ row }) => row === name)),
    )
    const first = perContestant.flat()[0]
    if (first === undefined) throw new Error('a row without a figure')
    const values = perContestant.map(combined)
    const cpuPerThousand = perContestant.map((figures) =>
      meanOf(figures.map((figure) => figure.cpuPerThousand)),
    )
    return { row: name, unit: first.unit, better: first.better, values, cpuPerThousand }
  })
}

/** The table. With two contestants or more, ratios say how many times better the second is than the first. */
export function markdown(rows: readonly Row[], labels: readonly string[]): string {
  const isComparison = labels.length > 1
  const header = [
    'scenario',
    'unit',
    ...labels,
    ...(isComparison ? ['ratio'] : []),
    ...labels.map((label) => `cpu-s per 1,000: ${label}`),
    ...(isComparison ? ['cpu ratio'] : []),
  ]
  const body = rows.map(({ row, unit, better, values, cpuPerThousand }) => [
    row,
    unit,
    ...values.map(figureText),
    ...(isComparison ? [ratio(values, better)] : []),
    ...cpuPerThousand.map(figureText),
    ...(isComparison ? [ratio(cpuPerThousand, 'less')] : []),
  ])
  const rule = header.map((_, column) => (column < 2 ? '---' : '---:'))
  return [header, rule, ...body].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

function combined(figures: readonly Figure[]): number | undefined {
  const worst = figures[0]?.combine === 'worst'
  if (!worst) return meanOf(figures.map(({ value }) => value))
  const values = figures.map(({ value }) => value)
  return figures[0]?.better === 'less' ? Math.max(...values) : Math.min(...values)
}

function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : mean(known)
}

function ratio(values: readonly (number | undefined)[], better: Figure['better']): string {
  const [theirs, ours] = values
  // Zero is less than the clock of the processes can tell, and nothing to divide by.
  return theirs && ours ? advantageText(advantage(theirs, ours, better)) : '–'
}
