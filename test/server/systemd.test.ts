// Units for systemd: its own checker finds nothing wrong, they are tight, and sockets that it opened are used.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { initSite } from '../../src/server/init.ts'
import { inheritedSockets } from '../../src/server/inherited-sockets.ts'
import { serviceUnit, socketUnits, type Installed, type Unit } from '../../src/server/systemd-unit.ts'
import { freePort } from '../support/ports.ts'
import { skipWithout } from '../support/programs.ts'
import { temporary } from './temporary.ts'

const program = fileURLToPath(import.meta.resolve('../../bin/letterlock.js'))
const installed: Installed = {
  ...{ node: process.execPath, program, user: 'daemon' },
  configFile: '/etc/letterlock/letterlock.toml',
}

function config(flags: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({ flags })
}

async function verify(units: readonly Unit[]): Promise<string> {
  await using directory = await temporary()
  await mkdir(directory.at('units'))
  for (const { name, text } of units) await writeFile(join(directory.at('units'), name), text)
  const files = units.map(({ name }) => join(directory.at('units'), name))
  const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
    encoding: 'utf8',
  })
  return `${status}${stdout}${stderr}`
}

async function exposure({ name, text }: Unit): Promise<number> {
  await using directory = await temporary()
  await mkdir(directory.at('units'))
  const file = join(directory.at('units'), name)
  await writeFile(file, text)
  const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', file], { encoding: 'utf8' })
  return Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1] ?? NaN)
}

describe('units for systemd', () => {
  it('are right to systemd, and tight', { skip: skipWithout('systemd-analyze') }, async () => {
    const service = serviceUnit(config(), installed)
    assert.equal(await verify([service]), '0')
    assert.ok((await exposure(service)) <= 1.6, `${await exposure(service)}`)
  })

  it('with sockets are right too, and tighter', { skip: skipWithout('systemd-analyze') }, async () => {
    const sockets = socketUnits(config({ 'listen.sasl': 'unix:/run/postfix/letterlock-auth' }), installed)
    assert.deepEqual(
      sockets.map(({ name }) => name),
      ['imap', 'imaps', 'lmtp', 'sasl'].map((protocol) => `letterlock-${protocol}.socket`),
    )
    const service = serviceUnit(
      config(),
      installed,
      sockets.map(({ name }) => name),
    )
    assert.equal(await verify([service, ...sockets]), '0')
    assert.ok((await exposure(service)) <= 1.3, `${await exposure(service)}`)
  })

  it('let a mail server’s group use sockets that systemd makes', () => {
    const settings = config({ 'listen.sasl': 'unix:/run/postfix/letterlock-auth' })
    const textOf = (own: Partial<Installed>): string =>
      socketUnits(settings, { ...installed, ...own })
        .map(({ text }) => text)
        .join('')
    assert.match(
      textOf({ socketGroup: 'postfix' }),
      /\nSocketUser=daemon\nSocketGroup=postfix\nSocketMode=0660\n/,
    )
    assert.doesNotMatch(textOf({}), /SocketGroup/)
  })

  const rows: readonly (readonly [string, Readonly<Record<string, string>>, Partial<Installed>, RegExp])[] = [
    [
      'leave threads beside those for passwords',
      { 'auth.max_parallel_kdf': '3' },
      {},
      /UV_THREADPOOL_SIZE=9\n/,
    ],
    ['need a privilege for ports below 1024', {}, {}, /\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n/],
    [
      'need none for others',
      { 'listen.imap': '[::]:1143', 'listen.imaps': '[::]:1993', 'listen.lmtp': '127.0.0.1:1024' },
      {},
      /\nAmbientCapabilities=\nPrivateUsers=yes\n/,
    ],
    [
      'let the server write elsewhere where it must',
      { data_dir: '/srv/mail' },
      {},
      /\nReadWritePaths=\/srv\/mail\n/,
    ],
    [
      'let it write where its sockets are',
      { 'listen.lmtp': 'unix:/var/spool/postfix/private/letterlock' },
      {},
      /\nReadWritePaths=\/var\/spool\/postfix\/private\n/,
    ],
    [
      'let the server write where backups go',
      {},
      { writable: ['/var/backups/mail', '/srv/export', '/var/lib/letterlock/own'] },
      /\nReadWritePaths=\/var\/backups\/mail \/srv\/export\n/,
    ],
    [
      'end a start when the server has ended',
      {},
      {},
      /\nExecStartPost=.* healthcheck --wait 80s --process \$\{MAINPID\}\n/,
    ],
    ['say which user they need', {}, {}, /^# Needs: useradd --system .* daemon\n\[Unit\]\n/],
    ['see mail in a home directory', { data_dir: '/home/mail/data' }, {}, /\nProtectHome=no\n/],
    [
      'see a program in a home directory',
      {},
      { program: '/home/x/letterlock.js' },
      /\nProtectHome=read-only\n/,
    ],
    [
      'quote what systemd would take for something else',
      {},
      { program: '/opt/a b/100%/$x/letterlock.js' },
      /ExecStart=\S+ "\/opt\/a b\/100%%\/\$\$x\/letterlock\.js" --config \/etc\/letterlock\/letterlock\.toml serve\n/,
    ],
    [
      'name the data directory where no file is read',
      {},
      { configFile: undefined },
      / --data \/var\/lib\/letterlock serve\n/,
    ],
  ]
  for (const [name, flags, own, wanted] of rows) {
    it(name, () => assert.match(serviceUnit(config(flags), { ...installed, ...own }).text, wanted))
  }

  it('refuse to listen at a name', () => {
    assert.throws(
      () => socketUnits(config({ 'listen.imap': 'mail.example.org:143' }), installed),
      /not at names/,
    )
    assert.match(
      socketUnits(config({ 'listen.imap': 'localhost:143' }), installed)[0]?.text ?? '',
      /=127\.0\.0\.1:143/,
    )
  })
})

describe('sockets that systemd opened', () => {
  const known = ['imap', 'lmtp']
  const read = (env: NodeJS.ProcessEnv): [string, readonly number[]][] => [...inheritedSockets(env, 7, known)]

  it('are known by name, in order', () => {
    assert.deepEqual(read({ LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'imap:lmtp:imap' }), [
      ['imap', [3, 5]],
      ['lmtp', [4]],
    ])
  })

  it('are none when there are none, or when they are another process’s', () => {
    assert.deepEqual(read({}), [])
    assert.deepEqual(read({ LISTEN_PID: '8', LISTEN_FDS: '1', LISTEN_FDNAMES: 'imap' }), [])
    assert.deepEqual(read({ LISTEN_PID: '7', LISTEN_FDS: '0' }), [])
  })

  it('are not told to programs that the server starts', () => {
    const env = { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'imap', HOME: '/' }
    read(env)
    assert.deepEqual(env, { HOME: '/' })
  })

  for (const [name, env] of [
    ['a name that is none', { LISTEN_FDS: '1', LISTEN_FDNAMES: 'letterlock.socket' }],
    ['a name that is missing', { LISTEN_FDS: '2', LISTEN_FDNAMES: 'imap' }],
    ['a number that is none', { LISTEN_FDS: 'x', LISTEN_FDNAMES: 'imap' }],
    ['too many', { LISTEN_FDS: '999', LISTEN_FDNAMES: 'imap' }],
  ] as const) {
    it(`are refused with ${name}`, () =>
      assert.throws(() => read({ LISTEN_PID: '7', ...env }), /systemd|LISTEN_FDS/))
  }

  it('are served', { skip: skipWithout('systemd-socket-activate'), timeout: 900_000 }, async () => {
    await using directory = await temporary()
    const dataDir = directory.at('data')
    const flags = { 'listen.imap': '', 'listen.imaps': '', 'listen.lmtp': '' }
    const own = config({ data_dir: dataDir, ...flags })
    await initSite(own)
    const port = await freePort()
    const sets = Object.entries(flags).flatMap(([name, value]) => ['--set', `${name}=${value}`])
    // It starts the server at the first connection, in its own place.
    const child = spawn(
      'systemd-socket-activate',
      [
        '--fdname=imap',
        '-l',
        `127.0.0.1:${port}`,
        process.execPath,
        program,
        '--data',
        dataDir,
        ...sets,
        'serve',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    try {
      while (!said.includes('Listening on')) await once(child.stderr, 'data')
      const socket = connect(port, '127.0.0.1')
      const [greeting] = (await once(socket, 'data')) as [Buffer]
      assert.match(greeting.toString(), /^\* OK /)
      socket.destroy()
    } finally {
      child.kill('SIGTERM')
      await once(child, 'close')
    }
    assert.match(said, new RegExp(`"event":"listen\\.open","proto":"imap","at":"127\\.0\\.0\\.1:${port}"`))
  })
})
