// The command line on a real site: offline, over the control socket, and where the two meet.
import assert from 'node:assert/strict'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openSite } from '../../src/server/cli.ts'
import { searchDirectory } from '../../src/server/demo/disk-search.ts'
import { makeSite, type TestSite } from './site.ts'

const alice = 'alice@example.org'

async function ok(site: TestSite, argv: readonly string[], input?: string): Promise<Record<string, unknown>> {
  const { exitCode, out, err } = await site.run([...argv, '--json'], input)
  assert.equal(exitCode, 0, err)
  return JSON.parse(out) as Record<string, unknown>
}

async function codeOf(site: TestSite, argv: readonly string[], input?: string): Promise<number> {
  return (await site.run(argv, input)).exitCode
}

/** The life of an account by commands alone, whoever carries them out. */
async function liveOneLife(site: TestSite): Promise<void> {
  const { password } = await ok(site, ['user', 'add', alice, '--generate', '--quota', '1G'])
  assert.equal(typeof password, 'string')
  assert.equal(await codeOf(site, ['user', 'add', 'Alice@Example.ORG', '--generate']), 73)
  assert.equal((await ok(site, ['user', 'show', alice]))['quotaBytes'], 2 ** 30)
  assert.equal(await codeOf(site, ['user', 'passwd', alice, '--password-file', '-'], 'second password'), 0)
  assert.equal(await codeOf(site, ['atrest', 'enable', alice, '--password-file', '-'], 'wrong password'), 65)
  const enabled = await ok(site, ['atrest', 'enable', alice, '--password-file', '-'], 'second password')
  assert.match(String(enabled['recoveryCode']), /^([0-9A-Z]{4}-){6}[0-9A-Z]{4}$/)
  assert.equal(enabled['atRest'], 'on')

  const refused = await site.run(['user', 'passwd', alice, '--password-file', '-'], 'from outside')
  assert.equal(refused.exitCode, 65)
  assert.match(refused.err, /user passwd alice@example\.org --own[\s\S]*atrest recover/)
  const own = ['user', 'passwd', alice, '--own', '--old-password-file', '-', '--password-file', '-']
  assert.equal(await codeOf(site, own, 'guess\nthird password'), 65)
  assert.equal(await codeOf(site, own, 'second password\nthird password'), 0)

  const recover = ['atrest', 'recover', alice, '--code-file', '-', '--password-file', '-']
  assert.equal(await codeOf(site, recover, 'ABCD-EFGH\nfourth password'), 65)
  const recovered = await ok(
    site,
    recover,
    `${String(enabled['recoveryCode']).toLowerCase()}\nfourth password`,
  )
  assert.notEqual(recovered['recoveryCode'], enabled['recoveryCode'])
  assert.equal(await codeOf(site, recover, `${String(enabled['recoveryCode'])}\nfifth password`), 65)

  assert.equal(await codeOf(site, ['user', 'disable', alice]), 0)
  assert.equal((await ok(site, ['user', 'show', alice]))['isDisabled'], true)
  assert.equal(await codeOf(site, ['user', 'enable', alice]), 0)
  assert.equal(await codeOf(site, ['quota', 'set', alice, 'none']), 0)
  const { accounts } = await ok(site, ['atrest', 'status'])
  assert.equal((accounts as { atRest: string }[])[0]?.atRest, 'on')
  assert.equal(await codeOf(site, ['user', 'delete', alice]), 64)
  assert.equal(await codeOf(site, ['user', 'delete', alice, '--yes']), 0)
  assert.equal(await codeOf(site, ['user', 'show', alice]), 67)
  assert.deepEqual((await ok(site, ['user', 'list']))['users'], [])
}

describe('an account lives by commands alone', () => {
  it('on the idle store', async (context) => {
    await liveOneLife(await makeSite(context))
  })

  it('over the control socket, and nothing secret is logged', async (context) => {
    const site = await makeSite(context)
    await site.start()
    await liveOneLife(site)
    const log = site.logLines.join('\n')
    for (const secret of ['second password', 'third password', 'fourth password', 'from outside']) {
      assert.equal(log.includes(secret), false)
    }
  })

  it('partly in the server, partly without it', async (context) => {
    const site = await makeSite(context)
    await ok(site, ['user', 'add', alice, '--password-file', '-'], 'first password')
    await site.start()
    assert.equal((await ok(site, ['user', 'show', alice]))['atRest'], 'off')
    await ok(site, ['atrest', 'enable', alice, '--password-file', '-'], 'first password')
    await site.stop()
    assert.equal((await ok(site, ['user', 'show', alice]))['atRest'], 'on')
  })

  it('and leaves none of its passwords on the disk', async (context) => {
    const site = await makeSite(context)
    await ok(site, ['user', 'add', alice, '--password-file', '-'], 'Quetzalcoatl')
    const { recoveryCode } = await ok(
      site,
      ['atrest', 'enable', alice, '--password-file', '-'],
      'Quetzalcoatl',
    )
    const { found, files } = await searchDirectory(site.dataDir, ['Quetzalcoatl', String(recoveryCode)])
    assert.ok(files > 3)
    assert.deepEqual(found, [])
  })
})

describe('sessions', () => {
  it('are listed with the slot that opened them, and kicked with their keys', async (context) => {
    const site = await makeSite(context)
    const server = await site.start()
    await ok(site, ['user', 'add', alice, '--password-file', '-'], 'first password')
    const ends: string[] = []
    const open = () =>
      server.accounts.login(alice, Buffer.from('first password'), {
        protocol: 'imap',
        remoteAddress: '192.0.2.7',
        isTls: true,
        end: (reason) => ends.push(reason),
      })
    await open()
    await open()
    const { sessions } = await ok(site, ['who'])
    const rows = sessions as { session: string; address: string; from: string; openedBy: string }[]
    assert.deepEqual(
      rows.map(({ address, from, openedBy }) => [address, from, openedBy]),
      [
        [alice, '192.0.2.7', 'password'],
        [alice, '192.0.2.7', 'password'],
      ],
    )
    assert.equal((await ok(site, ['status']))['unlockedAccounts'], 1)
    assert.equal((await ok(site, ['kick', '--session', rows[0]?.session ?? '']))['ended'], 1)
    assert.equal((await ok(site, ['user', 'show', alice]))['isUnlocked'], true)
    assert.equal((await ok(site, ['kick', '*@example.org']))['ended'], 1)
    assert.equal((await ok(site, ['user', 'show', alice]))['isUnlocked'], false)
    assert.deepEqual((await ok(site, ['who']))['sessions'], [])
    assert.equal(ends.length, 2)
  })

  it('end when the server is told to stop, and the store is free afterwards', async (context) => {
    const site = await makeSite(context)
    await site.start()
    await ok(site, ['user', 'add', alice, '--password-file', '-'], 'first password')
    assert.equal(await codeOf(site, ['stop']), 0)
    await site.stop()
    assert.equal(await codeOf(site, ['status']), 69)
    assert.equal(await codeOf(site, ['user', 'show', alice]), 0)
  })
})

describe('the store has one opener', () => {
  it('a command says so while another one has it', async (context) => {
    const site = await makeSite(context)
    const held = await openSite(site.config)
    try {
      const { exitCode, err } = await site.run(['user', 'list'])
      assert.equal(exitCode, 75)
      assert.match(err, /another process has the store open/)
    } finally {
      await held.close()
    }
    assert.equal(await codeOf(site, ['user', 'list']), 0)
  })

  it('a server does not start while a command has it', async (context) => {
    const site = await makeSite(context)
    const held = await openSite(site.config)
    try {
      await assert.rejects(site.start(), /another process has the store open/)
    } finally {
      await held.close()
    }
    await site.start()
    assert.equal((await ok(site, ['status']))['version'], '0.0.0-test')
  })

  it('many commands at once go to the server', async (context) => {
    const site = await makeSite(context)
    await site.start()
    const names = Array.from({ length: 6 }, (_, index) => `user${index}@example.org`)
    const codes = await Promise.all(names.map((name) => codeOf(site, ['user', 'add', name, '--generate'])))
    assert.deepEqual(codes, [0, 0, 0, 0, 0, 0])
    assert.equal(((await ok(site, ['user', 'list']))['users'] as object[]).length, 6)
  })
})

describe('a site that is not as it should be', () => {
  it('has no data directory', async (context) => {
    const site = await makeSite(context, { isEmpty: true })
    const { exitCode, err } = await site.run(['user', 'list'])
    assert.equal(exitCode, 69)
    assert.match(err, /no data directory[\s\S]*letterlock init/)
  })

  it('has a site key that others can read', async (context) => {
    const site = await makeSite(context)
    await chmod(site.config.siteKeyFile, 0o644)
    const { exitCode, err } = await site.run(['user', 'list'])
    assert.equal(exitCode, 78)
    assert.match(err, /read by others[\s\S]*chmod 0600/)
  })

  it('has settings with mistakes: all are named, with their lines', async (context) => {
    const site = await makeSite(context)
    const file = join(site.dataDir, 'letterlock.toml')
    await writeFile(file, 'hostnme = "x"\n[tls]\nmin = "1.1"\n')
    const { exitCode, err } = await site.run(['user', 'list'])
    assert.equal(exitCode, 78)
    assert.match(err, /letterlock\.toml:1: hostnme: no such setting \(did you mean hostname\?\)/)
    assert.match(err, /letterlock\.toml:3: tls\.min/)
  })
})

describe('a site that keeps nothing', () => {
  it('has no accounts to show without its server', async (context) => {
    const site = await makeSite(context)
    const { exitCode, err } = await site.run(['--set', 'store.backend=memory', 'user', 'list'])
    assert.equal(exitCode, 69)
    assert.match(err, /nothing was kept/)
  })
})

describe('init', () => {
  it('makes a site that works, and changes nothing the second time', async (context) => {
    const site = await makeSite(context, { isEmpty: true })
    const made = await ok(site, ['--set', 'hostname=mail.example.org', 'init'])
    assert.equal((made['made'] as string[]).length, 5)
    const text = await readFile(join(site.dataDir, 'letterlock.toml'), 'utf8')
    assert.match(text, /^hostname = "mail\.example\.org"$/m)
    assert.match(text, /^imaps = \[ ?"127\.0\.0\.1:0" ?\]$/m)
    assert.equal((await stat(site.config.siteKeyFile)).mode & 0o777, 0o600)
    const key = await readFile(site.config.siteKeyFile)
    assert.deepEqual((await ok(site, ['init']))['made'], [])
    assert.deepEqual(await readFile(site.config.siteKeyFile), key)
    assert.equal((await ok(site, ['config', 'check']))['valid'], true)
    assert.equal(await codeOf(site, ['user', 'list']), 0)
  })
})

describe('doctor', () => {
  interface Diagnosis {
    readonly healthy: boolean
    readonly checks: readonly {
      readonly id: string
      readonly verdict: string
      readonly text: string
      readonly hint?: string
    }[]
  }

  async function examine(site: TestSite): Promise<Diagnosis & { readonly exitCode: number }> {
    const { exitCode, out, err } = await site.run(['doctor', '--json'])
    assert.notEqual(out, '', err)
    return { exitCode, ...(JSON.parse(out) as Diagnosis) }
  }

  const failing = ({ checks }: Diagnosis): string[] =>
    checks.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id)

  it('finds nothing failing on a fresh site, idle or served', async (context) => {
    const site = await makeSite(context)
    const idle = await examine(site)
    assert.deepEqual(failing(idle), [], JSON.stringify(idle.checks))
    assert.equal(idle.exitCode, 0)
    assert.ok(idle.checks.some(({ id, verdict }) => id === 'ciphers' && verdict === 'ok'))
    await site.start()
    const served = await examine(site)
    assert.deepEqual(failing(served), [], JSON.stringify(served.checks))
    assert.match(served.checks.find(({ id }) => id === 'store')?.text ?? '', /the server answers/)
    const answers = served.checks.filter(({ text }) => /^(imap|imaps|lmtp|sasl|web) on .* answers/.test(text))
    assert.equal(answers.length, 5)
  })

  it('names what fails, with a hint, and exits with 1', async (context) => {
    const site = await makeSite(context)
    await chmod(site.dataDir, 0o755)
    await writeFile(site.config.siteKeyFile, 'short')
    const sick = await examine(site)
    assert.equal(sick.exitCode, 1)
    assert.equal(sick.healthy, false)
    assert.deepEqual(failing(sick), ['store', 'permissions', 'site-key'])
    const hint = sick.checks.find(({ id, verdict }) => id === 'permissions' && verdict === 'fail')?.hint
    assert.match(hint ?? '', /chmod 0700/)
  })

  it('reports wrong settings as a finding, and looks at the rest all the same', async (context) => {
    const site = await makeSite(context)
    await writeFile(join(site.dataDir, 'letterlock.toml'), 'nonsense = 1\n')
    const sick = await examine(site)
    assert.deepEqual(failing(sick), ['settings'])
    assert.match(sick.checks.find(({ id }) => id === 'settings')?.text ?? '', /nonsense: no such setting/)
  })

  it('prints a line a check for people', async (context) => {
    const site = await makeSite(context)
    const { out } = await site.run(['doctor'])
    assert.match(out, /^ok +Node +Node \d+\.\d+/m)
  })
})
