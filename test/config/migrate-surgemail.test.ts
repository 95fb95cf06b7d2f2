// A surgemail.ini becomes settings that load, and no line of it is lost without a word.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { loadConfig } from '../../src/config/load.ts'
import { migrateSurgemail } from '../../src/config/migrate-surgemail.ts'
import { makeBench } from '../admin/harness.ts'

const file = `# an old server
g_home "/usr/local/surgemail"
g_atrest_enable \u201ctrue\u201d
g_atrest_all "true"
g_atrest_crazy "true"
g_imap_port "143,1143"
g_pop_port "110"
g_spam_allow "127.0.0.1"
g_ssl_require_login "true"
g_surgeweb_secret "S3cretWord"
g_unheard_of "x"

vdomain address="" name="XYZ.com"
quota_default "2G"
fallback "postmaster"
vdomain address="10.0.0.2" name="abc.example"
quota_default "2G"
fallback "/dev/null"
alias_file "alias.txt"
what is this?
`

const settingsOf = (ini: string) => loadConfig({ text: migrateSurgemail(ini).toml })

describe('config migrate-surgemail', () => {
  it('sets what has a counterpart, in a file that loads', () => {
    const config = settingsOf(file)
    assert.deepEqual([config.atrest.policy, config.atrest.adminRecovery], ['all', false])
    assert.deepEqual(
      config.listen.imap.map((address) => 'port' in address && address.port),
      [143, 1143],
    )
    assert.deepEqual(config.domains.local, ['xyz.com', 'abc.example'])
    assert.equal(config.quota.default, 2 * 2 ** 30)
  })

  it('says of every line what became of it, and repeats no secret', () => {
    const { lines, toml, commands } = migrateSurgemail(file)
    const told = new Map(lines.map(({ line, name, outcome }) => [line, `${name} ${outcome}`]))
    file.split('\n').forEach((text, index) => {
      if (text.trim() !== '' && !text.startsWith('#')) assert.ok(told.has(index + 1), text)
    })
    assert.deepEqual(
      [...told.values()].filter((text) => !text.endsWith(' taken')),
      [
        'g_home without',
        'g_pop_port without',
        'g_spam_allow without',
        'g_ssl_require_login default',
        'g_surgeweb_secret without',
        'g_unheard_of without',
        'fallback command',
        'fallback without',
        'alias_file without',
        'what without',
      ],
    )
    assert.deepEqual(commands, ['letterlock alias add @xyz.com postmaster@xyz.com'])
    for (const { line } of lines) assert.match(toml, new RegExp(`^# ${line}: `, 'm'))
    assert.match(toml, /^# 7: g_pop_port "110" {2}-- there is no POP/m)
    assert.match(toml, /^# 11: g_unheard_of "x" {2}-- nothing here corresponds to it$/m)
    assert.doesNotMatch(JSON.stringify({ toml, lines }), /S3cretWord/)
  })

  const policies: readonly (readonly [ini: string, policy: string, adminRecovery: boolean])[] = [
    ['', 'offered', true],
    ['g_atrest_enable "true"', 'offered', true],
    ['g_atrest_enable "false"', 'off', true],
    ['g_atrest_enable "TRUE"\ng_atrest_all "true"', 'all', true],
    ['g_atrest_enable "false"\ng_atrest_all "true"', 'off', true],
    ['g_atrest_enable "true"\ng_atrest_crazy "true"', 'offered', false],
    ['g_atrest_enable "true"\ng_atrest_crazy "false"', 'offered', true],
  ]
  for (const [ini, policy, adminRecovery] of policies)
    it(`takes ${JSON.stringify(ini)} for ${policy}, admin recovery ${adminRecovery}`, () => {
      const { atrest } = settingsOf(ini)
      assert.deepEqual([atrest.policy, atrest.adminRecovery], [policy, adminRecovery])
    })

  it('says so where default quotas differ, and what SurgeMail’s default of at-rest encryption is', () => {
    const { toml } = migrateSurgemail(
      'vdomain name="a.example"\nquota_default "1G"\nvdomain name="b.example"\nquota_default "2G"',
    )
    assert.equal(loadConfig({ text: toml }).quota.default, undefined)
    assert.match(toml, /# {3}a\.example: 1073741824 bytes\n# {3}b\.example: 2147483648 bytes/)
    assert.match(toml, /is not in the file, and so off there/)
  })

  it('loads whatever the file holds', () => {
    const word = fc.constantFrom(
      ...[
        'g_imap_port',
        'g_atrest_all',
        'quota_default',
        'vdomain',
        'fallback',
        'g_x',
        '"',
        '=',
        'name="',
        '[x]',
        '\r',
      ],
      ...[
        '993',
        '99999',
        '99999999999999999999',
        'a.example',
        '-a-',
        '\u2028',
        '\u0000',
        '# x',
        '"""',
        "'",
        '1G',
        'true',
      ],
    )
    const text = fc.array(fc.oneof(word, fc.constantFrom(' ', '\n', '\r\n'), fc.string({ maxLength: 5 })), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(text, (words) => {
        const ini = words.join('')
        const { toml, lines } = migrateSurgemail(ini)
        loadConfig({ text: toml })
        const wanted = ini
          .split(/\r\n|\n|\r/)
          .filter((line) => line.trim() !== '' && !/^[#;]/.test(line.trim()))
        assert.equal(lines.length, wanted.length)
      }),
      { numRuns: 500 },
    )
  })

  it('is a command that prints the file, and says what is wrong with one that is none', async (context) => {
    const root = await mkdtemp(join(tmpdir(), 'letterlock-ini-'))
    context.after(() => rm(root, { recursive: true, force: true }))
    await writeFile(join(root, 'surgemail.ini'), file)
    await writeFile(join(root, 'binary'), Buffer.of(1, 0, 2))
    const bench = await makeBench(context)
    const migrate = (name: string, ...more: string[]) =>
      bench.run(['config', 'migrate-surgemail', join(root, name), ...more])
    const printed = await migrate('surgemail.ini')
    assert.equal(printed.exitCode, 0)
    assert.equal(loadConfig({ text: printed.out }).atrest.policy, 'all')
    assert.match(printed.err, /18 lines: 8 set, 1 so anyway, 1 by command, 8 without/)
    assert.match(
      (await migrate('surgemail.ini', '--json')).out,
      /^\{"toml":".*"commands":\["letterlock alias add/,
    )
    assert.equal((await migrate('missing')).exitCode, 77)
    assert.equal((await migrate('binary')).exitCode, 65)
  })
})
