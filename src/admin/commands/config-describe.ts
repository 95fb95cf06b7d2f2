// config describe: every setting with its explanation and default, as a file to start from.
import { z } from 'zod'
import { describeConfig } from '../../config/describe.ts'
import { nearest } from '../../config/problems.ts'
import { allSettings } from '../../config/tree.ts'
import { localCommand, type LocalCommand } from '../command.ts'
import { usageFailure } from '../failure.ts'
import { wrapLines } from '../words.ts'

const input = z.strictObject({ setting: z.string().optional() })
const result = z.object({
  settings: z
    .array(
      z.object({
        name: z.string().describe('section.key'),
        description: z.string().describe('what it does'),
        default: z.unknown().describe('as one would write it; null: none'),
      }),
    )
    .describe('every setting, or the one asked for'),
})

/** Explains settings; without a name it prints a complete configuration file. */
export const configDescribe: LocalCommand<z.output<typeof input>, z.output<typeof result>> = localCommand({
  name: 'config describe',
  summary: 'explain the settings',
  examples: [
    {
      line: 'letterlock config describe > letterlock.toml',
      does: 'a file with every setting and its default',
    },
    { line: 'letterlock config describe listen.imaps', does: 'one setting, or all of one section' },
  ],
  arguments: [{ name: '[SETTING]', key: 'setting', description: 'section.key, or a section' }],
  input,
  result,

  async run(_, { setting }) {
    const chosen = allSettings.filter(
      ({ name }) => setting === undefined || name === setting || name.startsWith(`${setting}.`),
    )
    if (chosen.length === 0 && setting !== undefined) {
      const meant = nearest(
        setting,
        allSettings.map(({ name }) => name),
      )
      throw usageFailure(
        `no such setting: ${setting}`,
        meant === undefined ? undefined : `did you mean ${meant}?`,
      )
    }
    const settings = chosen.map(({ name, description, fallback }) => ({
      name,
      description,
      default: fallback ?? null,
    }))
    return { result: { settings } }
  },

  show({ settings }, view, { setting }) {
    if (setting === undefined) {
      view.out(describeConfig().trimEnd())
      return
    }
    for (const one of settings) {
      view.out(view.outPaint.bold(one.name))
      for (const line of wrapLines(one.description, view.columns - 4)) view.out(`    ${line}`)
      view.out(`    default: ${one.default === null ? 'not set' : JSON.stringify(one.default)}`)
    }
  },
})
