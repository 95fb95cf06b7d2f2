// What `--help` says about a command beside its words and options: notes, examples, keys of its JSON.
import { z } from 'zod'
import type { Command } from './command.ts'
import { wrapLines } from './words.ts'

const columns = 80

function inner(type: unknown): unknown {
  if (type instanceof z.ZodNullable || type instanceof z.ZodOptional || type instanceof z.ZodArray) {
    return inner(type.def.type === 'array' ? type.def.element : type.def.innerType)
  }
  return type
}

function keyLines(form: z.ZodObject, indent: string): string[] {
  return Object.entries(form.shape).flatMap(([key, type]) => {
    const below = inner(type)
    const words = z.globalRegistry.get(type)?.description ?? ''
    const line = `${indent}${key.padEnd(Math.max(1, 22 - indent.length))} ${words}`
    return [line, ...(below instanceof z.ZodObject ? keyLines(below, `${indent}  `) : [])]
  })
}

/** The lines behind the options. */
export function helpBehind(command: Command): string {
  const lines: string[] = []
  lines.push('', command.examples.length === 1 ? 'Example:' : 'Examples:')
  for (const { line, does } of command.examples) lines.push(`  ${line}`, `      ${does}`)
  if (command.where !== 'program') {
    lines.push('', 'With --json, one object:', ...keyLines(command.result, '  '))
    if (command.where === 'site') {
      const made = (command.mayNeed ?? []).filter(({ kind }) => kind === 'new').map(({ name }) => name)
      for (const name of made) {
        if (/-[2-5]$/.test(name)) continue
        const others = made.includes(`${name}-2` as typeof name)
          ? `; of the other admins ${camelCase(name)}2 and so on`
          : ''
        lines.push(`  ${camelCase(name).padEnd(20)} only when it was generated${others}`)
      }
      for (const name of Object.keys(command.reveals ?? {})) {
        lines.push(`  ${camelCase(name).padEnd(20)} shown this once`)
      }
    }
  }
  lines.push('', 'Everywhere: --config FILE, --data DIR, --set NAME=VALUE, --quiet, --no-color, --debug')
  return lines.join('\n')
}

/** `make an account` to `Make an account.` */
export function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** The summary as a sentence, and the notes. */
export function helpAhead(command: Command): string {
  const summary = asSentence(command.summary)
  return wrapLines(command.notes === undefined ? summary : `${summary}\n\n${command.notes}`, columns).join(
    '\n',
  )
}

/** `recovery-code` to `recoveryCode`. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
