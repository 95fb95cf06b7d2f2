// Every command, offline and over the control socket: exit code, standard output, standard error, effect.
import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { makeBench, type Bench, type RunOptions } from './harness.ts'

interface Row {
  readonly name: string
  readonly argv: readonly string[]
  readonly options?: RunOptions
  readonly before?: (bench: Bench) => void
  readonly exitCode: number
  readonly out?: RegExp
  readonly err?: RegExp
  readonly after?: (bench: Bench) => void
}

const alice = 'alice@example.org'
const missing = 'nobody@example.org'

/** Rows that come out the same whether a server runs or not. */
const rows: readonly Row[] = [
  {
    name: 'user add takes the password from standard input and keeps all of it',
    argv: ['user', 'add', 'bob@example.org', '--password-file', '-'],
    options: { stdin: 'pass word with % and ü \r\nsecond line\n' },
    exitCode: 0,
    out: /^$/,
    err: /Made bob@example\.org/,
    after: ({ accounts }) =>
      assert.equal(accounts.accounts.get('bob@example.org')?.password, 'pass word with % and ü '),
  },
  {
    name: 'user add --quota none lifts the default quota',
    argv: ['user', 'add', 'bob@example.org', '--generate', '--quota', 'none', '--json'],
    exitCode: 0,
    out: /"quotaBytes":null,.*"password":"([0-9a-z]{4}-){4}[0-9a-z]{4}"/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get('bob@example.org')?.quotaBytes, undefined),
  },
  {
    name: 'user add --generate prints the password alone on standard output, and it is the one that was set',
    argv: ['user', 'add', 'bob@example.org', '--generate', '--quota', '2G'],
    exitCode: 0,
    out: /^([0-9a-z]{4}-){4}[0-9a-z]{4}\n$/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get('bob@example.org')?.quotaBytes, 2 * 2 ** 30),
  },
  {
    name: 'user add refuses an address that is taken',
    argv: ['user', 'add', alice, '--generate'],
    exitCode: 73,
    out: /^$/,
    err: /there is an account alice@example\.org\n.*user show/,
  },
  {
    name: 'user add refuses a bad address',
    argv: ['user', 'add', 'alice', '--generate'],
    exitCode: 64,
    err: /ADDR must be an address/,
  },
  {
    name: 'user add refuses a bad quota',
    argv: ['user', 'add', 'b@example.org', '--generate', '--quota', 'lots'],
    exitCode: 64,
    err: /--quota must be a size/,
  },
  {
    name: 'user add --dry-run needs no password and makes nothing',
    argv: ['user', 'add', 'bob@example.org', '--dry-run'],
    exitCode: 0,
    err: /Dry run: nothing was changed/,
    after: ({ accounts }) => assert.equal(accounts.accounts.has('bob@example.org'), false),
  },
  {
    name: 'user add --dry-run notices a taken address',
    argv: ['user', 'add', alice, '--dry-run'],
    exitCode: 73,
  },
  {
    name: 'user list prints a table',
    argv: ['user', 'list'],
    exitCode: 0,
    out: /^ADDRESS +AT REST +USED.*\nalice@example\.org +off +2 KiB/,
  },
  {
    name: 'user list --json prints one object',
    argv: ['user', 'list', '--json'],
    exitCode: 0,
    out: /^\{"users":\[\{"address":"alice@example.org"/,
  },
  {
    name: 'user list takes a mask',
    argv: ['user', 'list', '*@other.example', '--json'],
    exitCode: 0,
    out: /^\{"users":\[\]\}\n$/,
  },
  { name: 'user show prints the slots', argv: ['user', 'show', alice], exitCode: 0, out: /slot +password/ },
  {
    name: 'user show says 67 for nobody',
    argv: ['user', 'show', missing],
    exitCode: 67,
    out: /^$/,
    err: /no account nobody/,
  },
  {
    name: 'user passwd sets the password of an account that is not encrypted',
    argv: ['user', 'passwd', alice, '--password-file', '-'],
    options: { stdin: 'new secret words\n' },
    exitCode: 0,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.password, 'new secret words'),
  },
  {
    name: 'user passwd refuses an encrypted account and names the ways on',
    argv: ['user', 'passwd', alice, '--generate'],
    before: ({ accounts }) => (accounts.add(alice).atRest = 'on'),
    exitCode: 65,
    out: /^$/,
    err: /encrypted at rest[\s\S]*user passwd alice@example\.org --own[\s\S]*atrest recover alice@example\.org/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.password, 'old secret words'),
  },
  {
    name: 'user passwd --own changes the password of an encrypted account',
    argv: ['user', 'passwd', alice, '--own', '--old-password-file', '-', '--password-file', '-'],
    options: { stdin: 'old secret words\nnew secret words\n' },
    before: ({ accounts }) => (accounts.add(alice).atRest = 'on'),
    exitCode: 0,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.password, 'new secret words'),
  },
  {
    name: 'user passwd --own says 65 for a wrong old password',
    argv: ['user', 'passwd', alice, '--own', '--old-password-file', '-', '--password-file', '-'],
    options: { stdin: 'guess\nnew secret words\n' },
    exitCode: 65,
    err: /wrong password/,
  },
  {
    name: 'user delete refuses without confirmation',
    argv: ['user', 'delete', alice],
    exitCode: 64,
    err: /--yes/,
    after: ({ accounts }) => assert.equal(accounts.accounts.has(alice), true),
  },
  {
    name: 'user delete --dry-run deletes nothing',
    argv: ['user', 'delete', alice, '--dry-run', '--json'],
    exitCode: 0,
    out: /"deleted":false/,
    after: ({ accounts }) => assert.equal(accounts.accounts.has(alice), true),
  },
  {
    name: 'user delete --yes deletes',
    argv: ['user', 'delete', alice, '--yes', '--json'],
    exitCode: 0,
    out: /"deleted":true/,
    after: ({ accounts }) => assert.equal(accounts.accounts.has(alice), false),
  },
  {
    name: 'user delete takes the typed address as confirmation',
    argv: ['user', 'delete', alice],
    options: { typed: [alice] },
    exitCode: 0,
    err: /2 KiB of mail will be gone/,
    after: ({ accounts }) => assert.equal(accounts.accounts.has(alice), false),
  },
  {
    name: 'user delete does nothing when something else is typed',
    argv: ['user', 'delete', alice],
    options: { typed: ['yes'] },
    exitCode: 64,
    err: /nothing was done/,
    after: ({ accounts }) => assert.equal(accounts.accounts.has(alice), true),
  },
  {
    name: 'user disable and its --json',
    argv: ['user', 'disable', alice, '--json'],
    exitCode: 0,
    out: /"isDisabled":true/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.isDisabled, true),
  },
  {
    name: 'user enable',
    argv: ['user', 'enable', alice],
    before: ({ accounts }) => (accounts.add(alice).isDisabled = true),
    exitCode: 0,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.isDisabled, false),
  },
  {
    name: 'user disable --dry-run leaves it enabled',
    argv: ['user', 'disable', alice, '--dry-run'],
    exitCode: 0,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.isDisabled, false),
  },
  {
    name: 'quota set',
    argv: ['quota', 'set', alice, '1K'],
    exitCode: 0,
    err: /over its quota/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.quotaBytes, 1024),
  },
  {
    name: 'quota set none',
    argv: ['quota', 'set', alice, 'none', '--json'],
    exitCode: 0,
    out: /"quotaBytes":null/,
  },
  { name: 'quota set refuses nonsense', argv: ['quota', 'set', alice, '-5'], exitCode: 64 },
  {
    name: 'quota get of all',
    argv: ['quota', 'get'],
    exitCode: 0,
    out: /alice@example\.org +2 KiB +none +-/,
  },
  { name: 'quota get of nobody', argv: ['quota', 'get', missing], exitCode: 67 },
  {
    name: 'atrest enable prints the recovery code alone on standard output, and waits for older mail',
    argv: ['atrest', 'enable', alice, '--password-file', '-'],
    options: { stdin: 'old secret words' },
    exitCode: 0,
    out: /^AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG\n$/,
    err: /shown this once[\s\S]*is encrypted at rest/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.atRest, 'on'),
  },
  {
    name: 'atrest enable --json has the code in the object',
    argv: ['atrest', 'enable', alice, '--password-file', '-', '--json'],
    options: { stdin: 'old secret words' },
    exitCode: 0,
    out: /^\{"address":"alice@example.org","atRest":"on","recoveryCode":"AAAA-[A-Z-]+"\}\n$/,
  },
  {
    name: 'atrest enable says 65 for a wrong password and prints no code',
    argv: ['atrest', 'enable', alice, '--password-file', '-'],
    options: { stdin: 'guess' },
    exitCode: 65,
    out: /^$/,
    err: /wrong password/,
  },
  {
    name: 'atrest enable --dry-run notices that it is on',
    argv: ['atrest', 'enable', alice, '--dry-run'],
    before: ({ accounts }) => (accounts.add(alice).atRest = 'on'),
    exitCode: 65,
  },
  {
    name: 'atrest enable prints the code even when older mail cannot be sealed',
    argv: ['atrest', 'enable', alice, '--password-file', '-', '--json'],
    options: { stdin: 'old secret words' },
    before: ({ accounts }) => {
      accounts.conversion = Promise.reject(new Error('disk on fire'))
      accounts.conversion.catch(() => undefined)
    },
    exitCode: 70,
    out: /"recoveryCode":"AAAA-[A-Z-]+"/,
    err: /internal/,
  },
  {
    name: 'atrest status of all',
    argv: ['atrest', 'status'],
    exitCode: 0,
    out: /alice@example\.org +off +locked +0 +password/,
  },
  {
    name: 'atrest status of one as JSON',
    argv: ['atrest', 'status', alice, '--json'],
    exitCode: 0,
    out: /"atRest":"off"/,
  },
  {
    name: 'atrest recover takes code and password from one pipe',
    argv: ['atrest', 'recover', alice, '--code-file', '-', '--password-file', '-'],
    options: { stdin: 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG\nnew secret words\n' },
    before: ({ accounts }) => (accounts.add(alice).atRest = 'on'),
    exitCode: 0,
    out: /^HHHH-JJJJ-[A-Z-]+\n$/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.password, 'new secret words'),
  },
  {
    name: 'atrest recover --generate --json prints both',
    argv: ['atrest', 'recover', alice, '--code-file', '-', '--generate', '--json'],
    options: { stdin: 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG' },
    before: ({ accounts }) => (accounts.add(alice).atRest = 'on'),
    exitCode: 0,
    out: /"recovered":true,"recoveryCode":"HHHH[A-Z-]+","password":"/,
  },
  {
    name: 'atrest recover says 65 for a wrong code, without repeating it',
    argv: ['atrest', 'recover', alice, '--code-file', '-', '--generate'],
    options: { stdin: 'ZZZZ-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG' },
    before: ({ accounts }) => (accounts.add(alice).atRest = 'on'),
    exitCode: 65,
    out: /^$/,
    err: /^(?![\s\S]*ZZZZ)[\s\S]*looks mistyped in group 3/,
  },
  {
    name: 'unknown commands get a suggestion',
    argv: ['user', 'lst'],
    exitCode: 64,
    err: /Did you mean list/,
  },
  {
    name: 'unknown options get a suggestion',
    argv: ['user', 'list', '--jsn'],
    exitCode: 64,
    err: /Did you mean --json/,
  },
  {
    name: 'no command at all shows help and says 64',
    argv: [],
    exitCode: 64,
    err: /Usage: letterlock COMMAND/,
  },
  { name: '--help says 0 on standard output', argv: ['--help'], exitCode: 0, out: /Accounts:\n +user/ },
  { name: 'version', argv: ['version', '--json'], exitCode: 0, out: /"version":"\d+\.\d+\.\d+"/ },
  {
    name: 'config check without a file',
    argv: ['config', 'check'],
    exitCode: 0,
    err: /defaults are in force/,
  },
  {
    name: 'config show --changed shows what a flag changed',
    argv: ['--set', 'hostname=mail.example.org', 'config', 'show', '--changed', '--json'],
    exitCode: 0,
    out: /"hostname":"mail\.example\.org"/,
  },
  {
    name: 'a wrong setting is 78 and names it',
    argv: ['--set', 'hostnam=x', 'user', 'list'],
    exitCode: 78,
    err: /--set hostnam: no such setting \(did you mean hostname\?\)/,
  },
  {
    name: 'config describe of one setting',
    argv: ['config', 'describe', 'listen.imaps'],
    exitCode: 0,
    out: /TLS from the first byte/,
  },
  {
    name: 'config describe of an unknown setting',
    argv: ['config', 'describe', 'listen.imap5'],
    exitCode: 64,
    err: /did you mean listen\.imaps?/,
  },
  {
    name: 'client-config puts TLS from the first byte first',
    argv: ['client-config', alice, '--json'],
    exitCode: 0,
    out: /"incoming":\[\{"protocol":"imap","host":"localhost","port":993,"security":"tls"/,
  },
  {
    name: '--quiet leaves data and hides talk',
    argv: ['--quiet', 'user', 'list'],
    exitCode: 0,
    out: /alice/,
    err: /^$/,
  },
  {
    name: 'failures as JSON go to standard error',
    argv: ['user', 'show', missing, '--json'],
    exitCode: 67,
    out: /^$/,
    err: /^\{"error":\{"code":"no-such-account","exitCode":67/,
  },
]

async function check(bench: Bench, row: Row): Promise<void> {
  bench.accounts.add(alice)
  row.before?.(bench)
  const ran = await bench.run(row.argv, row.options)
  assert.equal(ran.exitCode, row.exitCode, `${ran.out}${ran.err}`)
  if (row.out) assert.match(ran.out, row.out)
  if (row.err) assert.match(ran.err, row.err)
  row.after?.(bench)
  for (const bytes of bench.accounts.given)
    assert.ok(
      bytes.every((byte) => byte === 0),
      'a secret was not wiped',
    )
  assert.equal(bench.closed, bench.opened, 'an opened store was not closed')
}

describe('commands on the idle store', () => {
  for (const row of rows) {
    it(row.name, async (context) => check(await makeBench(context), row))
  }
})

describe('commands over the control socket', () => {
  for (const row of rows) {
    it(row.name, async (context) => {
      const bench = await makeBench(context)
      await bench.startServer()
      await check(bench, row)
      assert.equal(bench.opened, 0, 'the store was opened beside the server')
    })
  }
})

describe('commands that need the server', () => {
  for (const argv of [['status'], ['who'], ['kick', '*'], ['stop'], ['reload']]) {
    it(`${argv[0] ?? ''} says 69 when no server runs`, async (context) => {
      const bench = await makeBench(context)
      const { exitCode, err } = await bench.run(argv)
      assert.equal(exitCode, 69)
      assert.match(err, /no server is running[\s\S]*letterlock serve/)
      assert.equal(bench.opened, 0)
    })
  }

  const served: readonly Row[] = [
    {
      name: 'status',
      argv: ['status', '--json'],
      exitCode: 0,
      out: /"version":"9\.9\.9","pid":\d+,.*"unlockedAccounts":1/,
    },
    { name: 'status in words', argv: ['status'], exitCode: 0, out: /listens +imaps 127\.0\.0\.1:1993/ },
    { name: 'who', argv: ['who'], exitCode: 0, out: /alice@example\.org +imap +192\.0\.2\.1 +yes/ },
    { name: 'who with a mask', argv: ['who', 'bob@*', '--json'], exitCode: 0, out: /^\{"sessions":\[\]\}/ },
    {
      name: 'kick by mask',
      argv: ['kick', 'alice@*', '--json'],
      exitCode: 0,
      out: /"ended":2/,
      after: ({ accounts }) => assert.deepEqual(accounts.kicked, ['s1', 's2']),
    },
    {
      name: 'kick by session',
      argv: ['kick', '--session', 's2'],
      exitCode: 0,
      after: ({ accounts }) => assert.deepEqual(accounts.kicked, ['s2']),
    },
    {
      name: 'kick --dry-run',
      argv: ['kick', '*', '--dry-run', '--json'],
      exitCode: 0,
      out: /"ended":2/,
      after: ({ accounts }) => assert.deepEqual(accounts.kicked, []),
    },
    { name: 'kick of nothing in particular', argv: ['kick'], exitCode: 64, err: /mask.*--session/ },
    { name: 'reload', argv: ['reload'], exitCode: 0, err: /Read again: certificate/ },
    {
      name: 'stop',
      argv: ['stop', '--json'],
      exitCode: 0,
      out: /"pid":\d+/,
      after: ({ stops }) => assert.deepEqual(stops, ['stop']),
    },
    {
      name: 'stop --dry-run',
      argv: ['stop', '--dry-run'],
      exitCode: 0,
      after: ({ stops }) => assert.deepEqual(stops, []),
    },
  ]
  for (const row of served) {
    it(row.name, async (context) => {
      const bench = await makeBench(context)
      bench.accounts.addSession(alice, 's1')
      bench.accounts.addSession(alice, 's2')
      await bench.startServer()
      await check(bench, row)
    })
  }
})

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
