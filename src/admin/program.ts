// Makes the tree of commands that the argument parser reads, from the commands' own declarations.
import { Command as Parser, CommanderError, Option as ParserOption } from 'commander'
import type { Command, SecretName } from './command.ts'
import { exitCodes } from './exit-code.ts'
import { camelCase, asSentence, helpAhead, helpBehind } from './help.ts'
import { globalOptions, optionsOf } from './options.ts'
import { familySubject, familySummary } from './families.ts'
import { commandGroups } from './registry.ts'
import { secretSources } from './secrets.ts'
import type { SettingsSource } from './settings.ts'
import type { Streams } from './view.ts'

/** What was typed, understood but not yet checked. */
export interface Typed {
  readonly command: Command
  /** Words and options of the command, by key. */
  readonly input: Readonly<Record<string, unknown>>
  readonly settings: SettingsSource
  readonly isJson: boolean
  readonly isDryRun: boolean
  readonly isYes: boolean
  readonly isQuiet: boolean
  readonly isColoured: boolean
  readonly isDebugging: boolean
  readonly isGenerating: boolean
  readonly secretFiles: Readonly<Partial<Record<SecretName, string>>>
}

const secretNames = Object.keys(secretSources) as SecretName[]

function secretKey(name: SecretName): string {
  return camelCase(secretSources[name].flag.slice(2))
}

function understand(command: Command, parser: Parser, words: readonly unknown[]): Typed {
  const { json, dryRun, yes, generate, ...own } = parser.opts<Record<string, unknown>>()
  const root = parser.optsWithGlobals<Record<string, unknown>>()
  const secretFiles: Partial<Record<SecretName, string>> = {}
  for (const name of secretNames) {
    const file = own[secretKey(name)]
    if (typeof file === 'string') secretFiles[name] = file
  }
  const options = Object.fromEntries(
    Object.entries(own).filter(([key]) => !secretNames.some((name) => secretKey(name) === key)),
  )
  const named = (command.arguments ?? []).flatMap(({ key }, index) =>
    words[index] === undefined ? [] : [[key, words[index]] as const],
  )
  const text = (key: string) => (typeof root[key] === 'string' ? root[key] : undefined)
  return {
    command,
    input: {
      ...options,
      ...Object.fromEntries(named),
      // A program of its own says for itself what --json means.
      ...(command.where === 'program' && json !== undefined ? { json } : {}),
    },
    settings: {
      configFile: text('config'),
      dataDir: text('data'),
      set: (root['set'] as string[] | undefined) ?? [],
    },
    isJson: json === true,
    isDryRun: dryRun === true,
    isYes: yes === true,
    isGenerating: generate === true,
    isQuiet: root['quiet'] === true,
    isColoured: root['color'] !== false,
    isDebugging: root['debug'] === true,
    secretFiles,
  }
}

/** `--quota SIZE` as the parser wants it. */
const withValue = (flags: string): string => flags.replace(/ ([A-Z=]+)$/, ' <$1>')

function addCommand(parent: Parser, command: Command, found: (typed: Typed) => void): void {
  const parser = parent
    .command(command.name.split(' ').at(-1) ?? command.name)
    .summary(command.summary)
    .description(helpAhead(command))
    .addHelpText('after', () => helpBehind(command))
  for (const { name, description } of command.arguments ?? []) {
    parser.argument(name.startsWith('[') ? name : `<${name}>`, description)
  }
  for (const { flags, description, isHidden } of optionsOf(command)) {
    parser.addOption(new ParserOption(withValue(flags), description).hideHelp(isHidden === true))
  }
  parser.action((...given: unknown[]) => found(understand(command, parser, given.slice(0, -2))))
}

function repeated(one: string, all: unknown): string[] {
  return [...(Array.isArray(all) ? all.map(String) : []), one]
}

function addGlobalOptions(root: Parser): void {
  for (const { flags, description } of globalOptions) {
    if (flags.startsWith('--set ')) root.option(withValue(flags), description, repeated)
    else root.option(withValue(flags), description)
  }
  root.helpOption('-h, --help', 'explain')
}

/** The parser's root with all commands below it; `found` is told which one was typed. */
export function makeProgram(
  commands: readonly Command[],
  streams: Streams,
  found: (typed: Typed) => void,
): Parser {
  const root = new Parser('letterlock')
    .description('A mail store that cannot read your mail while you are logged out.')
    .usage('COMMAND ...')
    .exitOverride()
    .addHelpCommand(
      new Parser('help')
        .argument('[COMMAND]')
        .description('explain a command')
        .helpOption(false)
        .helpGroup(commandGroups.at(-1)?.heading ?? ''),
    )
    .configureHelp({
      helpWidth: 80,
      subcommandTerm: (command) =>
        [
          command.name(),
          ...command.registeredArguments.map((one) => (one.required ? one.name() : `[${one.name()}]`)),
        ].join(' '),
    })
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'letterlock: ')),
    })
    .showHelpAfterError('  --help shows how it is typed')
    .addHelpText(
      'after',
      '\nTry it out:             letterlock demo\nExplain one command:    letterlock user add --help\n' +
        '\nPasswords are asked for, or read from a file: --password-file FILE, - for a pipe.\n' +
        'What cannot be undone asks first; --dry-run says what would be done, --yes is for\n' +
        'scripts. --json prints one object, whose keys each command explains.\n' +
        '\nExit codes: 0 done, 1 a check failed, 64 wrong usage, 65 wrong password or data,\n' +
        '67 no such user, 68 no such mailbox, message or slot, 69 no server or store, 70 bug,\n' +
        '73 exists already, 75 try again, 77 not permitted, 78 wrong configuration,\n' +
        '130 interrupted.',
    )
  addGlobalOptions(root)
  const families = new Map([['', root]])
  /** What `atrest slots` is to `atrest slots list`. */
  const familyOf = (words: readonly string[]): Parser => {
    const name = words.join(' ')
    const known = families.get(name)
    if (known) return known
    const family = familyOf(words.slice(0, -1))
      .command(words.at(-1) ?? '')
      .summary(familySummary(name, commands))
      .description(asSentence(familySubject(name)))
      .usage('COMMAND ...')
      .helpCommand(false)
    families.set(name, family)
    return family
  }
  for (const { heading, words } of commandGroups) {
    root.commandsGroup(heading)
    for (const command of words.flatMap((word) =>
      commands.filter(({ name }) => name.split(' ')[0] === word),
    )) {
      addCommand(familyOf(command.name.split(' ').slice(0, -1)), command, found)
    }
  }
  return root
}

/** The exit code for what the parser said: 0 after help that was asked for, 64 after a mistake. */
export function parserExitCode(error: unknown): number | undefined {
  if (!(error instanceof CommanderError)) return undefined
  // Without any command the parser shows help as an error; to a newcomer it is an answer, but scripts must notice.
  return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
}
