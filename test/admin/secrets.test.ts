// Where secrets come from, and where they must never go.
import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { alice } from './command-rows.ts'
import { makeBench } from './harness.ts'

describe('secrets', () => {
  const needPassword = ['user', 'add', 'bob@example.org']

  it('are refused in words when there is neither a source nor a terminal', async (context) => {
    const bench = await makeBench(context)
    const { exitCode, err } = await bench.run(needPassword)
    assert.equal(exitCode, 64)
    assert.match(err, /--password-file FILE[\s\S]*--generate[\s\S]*LETTERLOCK_PASSWORD_FILE/)
  })

  it('come from the file in $LETTERLOCK_PASSWORD_FILE, with a warning when others can read it', async (context) => {
    const bench = await makeBench(context)
    const file = join(bench.dataDir, 'secret')
    await writeFile(file, 'from a file\nrest', { mode: 0o644 })
    await chmod(file, 0o644)
    const { exitCode, err } = await bench.run(needPassword, { env: { LETTERLOCK_PASSWORD_FILE: file } })
    assert.equal(exitCode, 0, err)
    assert.match(err, /Others can read/)
    assert.equal(bench.accounts.accounts.get('bob@example.org')?.password, 'from a file')
  })

  it('come from a systemd credential', async (context) => {
    const bench = await makeBench(context)
    const directory = join(bench.dataDir, 'credentials')
    await mkdir(directory)
    await writeFile(join(directory, 'letterlock.password'), 'from systemd', { mode: 0o600 })
    const { exitCode, err } = await bench.run(needPassword, { env: { CREDENTIALS_DIRECTORY: directory } })
    assert.equal(exitCode, 0, err)
    assert.equal(bench.accounts.accounts.get('bob@example.org')?.password, 'from systemd')
  })

  it('are typed twice on a terminal, and again when the two differ', async (context) => {
    const bench = await makeBench(context)
    const { exitCode, err } = await bench.run(needPassword, {
      typed: ['one secret', 'an other', 'right words', 'right words'],
    })
    assert.equal(exitCode, 0, err)
    assert.match(err, /not the same/)
    assert.equal(bench.accounts.accounts.get('bob@example.org')?.password, 'right words')
  })

  it('are made when nothing is typed', async (context) => {
    const bench = await makeBench(context)
    const { exitCode, out } = await bench.run(needPassword, { typed: [''] })
    assert.equal(exitCode, 0)
    assert.equal(bench.accounts.accounts.get('bob@example.org')?.password, out.trim())
  })

  it('are not asked for when the command would be refused anyway', async (context) => {
    const bench = await makeBench(context)
    bench.accounts.add(alice).atRest = 'on'
    const { exitCode } = await bench.run(['user', 'passwd', alice], { typed: [] })
    assert.equal(exitCode, 65)
    assert.deepEqual(bench.questions, [])
  })

  const faults: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['an empty line', '\n', /is empty/],
    ['no line at all', '', /ended before/],
    ['a line of 1,025 bytes', `${'x'.repeat(1025)}\n`, /longer than 1024/],
    ['an endless line', 'x'.repeat(100_000), /too long/],
    ['a NUL', Buffer.from('ab\0cd\n'), /control character/],
  ]
  for (const [name, stdin, message] of faults) {
    it(`refuses ${name}`, async (context) => {
      const bench = await makeBench(context)
      const { exitCode, err } = await bench.run([...needPassword, '--password-file', '-'], { stdin })
      assert.equal(exitCode, 64)
      assert.match(err, message)
      assert.equal(bench.accounts.accounts.size, 0)
    })
  }

  it('never show up in what is logged, said or printed', async (context) => {
    const bench = await makeBench(context)
    await bench.startServer()
    bench.accounts.add(alice)
    const said: string[] = []
    const secret = 'canary-5e57-password'
    const runs: readonly (readonly [readonly string[], string])[] = [
      [['user', 'add', 'bob@example.org', '--password-file', '-'], `${secret}\n`],
      [['user', 'add', 'bob@example.org', '--password-file', '-'], `${secret}\n`],
      [['atrest', 'enable', alice, '--password-file', '-'], `${secret}\n`],
      [['atrest', 'recover', alice, '--code-file', '-', '--password-file', '-'], `${secret}\n${secret}\n`],
      [
        ['user', 'passwd', alice, '--own', '--old-password-file', '-', '--password-file', '-'],
        `${secret}\n${secret}\n`,
      ],
      [['user', 'passwd', alice, '--password-file', '-', '--json'], `${secret}\n`],
    ]
    for (const [argv, stdin] of runs) {
      const { out, err } = await bench.run(['--debug', ...argv], { stdin })
      said.push(out, err)
    }
    const everything = [...said, ...bench.log.lines].join('\n')
    assert.equal(everything.includes(secret), false)
    assert.ok(bench.log.lines.some((line) => line.includes('user passwd')))
  })

  it('that commands declare can all be given without the command line', async (context) => {
    const bench = await makeBench(context)
    for (const argv of [
      ['user', 'add'],
      ['user', 'passwd'],
      ['atrest', 'enable'],
      ['atrest', 'recover'],
    ]) {
      const { out } = await bench.run([...argv, '--help'])
      assert.match(out, /--password-file <FILE>/)
      assert.doesNotMatch(out, /--password[ =]/)
    }
  })
})
