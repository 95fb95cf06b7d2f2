// The tree of commands as completion sees it: which words may follow, which options there are, what an argument is.
import type { Command, Option } from '../command.ts'
import { globalOptions, optionsOf } from '../options.ts'
import { familySummary } from '../families.ts'

/** One word that can be typed, with its explanation. */
export interface Choice {
  readonly word: string
  readonly explanation: string
}

export interface OptionChoice extends Choice {
  /** It takes a value; `file`: the name of one. */
  readonly value: 'none' | 'file' | 'other'
}

/** What can follow the words of `chain`, which is empty, a family such as `atrest slots`, or a command. */
export interface Place {
  readonly chain: string
  readonly words: readonly Choice[]
  readonly options: readonly OptionChoice[]
  /** Its first argument is an address; another one is a file. */
  readonly wantsAddress: boolean
  readonly wantsFile: boolean
}

const fileValues = /^(FILE|DIR|PATH)$/

function asChoice({ flags, description }: Option): OptionChoice {
  const [word = '', value] = flags.split(' ')
  return {
    word,
    explanation: description,
    value: value === undefined ? 'none' : fileValues.test(value) ? 'file' : 'other',
  }
}

const help: OptionChoice = { word: '--help', explanation: 'explain', value: 'none' }
export const globalChoices: readonly OptionChoice[] = globalOptions.map(asChoice)

/** Every place, the root first. */
export function placesOf(commands: readonly Command[]): readonly Place[] {
  const chains = new Set([''])
  for (const { name } of commands) {
    const words = name.split(' ')
    words.forEach((_, index) => chains.add(words.slice(0, index + 1).join(' ')))
  }
  return [...chains].map((chain): Place => {
    const depth = chain === '' ? 0 : chain.split(' ').length
    const below = [...chains].filter(
      (one) =>
        one !== '' && one.split(' ').length === depth + 1 && (depth === 0 || one.startsWith(`${chain} `)),
    )
    const command = commands.find(({ name }) => name === chain)
    const names = (command?.arguments ?? []).map(({ name }) => name.replace(/[[\]]/g, ''))
    return {
      chain,
      words: below.map((one) => ({
        word: one.split(' ').at(-1) ?? one,
        explanation: commands.find(({ name }) => name === one)?.summary ?? familySummary(one, commands),
      })),
      options: [
        ...(command ? optionsOf(command).map(asChoice) : []),
        help,
        ...(chain === '' ? globalChoices : []),
      ],
      wantsAddress: names[0] === 'ADDR',
      wantsFile: names.some((name) => /^(FILE|DIR|PATH|DEST|SRC|BACKUP)$/.test(name)),
    }
  })
}

/**
 * Options whose value is no word of the chain. One that takes a value here and none there is not among them: its value is then counted as an
 * argument, which does no harm.
 */
export function valueOptions(places: readonly Place[]): {
  readonly files: string[]
  readonly others: string[]
} {
  const all = [...globalChoices, ...places.flatMap(({ options }) => options)]
  const without = new Set(all.filter(({ value }) => value === 'none').map(({ word }) => word))
  const of = (wanted: OptionChoice['value']): string[] => [
    ...new Set(
      all.filter(({ word, value }) => value === wanted && !without.has(word)).map(({ word }) => word),
    ),
  ]
  return { files: of('file'), others: of('other') }
}
