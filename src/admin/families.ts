// Families of commands, such as `atrest slots`: what they have in common, and which there are.
import type { Command } from './command.ts'
import { familySummaries } from './registry.ts'

/** `passwords for mail programs`; the name itself when nobody said what. */
export const familySubject = (family: string): string => familySummaries[family] ?? family

/** `passwords for mail programs: add, list, revoke`. */
export function familySummary(family: string, commands: readonly Command[]): string {
  const depth = family.split(' ').length
  const words = commands
    .filter(({ name }) => name.startsWith(`${family} `))
    .map(({ name }) => name.split(' ')[depth])
  return `${familySubject(family)}: ${[...new Set(words)].join(', ')}`
}
