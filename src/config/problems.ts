// What is wrong with a configuration, said all at once: where, what, and what was probably meant.

/** One mistake. `where` is the setting's name (`tls.min`), the environment variable or the flag. */
export interface Problem {
  readonly where: string
  readonly message: string
  /** Line in the file, from 1. */
  readonly line?: number
  readonly hint?: string
}

/** The configuration cannot be used. Its message lists every problem, one a line. Exit code 78. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[], fileName = 'configuration') {
    const lines = problems.map(({ where, message, line, hint }) => {
      const place = line === undefined ? '' : `${fileName}:${line}: `
      const subject = where === '' ? '' : `${where}: `
      return `${place}${subject}${message}${hint === undefined ? '' : ` (${hint})`}`
    })
    super(lines.join('\n'))
    this.problems = problems
  }
}

/** The one of `known` that `given` was probably meant to be, if any is near. */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(given.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(given.toLowerCase(), candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** Lines of a TOML text at which each setting (`section.key`) and each section stands. */
export function settingLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>()
  let section = ''
  text.split('\n').forEach((content, index) => {
    const header = /^\s*\[\s*([\w.\s-]+?)\s*\]/.exec(content)?.[1]
    const key = /^\s*([\w.-]+)\s*=/.exec(content)?.[1]
    if (header !== undefined) section = header.replace(/\s/g, '')
    const name = header === undefined ? (key === undefined ? undefined : join(section, key)) : section
    if (name !== undefined && !lines.has(name)) lines.set(name, index + 1)
  })
  return lines
}

function join(section: string, key: string): string {
  return section === '' ? key : `${section}.${key}`
}
