// config show: the settings in force, wherever they came from.
import { z } from 'zod'
import { allSettings, type Setting } from '../../config/tree.ts'
import type { Config } from '../../config/schema.ts'
import { formatAddress, type ListenAddress } from '../../config/units.ts'
import { localCommand, type LocalCommand } from '../command.ts'
import { pairLines } from '../words.ts'

const input = z.strictObject({ changed: z.boolean().optional() })
const result = z.object({
  file: z.string().nullable().describe('the file that was read; null: none'),
  settings: z
    .record(z.string(), z.unknown())
    .describe('by name, as section.key: sizes in bytes, durations in ms, null: not set'),
})

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function isAddress(value: unknown): value is ListenAddress {
  return typeof value === 'object' && value !== null && 'kind' in value
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => plain(item))
  return isAddress(value) ? formatAddress(value) : (value ?? null)
}

function valueIn(config: Config, name: string): unknown {
  let value: unknown = config
  for (const step of name.split('.')) {
    value =
      typeof value === 'object' && value !== null
        ? (value as Record<string, unknown>)[camel(step)]
        : undefined
  }
  return plain(value)
}

/** The settings of `config` by name, as they are printed. */
export function settingValues(
  config: Config,
  chosen: readonly Setting[] = allSettings,
): Record<string, unknown> {
  const values = Object.fromEntries(chosen.map(({ name }) => [name, valueIn(config, name)]))
  // Permissions are read and written in octal, or nobody would know them.
  const mode = values['listen.socket_mode']
  return typeof mode === 'number' ? { ...values, 'listen.socket_mode': `0${mode.toString(8)}` } : values
}

/** Prints the settings in force. None of them is a secret: keys and passwords are only ever named as files. */
export const configShow: LocalCommand<z.output<typeof input>, z.output<typeof result>> = localCommand({
  name: 'config show',
  summary: 'print the settings in force',
  examples: [
    { line: 'letterlock config show', does: 'flags, environment, file and defaults together' },
    { line: 'letterlock config show --changed', does: 'only what differs from the defaults' },
  ],
  options: [{ flags: '--changed', description: 'only what differs from the defaults' }],
  input,
  result,

  async run(desk, { changed }) {
    const settings = settingValues(desk.config())
    const defaults = changed ? settingValues(desk.defaults()) : {}
    const shown = Object.entries(settings).filter(
      ([name, value]) => !changed || JSON.stringify(value) !== JSON.stringify(defaults[name]),
    )
    return { result: { file: desk.configFile ?? null, settings: Object.fromEntries(shown) } }
  },

  show({ file, settings }, view) {
    view.talk(view.talkPaint.dim(file === null ? 'No configuration file.' : `From ${file}`))
    const pairs = Object.entries(settings).map(
      ([name, value]) => [name, value === null ? 'not set' : JSON.stringify(value)] as const,
    )
    for (const line of pairLines(pairs)) view.out(line)
  },
})
