// Flags, environment, file and defaults to one frozen Config; every mistake is reported, not only the first.
import { parse, TomlError } from 'smol-toml'
import type { z } from 'zod'
import { ConfigError, nearest, settingLines, type Problem } from './problems.ts'
import { withSurgemailNames } from './surgemail.ts'
import { freeze } from './freeze.ts'
import { completeSettings, type Config } from './schema.ts'
import { allSettings, settingByName, type Setting } from './tree.ts'

/** Where settings come from; the former beat the latter. */
export interface ConfigSources {
  /** By setting name: `{ 'listen.imap': '127.0.0.1:1143' }`. Lists are separated by commas. */
  readonly flags?: Readonly<Record<string, string>>
  /** `LETTERLOCK_SECTION__KEY`; others are left alone. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** TOML. */
  readonly text?: string
  /** For messages. */
  readonly fileName?: string
}

type Table = Record<string, unknown>

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

function valueOf(setting: Setting, text: string): unknown {
  if (setting.form === 'list') {
    return text.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]))
  }
  if (setting.form === 'boolean' && /^(true|false)$/.test(text)) return text === 'true'
  if (setting.form === 'number' && /^-?\d{1,15}$/.test(text)) return Number(text)
  return text
}

function put(into: Table, setting: Setting, value: unknown): void {
  let table = into
  for (const name of setting.section === '' ? [] : setting.section.split('.')) {
    const next = table[name]
    if (isTable(next)) table = next
    else table = table[name] = {}
  }
  table[setting.key] = value
}

const prefix = 'LETTERLOCK_'

/** `LETTERLOCK_LISTEN__IMAP` to `listen.imap`; undefined for variables that are none of our settings. */
function settingNameOf(variable: string): string | undefined {
  if (!variable.startsWith(prefix)) return undefined
  const name = variable.slice(prefix.length).toLowerCase().replaceAll('__', '.')
  // Without "__" it may be something else of ours (LETTERLOCK_PASSWORD_FILE): only known names count.
  return name.includes('.') || settingByName.has(name) ? name : undefined
}

function unknownSetting(where: string, name: string): Problem {
  const meant = nearest(name, settingByName.keys())
  return {
    where,
    message: 'no such setting',
    ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
  }
}

function overlay(into: Table, sources: ConfigSources, problems: Problem[]): ReadonlyMap<string, string> {
  const origins = new Map<string, string>()
  const given: [where: string, name: string, text: string][] = []
  for (const [variable, text] of Object.entries(sources.environment ?? {})) {
    const name = settingNameOf(variable)
    if (name !== undefined && text !== undefined) given.push([variable, name, text])
  }
  for (const [name, text] of Object.entries(sources.flags ?? {})) given.push([`--set ${name}`, name, text])
  for (const [where, name, text] of given) {
    const setting = settingByName.get(name)
    if (!setting) {
      problems.push(unknownSetting(where, name))
      continue
    }
    put(into, setting, valueOf(setting, text))
    origins.set(name, where)
  }
  return origins
}

/** Which settings and sections may stand where, for "did you mean". */
function knownBelow(path: string): string[] {
  const below = path === '' ? allSettings : allSettings.filter(({ name }) => name.startsWith(`${path}.`))
  return [
    ...new Set(below.map(({ name }) => name.slice(path === '' ? 0 : path.length + 1).split('.')[0] ?? '')),
  ]
}

/** For lines as a surgemail.ini has them. */
function surgemailHint(line: string): { readonly hint?: string } {
  if (!/^\s*(g_\w+|vdomain)\b/.test(line)) return {}
  return {
    hint: 'SurgeMail’s: `letterlock config migrate-surgemail FILE` writes these settings; three go as g_atrest_all = "true"',
  }
}

function* explain(issue: z.core.$ZodIssue): Generator<Omit<Problem, 'line'>> {
  const path = issue.path.filter((step) => typeof step === 'string').join('.')
  const item = issue.path.find((step) => typeof step === 'number')
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const meant = nearest(key, knownBelow(path))
      yield {
        where: path === '' ? key : `${path}.${key}`,
        message: 'no such setting',
        ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
        ...surgemailHint(key),
      }
    }
    return
  }
  const which = typeof item === 'number' ? `item ${item + 1}: ` : ''
  const message =
    issue.code === 'invalid_value'
      ? `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`
      : issue.code === 'invalid_union'
        ? 'must be a size such as "50M" or "2G"'
        : issue.message.replace(/^Invalid input: /, '')
  yield { where: path, message: which + message }
}

/**
 * One complete, frozen Config. Throws ConfigError with every problem found: unknown settings, wrong values, settings that
 * contradict each other (only once all values are right by themselves), or the first mistake in the TOML.
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const { text = '', fileName } = sources
  let table: Table
  try {
    table = parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [message = 'not TOML'] = error.message.split('\n')
    const hint = surgemailHint(text.split('\n')[error.line - 1] ?? '')
    throw new ConfigError([{ where: '', message, line: error.line, ...hint }], fileName)
  }
  const problems: Problem[] = []
  const origins = overlay(table, sources, problems)
  const result = completeSettings.safeParse(withSurgemailNames(table))
  if (result.success && problems.length === 0) return freeze(result.data)

  const lines = settingLines(text)
  for (const issue of result.error?.issues ?? []) {
    for (const problem of explain(issue)) {
      const origin = origins.get(problem.where)
      const line = origin === undefined ? lines.get(problem.where) : undefined
      problems.push({
        ...problem,
        ...(origin === undefined ? {} : { where: origin }),
        ...(line === undefined ? {} : { line }),
      })
    }
  }
  throw new ConfigError(problems, fileName)
}
