// The benchmark's command line.
import { parseArgs } from 'node:util'
import type { ContestantKind } from './contestants/contestant.ts'
import { dovecot, dovecotHibernating, dovecotPlain } from './contestants/dovecot.ts'
import { letterlock } from './contestants/letterlock.ts'
import { scenarios } from './scenarios/registry.ts'
import type { Scale, Scenario } from './scenarios/scenario.ts'

/** What to run. */
export interface Options {
  readonly scenarios: readonly Scenario[]
  /** The peer first: the ratio is the second's over the first's. */
  readonly contestants: readonly ContestantKind[]
  readonly rounds: number
  readonly scale: Scale
  readonly isQuick: boolean
  readonly asJson: boolean
}

const kinds: readonly ContestantKind[] = [dovecot, dovecotHibernating, dovecotPlain, letterlock]

const full: Scale = {
  loopSeconds: 6,
  smallMessages: 10_000,
  largeMessages: 1_000,
  manyMessages: 50_000,
  idleSessions: 500,
  idleAccounts: 100,
  arrivals: 20,
  openings: 20,
  bulkBytes: 100_000_000,
  mailboxes: 500,
}

const quick: Scale = {
  loopSeconds: 1,
  smallMessages: 500,
  largeMessages: 50,
  manyMessages: 2_000,
  idleSessions: 40,
  idleAccounts: 8,
  arrivals: 4,
  openings: 3,
  bulkBytes: 20_000_000,
  mailboxes: 40,
}

/** The text of `--help`. */
export function usage(): string {
  const list = scenarios.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')
  return `npm run bench -- [options]

  --only NAME[,NAME]         run these scenarios only
  --contestants NAME[,NAME]  ${kinds.map(({ name }) => name).join(', ')}; default dovecot,letterlock
  --rounds N                 rounds in turns, A B A B; default 2
  --quick                    small sizes: shows that it works, not how fast
  --sessions N               idle sessions instead of ${full.idleSessions}
  --messages N               messages to read and search instead of ${full.smallMessages}
  --json                     everything measured, as JSON

Scenarios:
${list}
`
}

/** Reads the arguments; undefined when help was asked for. Throws, in words, on a mistake. */
export function readOptions(parameters: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      only: { type: 'string', multiple: true },
      contestants: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean' },
      sessions: { type: 'string' },
      messages: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return undefined
  const scale = values.quick === true ? quick : full
  const idleSessions = count(values.sessions, scale.idleSessions, '--sessions')
  const smallMessages = count(values.messages, scale.smallMessages, '--messages')
  return {
    scenarios: named(values.only?.join(','), scenarios, 'scenario') ?? scenarios,
    contestants: named(values.contestants, kinds, 'contestant') ?? [dovecot, letterlock],
    rounds: count(values.rounds, values.quick === true ? 1 : 2, '--rounds'),
    scale: { ...scale, idleSessions, smallMessages },
    isQuick: values.quick === true,
    asJson: values.json === true,
  }
}

function named<T extends { readonly name: string }>(
  text: string | undefined,
  known: readonly T[],
  what: string,
): readonly T[] | undefined {
  return text?.split(',').map((name) => {
    const found = known.find((candidate) => candidate.name === name)
    if (found === undefined)
      throw new Error(`no ${what} named ${name}; there are ${known.map((one) => one.name).join(', ')}`)
    return found
  })
}

function count(text: string | undefined, otherwise: number, option: string): number {
  if (text === undefined) return otherwise
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`${option} takes a whole number from 1`)
  return Number(text)
}
