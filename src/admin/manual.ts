// The manual page, in the man macros that groff and mandoc read.
import { z } from 'zod'
import type { Command, Option } from './command.ts'
import { asSentence } from './help.ts'
import { globalOptions, optionsOf } from './options.ts'
import { commandGroups } from './registry.ts'

/** Text as roff takes it literally: no escapes, no requests, no hyphens that are not typed so. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(
      /[^\x20-\x7e\n]/gu,
      (one) => `\\[u${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replace(/^[.']/gm, '\\&$&')
}

/** A line of a macro's argument. */
const argument = (text: string): string => `"${roff(text).replaceAll('"', '\\(dq')}"`

/** Paragraphs; lines as long as they come are folded by roff. */
function paragraphs(text: string): string[] {
  return text.split(/\n+/).flatMap((one) => ['.PP', roff(one)])
}

const optionLines = (options: readonly Option[]): string[] =>
  options
    .filter(({ isHidden }) => !isHidden)
    .flatMap(({ flags, description }) => ['.TP', `.B ${argument(flags)}`, roff(description)])

function synopsis(command: Command): string {
  const words = (command.arguments ?? []).map(({ name }) => name)
  return ['letterlock', command.name, ...words, '[OPTION ...]'].join(' ')
}

function commandLines(command: Command): string[] {
  const summary = asSentence(command.summary)
  const keys = command.where === 'program' ? [] : Object.entries(command.result.shape)
  return [
    `.SS ${argument(command.name)}`,
    roff(synopsis(command)),
    ...paragraphs(command.notes === undefined ? summary : `${summary}\n${command.notes}`),
    ...(command.arguments ?? []).flatMap(({ name, description }) => [
      '.TP',
      `.I ${argument(name.replace(/[[\]]/g, ''))}`,
      roff(description),
    ]),
    ...optionLines(optionsOf(command)),
    ...(keys.length === 0
      ? []
      : [
          '.PP',
          'With \\-\\-json, one object:',
          ...keys.flatMap(([key, form]) => [
            '.TP',
            `.I ${argument(key)}`,
            roff(z.globalRegistry.get(form)?.description ?? ''),
          ]),
        ]),
    '.PP',
    command.examples.length === 1 ? 'Example:' : 'Examples:',
    ...command.examples.flatMap(({ line, does }) => ['.TP', `.B ${argument(line)}`, roff(does)]),
  ]
}

const exits: readonly (readonly [string, string])[] = [
  ['0', 'done'],
  ['1', 'doctor or healthcheck found something wrong'],
  ['64', 'wrong usage, or not confirmed'],
  ['65', 'wrong password, wrong code, or data that are not right'],
  ['67', 'no such user'],
  ['68', 'no such mailbox, message or slot'],
  ['69', 'no server or no store can be reached'],
  ['70', 'a bug'],
  ['73', 'exists already, or cannot be made'],
  ['75', 'try again later'],
  ['77', 'not permitted'],
  ['78', 'wrong configuration'],
  ['130', 'interrupted'],
]

/** letterlock(1). `date` as 2026-11-28. */
export function manualPage(commands: readonly Command[], version: string, date: string): string {
  const pairs = (all: readonly (readonly [string, string])[]): string[] =>
    all.flatMap(([name, text]) => ['.TP', `.B ${argument(name)}`, roff(text)])
  const lines = [
    `.TH LETTERLOCK 1 "${date}" ${argument(`Letterlock ${version}`)} ${argument('Letterlock')}`,
    '.SH NAME',
    'letterlock \\- a mail store that cannot read your mail while you are logged out',
    '.SH SYNOPSIS',
    '.B letterlock',
    roff('[--config FILE] [--data DIR] [--set NAME=VALUE ...] COMMAND ...'),
    '.SH DESCRIPTION',
    ...paragraphs(
      'An IMAP server, and the commands that administer it. Commands talk to the running server over a private socket, or open the idle store themselves.\n' +
        'No secret stands on a command line: passwords are asked for on the terminal, or come from a file, from standard input, from a variable that names a file, or from a systemd credential.\n' +
        'Data go to standard output, everything else to standard error.',
    ).slice(1),
    '.SH OPTIONS',
    ...optionLines(globalOptions),
    ...commandGroups.flatMap(({ heading, words }) => [
      `.SH ${argument(`COMMANDS: ${heading.replace(/:$/, '').toUpperCase()}`)}`,
      ...words
        .flatMap((word) => commands.filter(({ name }) => name.split(' ')[0] === word))
        .flatMap(commandLines),
    ]),
    '.SH EXIT STATUS',
    ...pairs(exits),
    '.SH ENVIRONMENT',
    ...pairs([
      ['LETTERLOCK_CONFIG', 'the configuration file, where --config names none'],
      ['LETTERLOCK_SECTION__KEY', 'one setting, above the file and below --set'],
      [
        'LETTERLOCK_PASSWORD_FILE and its like',
        'where a secret is read from; each option --...-file has one',
      ],
      ['CREDENTIALS_DIRECTORY', 'systemd credentials: letterlock.password and its like'],
      ['NO_COLOR', 'no colours'],
    ]),
    '.SH FILES',
    ...pairs([
      ['/etc/letterlock/letterlock.toml', 'settings; `letterlock config describe` explains each'],
      ['/var/lib/letterlock', 'mail, keys, certificate and control socket'],
    ]),
  ]
  return `${lines.join('\n')}\n`
}
