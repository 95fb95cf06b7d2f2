// Writes a configuration file with every setting, its explanation and its default.
import { stringify } from 'smol-toml'
import { allSettings, type Setting } from './tree.ts'

const width = 100

function comment(text: string): string[] {
  const lines: string[] = []
  let line = '#'
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > width) {
      lines.push(line)
      line = '#'
    }
    line += ` ${word}`
  }
  return [...lines, line]
}

function assignment(key: string, value: unknown): string {
  return stringify({ [key]: value }).trimEnd()
}

function entry(setting: Setting, given: unknown): string[] {
  const value = given ?? setting.fallback
  const line =
    value === undefined
      ? `# ${assignment(setting.key, setting.example ?? '')}`
      : assignment(setting.key, value)
  return [...comment(setting.description), line, '']
}

/**
 * A TOML file that sets everything to its default, with comments; settings without one stand there as a comment. `values`
 * (by name, `listen.imap`) replaces defaults. Loading it gives the same Config as loading nothing but `values`.
 */
export function describeConfig(values: Readonly<Record<string, unknown>> = {}): string {
  const lines = [
    '# Letterlock. Every setting, with its default. Sizes: 50M, 2G. Durations: 30s, 10m, 1h.',
    '',
  ]
  let section = ''
  for (const setting of allSettings) {
    if (setting.section !== section) {
      section = setting.section
      lines.push(`[${section}]`)
    }
    lines.push(...entry(setting, values[setting.name]))
  }
  return lines.join('\n')
}
