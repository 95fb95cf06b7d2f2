// Every option that a command takes, its own and those that follow from what it declares: for the parser, completion and the manual.
import type { Command, Option, SecretNeed, SiteCommand } from './command.ts'
import { secretSources } from './secrets.ts'

/** Options of every command, ahead of its name. */
export const globalOptions: readonly Option[] = [
  {
    flags: '--config FILE',
    description: 'configuration file (default: $LETTERLOCK_CONFIG, /etc/letterlock/letterlock.toml)',
  },
  { flags: '--data DIR', description: 'data directory; its letterlock.toml is read when there is one' },
  { flags: '--set NAME=VALUE', description: 'one setting, above file and environment (repeatable)' },
  { flags: '--quiet', description: 'say nothing but errors' },
  { flags: '--no-color', description: 'no colours (as $NO_COLOR)' },
  { flags: '--debug', description: 'show where an internal error came from' },
]

function whatIsRead({ name, kind }: Pick<SecretNeed, 'name' | 'kind'>): string {
  if (name === 'recovery-code') return 'the recovery code'
  return kind === 'new' ? 'the new password' : `the ${name.replace('-', ' ')}`
}

function secretOptions(command: Command): Option[] {
  if (command.where === 'program') return []
  const needs = command.mayNeed ?? []
  return [
    ...needs.map((need) => {
      const hasOthers =
        need.name.endsWith('admin-password') && needs.some(({ name }) => name === `${need.name}-2`)
      const others = hasOthers ? `; of another admin --${need.name}-2-file, and so on` : ''
      return {
        flags: `${secretSources[need.name].flag} FILE`,
        description: `read ${whatIsRead(need)} from a file's first line; - is standard input${others}`,
        isHidden: /-[2-5]$/.test(need.name),
      }
    }),
    ...(command.where === 'site' && needs.some(({ kind }) => kind === 'new')
      ? [{ flags: '--generate', description: 'make a new password and print it once' }]
      : []),
  ]
}

function yesMeans(command: SiteCommand): string {
  const { asks } = command
  if (!command.confirm) return 'do not ask for the code to be typed back'
  return asks
    ? 'do not ask for confirmation, nor for the code to be typed back'
    : 'do not ask for confirmation'
}

function commonOptions(command: Command): Option[] {
  const site = command.where === 'site' ? command : undefined
  return [
    ...(site?.changesData
      ? [{ flags: '--dry-run', description: 'change nothing, only say whether it could be done' }]
      : []),
    ...(site?.confirm || site?.asks ? [{ flags: '--yes', description: yesMeans(site) }] : []),
    ...(command.where === 'program' ? [] : [{ flags: '--json', description: 'print one JSON object' }]),
  ]
}

/** In the order of help. */
export function optionsOf(command: Command): readonly Option[] {
  return [...(command.options ?? []), ...secretOptions(command), ...commonOptions(command)]
}
