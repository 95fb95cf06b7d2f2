import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig, type ConfigSources } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problems.ts'

test('nothing given is a complete configuration', () => {
  const config = loadConfig()
  assert.equal(config.hostname, 'localhost')
  assert.equal(config.siteKeyFile, '/var/lib/letterlock/site.key')
  assert.equal(config.controlSocket, '/var/lib/letterlock/control.sock')
  assert.equal(config.tls.cert, '/var/lib/letterlock/tls/cert.pem')
  assert.equal(config.limits.messageSize, 50 * 2 ** 20)
  assert.equal(config.tls.reload, 60_000)
  assert.deepEqual(config.listen.lmtp, [{ kind: 'tcp', host: '127.0.0.1', port: 24 }])
  assert.equal(config.listen.socketMode, 0o660)
  assert.equal(config.quota.default, undefined)
})

test('the configuration cannot be changed at any depth', () => {
  const config = loadConfig()
  for (const part of [config, config.listen, config.listen.imap, config.listen.imap[0], config.atrest.kdf]) {
    assert.ok(Object.isFrozen(part))
  }
})

test('flags beat the environment, the environment beats the file, the file beats defaults', () => {
  const sources = {
    text: 'hostname = "file.example"\ndata_dir = "/file"\n[auth]\nkdf_queue = 7\n[log]\nlevel = "warn"',
    environment: {
      LETTERLOCK_HOSTNAME: 'env.example',
      LETTERLOCK_AUTH__KDF_QUEUE: '8',
      LETTERLOCK_LISTEN__IMAP: '127.0.0.1:1143, unix:/run/i.sock',
      LETTERLOCK_AUTH__ALLOW_PLAIN_LOGIN_ON_LOOPBACK: 'true',
      LETTERLOCK_ATREST__KDF__TIME: '4',
      LETTERLOCK_LISTEN__LMTP: '',
    },
    flags: { hostname: 'flag.example' },
  }
  const config = loadConfig(sources)
  assert.equal(config.hostname, 'flag.example')
  assert.equal(config.dataDir, '/file')
  assert.equal(config.auth.kdfQueue, 8)
  assert.equal(config.auth.allowPlainLoginOnLoopback, true)
  assert.equal(config.atrest.kdf.time, 4)
  assert.deepEqual(config.listen.lmtp, [])
  assert.deepEqual(config.listen.imap, [
    { kind: 'tcp', host: '127.0.0.1', port: 1143 },
    { kind: 'unix', path: '/run/i.sock' },
  ])
  assert.equal(config.log.level, 'warn')
})

test('variables that are no settings are left alone', () => {
  loadConfig({
    environment: {
      LETTERLOCK_PASSWORD: 'x',
      LETTERLOCK_ADMIN_PASSWORD_FILE: '/x',
      LETTERLOCKED__A: '1',
      PATH: '/',
    },
  })
})

function complaint(sources: ConfigSources): string {
  try {
    loadConfig(sources)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
  return assert.fail('was accepted')
}

const wrong: readonly (readonly [name: string, sources: ConfigSources, ...lines: readonly string[]])[] = [
  ['TOML that is none', { text: 'a = 1\nhostname = ', fileName: 'x.toml' }, 'x.toml:2: '],
  [
    'an unknown setting',
    { text: '[tls]\n\nmni = "1.2"' },
    'configuration:3: tls.mni: no such setting (did you mean min?)',
  ],
  [
    'an unknown section',
    { text: '[lisen]\nimap = []' },
    'configuration:1: lisen: no such setting (did you mean listen?)',
  ],
  [
    'a setting like no other',
    { text: 'quux_frobnicate = 1' },
    'configuration:1: quux_frobnicate: no such setting',
  ],
  [
    'an unknown variable',
    { environment: { LETTERLOCK_TLS__MNI: '1.2' } },
    'LETTERLOCK_TLS__MNI: no such setting (did you mean tls.min?)',
  ],
  [
    'an unknown flag',
    { flags: { 'listen.imapp': 'x' } },
    '--set listen.imapp: no such setting (did you mean listen.imap?)',
  ],
  [
    'a wrong address',
    { text: '[listen]\nimap = ["[::]:143", "143"]' },
    'configuration:2: listen.imap: item 2: must be an address',
  ],
  [
    'a wrong size',
    { text: '[limits]\nmessage_size = "50X"' },
    'configuration:2: limits.message_size: must be a size',
  ],
  ['a size of wrong type', { text: '[limits]\nmessage_size = true' }, 'limits.message_size: must be a size'],
  ['a wrong duration', { text: '[tls]\nreload = "60"' }, 'configuration:2: tls.reload: must be a duration'],
  [
    'a wrong word',
    { text: '[log]\nlevel = "loud"' },
    'log.level: must be one of "debug", "info", "warn", "error"',
  ],
  ['a relative path', { text: 'data_dir = "mail"' }, 'data_dir: must be an absolute path'],
  [
    'a wrong type from the environment',
    { environment: { LETTERLOCK_AUTH__KDF_QUEUE: 'many' } },
    'LETTERLOCK_AUTH__KDF_QUEUE: expected number',
  ],
  [
    'a certificate without key',
    { text: '[tls]\ncert = "/c.pem"' },
    'configuration:1: tls: cert and key must be set both or neither',
  ],
  [
    'a line of SurgeMail’s as it is there',
    { text: 'hostname = "x.example"\ng_atrest_all "true"' },
    'letterlock config migrate-surgemail FILE',
  ],
  [
    'a setting of SurgeMail’s that has no counterpart',
    { text: 'g_pop_port = "110"' },
    'letterlock config migrate-surgemail FILE',
  ],
  [
    'a KDF too weak',
    { text: '[atrest.kdf]\nmemory = "1M"' },
    'configuration:2: atrest.kdf.memory: must be from 19M to 1G',
  ],
  [
    'a block that ends before it begins',
    { text: '[auth]\nblock = "2h"' },
    'auth.block: must not be longer than block_max',
  ],
  [
    'a Unix path too long',
    { text: `[listen]\nlmtp = ["unix:/${'x'.repeat(107)}"]` },
    'listen.lmtp: item 1: must be an address',
  ],
  ['a port too high', { text: '[listen]\nlmtp = ["127.0.0.1:65536"]' }, 'must be an address'],
  [
    'a file bigger than memory for delivery',
    { text: '[delivery]\nmemory = "10M"' },
    'must be at least four times limits.message_size',
  ],
  [
    'several mistakes at once',
    { text: 'hostnam = "x"\n[log]\nlevel = "loud"\n[tls]\nmin = "1.1"', flags: { nope: '1' } },
    'hostnam: no such setting (did you mean hostname?)',
    'log.level: must be one of',
    'tls.min: must be one of "1.2", "1.3"',
    '--set nope: no such setting',
  ],
]

for (const [name, sources, ...lines] of wrong) {
  test(`says where and why: ${name}`, () => {
    const message = complaint(sources)
    for (const line of lines) assert.ok(message.includes(line), `${message}\n  lacks\n${line}`)
  })
}

test('at-rest policies are of the site and of domains, under SurgeMail’s names too', () => {
  const rows: readonly [text: string, policy: string, adminRecovery: boolean][] = [
    ['', 'offered', true],
    ['[atrest]\npolicy = "all"\nadmin_recovery = false', 'all', false],
    ['g_atrest_enable = "true"', 'offered', true],
    ['g_atrest_enable = "false"\ng_atrest_all = "true"', 'off', true],
    ['g_atrest_enable = true\ng_atrest_all = true\ng_atrest_crazy = true', 'all', false],
    ['g_atrest_all = "true"\n[atrest]\npolicy = "new"', 'new', true],
  ]
  for (const [text, policy, adminRecovery] of rows) {
    const { atrest } = loadConfig({ text })
    assert.deepEqual([atrest.policy, atrest.adminRecovery], [policy, adminRecovery], text)
  }
  const { atrest } = loadConfig({
    text: '[atrest]\ndomains = ["Example.org all", "example.net off no-admin-recovery"]',
  })
  assert.deepEqual(atrest.domains, [
    { name: 'example.org', policy: 'all', adminRecovery: undefined },
    { name: 'example.net', policy: 'off', adminRecovery: false },
  ])
  for (const wrong of ['example.org', 'example.org sometimes', 'example.org all perhaps', 'a b c d'])
    assert.throws(() => loadConfig({ flags: { 'atrest.domains': wrong } }), ConfigError, wrong)
})
