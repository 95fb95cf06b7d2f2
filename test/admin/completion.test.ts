// Completion: what each shell offers at each place, run in the shells themselves. And that nothing of it is ever run.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { placesOf, valueOptions } from '../../src/admin/completion/tree.ts'
import { allCommands } from '../../src/server/cli.ts'
import { skipWithout } from '../support/programs.ts'
import { makeBench, type Bench } from './harness.ts'

const place = mkdtempSync(join(tmpdir(), 'letterlock-completion-'))
after(() => rmSync(place, { recursive: true }))
// Stands for the program, and says where it was asked to look.
const evil = '$(touch evil)@x.example'
writeFileSync(
  join(place, 'letterlock'),
  `#!/bin/sh\ncase "$*" in *"completion addresses") printf '%s\\n' alice@example.org bob@example.org '${evil}' "asked@$2";; esac\n`,
  { mode: 0o755 },
)
const environment = { ...process.env, PATH: [place, process.env['PATH'] ?? ''].join(delimiter), HOME: place }

async function scriptFor(bench: Bench, shell: string): Promise<string> {
  const { exitCode, out } = await bench.run(['completion', shell], { commands: allCommands })
  assert.equal(exitCode, 0)
  const file = join(place, `letterlock.${shell}`)
  writeFileSync(file, out)
  return file
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** The words typed so far, the last one being completed, and what must and must not be offered. */
const rows: readonly (readonly [
  words: readonly string[],
  offered: readonly string[],
  not: readonly string[],
])[] = [
  [
    ['letterlock', ''],
    ['user', 'atrest', 'serve', 'doctor', 'mailbox'],
    ['add', '--json'],
  ],
  [
    ['letterlock', 'user', ''],
    ['add', 'list', 'passwd'],
    ['user', 'alice@example.org'],
  ],
  [['letterlock', 'atrest', 'slots', ''], ['list', 'remove'], ['enable']],
  [['letterlock', '--data', 'user', 'atrest', 'code', ''], ['regenerate', 'test'], ['add']],
  [
    ['letterlock', 'user', 'add', '--'],
    ['--quota', '--json', '--dry-run', '--help'],
    ['--config', '--yes'],
  ],
  [['letterlock', '--'], ['--config', '--quiet'], ['--json']],
  [['letterlock', 'user', 'show', ''], ['alice@example.org', 'bob@example.org'], ['list']],
  [['letterlock', '--config', '/there', 'user', 'show', ''], ['asked@/there'], []],
  [['letterlock', 'user', 'show', 'alice', ''], [], ['alice@example.org', 'bob@example.org']],
  [['letterlock', 'user', 'add', '--quota', ''], [], ['alice@example.org', 'list']],
]

function check(offered: readonly string[][]): void {
  for (const [index, [words, must, not]] of rows.entries()) {
    const found = offered[index] ?? []
    for (const word of must)
      assert.ok(found.includes(word), `${words.join(' ')}: ${word} in ${found.join(' ')}`)
    for (const word of not) assert.ok(!found.includes(word), `${words.join(' ')}: no ${word}`)
  }
  assert.ok(!existsSync('evil') && !existsSync(join(place, 'evil')), 'an address was run')
}

const blocks = (out: string): string[][] =>
  out
    .split('=====\n')
    .slice(1)
    .map((block) => block.split('\n').filter((line) => line !== ''))

function run(program: string, options: readonly string[], text: string): string {
  return execFileSync(program, [...options, text], { env: environment, cwd: place, encoding: 'utf8' })
}

describe('completion', () => {
  it('works in bash', { skip: skipWithout('bash') }, async (context) => {
    const file = await scriptFor(await makeBench(context), 'bash')
    const asks = rows.map(
      ([words]) => `COMP_WORDS=(${words.map(quoted).join(' ')}); COMP_CWORD=${words.length - 1}; ask`,
    )
    const text = `compopt() { :; }
source ${file}
ask() { _letterlock; printf '=====\\n'; printf '%s\\n' "\${COMPREPLY[@]}"; }
${asks.join('\n')}`
    const offered = blocks(run('bash', ['--norc', '--noprofile', '-c'], text))
    check(offered)
    // What stands on the line afterwards is the address, not what the shell would make of it.
    assert.ok(offered.flat().includes(String.raw`\$\(touch\ evil\)@x.example`))
  })

  it('works in zsh', { skip: skipWithout('zsh') }, async (context) => {
    const file = await scriptFor(await makeBench(context), 'zsh')
    const asks = rows.map(([words]) => `words=(${words.map(quoted).join(' ')}); CURRENT=${words.length}; ask`)
    const text = `compdef() { [[ $1 == _letterlock && $2 == letterlock ]] || exit 9 }
_files() { print -r -- FILES }
compadd() { shift; print -rl -- "$@" }
_describe() { local one; for one in \${(P)@[-1]}; do print -r -- \${one%%:*}; done }
source ${file}
ask() { print -r -- '====='; _letterlock }
${asks.join('\n')}`
    check(blocks(run('zsh', ['-f', '-c'], text)))
  })

  it('works in fish', { skip: skipWithout('fish') }, async (context) => {
    const file = await scriptFor(await makeBench(context), 'fish')
    const asks = rows.map(([words]) => `echo =====; complete -C ${quoted(words.join(' '))}`)
    const out = run('fish', ['--no-config', '-c'], [`source ${file}`, ...asks].join('\n'))
    check(blocks(out).map((lines) => lines.map((line) => line.split('\t')[0] ?? '')))
  })

  it('asks the running server for addresses, and never the idle store', async (context) => {
    const bench = await makeBench(context)
    bench.accounts.add('alice@example.org')
    const argv = ['completion', 'addresses']
    assert.deepEqual(await bench.run(argv, { commands: allCommands }), { exitCode: 0, out: '', err: '' })
    assert.equal(bench.opened, 0)
    await bench.startServer()
    assert.equal((await bench.run(argv, { commands: allCommands })).out, 'alice@example.org\n')
  })

  it('refuses a shell that it does not know', async (context) => {
    const bench = await makeBench(context)
    assert.equal((await bench.run(['completion', 'tcsh'], { commands: allCommands })).exitCode, 64)
  })

  it('takes no option for one with a value that anywhere has none', () => {
    const places = placesOf(allCommands)
    const { files, others } = valueOptions(places)
    const taking = new Set([...files, ...others])
    for (const { chain, options } of places) {
      for (const { word, value } of options)
        assert.ok(value !== 'none' || !taking.has(word), `${chain} ${word}`)
    }
    for (const word of ['--config', '--data', '--set', '--password-file', '--mailbox'])
      assert.ok(taking.has(word), word)
  })
})
