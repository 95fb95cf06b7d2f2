// A line of the log as people read it.
import { printable } from './words.ts'

export type Shade = (level: string, word: string) => string

/** `19:00:00 warn  auth.failed user=a@b rip=203.0.113.9` */
export function logLineInWords(
  { time, level, event, ...rest }: Readonly<Record<string, string | number | boolean>>,
  shade: Shade = (_, word) => word,
): string {
  const fields = Object.entries(rest).map(([name, value]) => {
    const shown = String(value)
    return `${name}=${/^[\w.:@+/[\]-]+$/.test(shown) ? shown : JSON.stringify(shown)}`
  })
  const words = [String(time).slice(11, 19), shade(String(level), String(level).padEnd(5)), String(event)]
  return [...words, ...fields.map(printable)].join(' ')
}
