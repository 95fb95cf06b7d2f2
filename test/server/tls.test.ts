import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer, connect, type AddressInfo } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { utimes, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { silentLog, systemClock } from '../../src/base/ports.ts'
import { makeSelfSigned, type CertificatePair } from '../../src/server/self-signed.ts'
import { Tls } from '../../src/server/tls.ts'
import { recordingLog } from '../delivery/open-door.ts'
import { temporary, type Temporary } from './temporary.ts'

interface Files {
  readonly cert: string
  readonly key: string
  readonly min: '1.2' | '1.3'
}

async function put(directory: Temporary, pair: Partial<CertificatePair>, seconds: number): Promise<Files> {
  const files = { cert: directory.at('cert.pem'), key: directory.at('key.pem'), min: '1.2' as const }
  for (const name of ['cert', 'key'] as const) {
    if (pair[name] === undefined) continue
    await writeFile(files[name], pair[name])
    await utimes(files[name], seconds, seconds)
  }
  return files
}

/** Connects to a server of one connection; the outcome of both ends. */
async function shake(
  tls: Tls,
  options: ConnectionOptions,
): Promise<{ readonly server: string; readonly client: string }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const accepted = new Promise<string>((resolve) => {
    server.once('connection', (socket) => {
      socket.on('error', () => undefined)
      tls.accept(socket).then(
        (secure) => {
          resolve(`ok ${String(secure.getProtocol())}`)
          secure.end('hello')
        },
        (error: unknown) => resolve(`refused ${(error as { code?: string }).code ?? ''}`),
      )
    })
  })
  const { port } = server.address() as AddressInfo
  const client = await new Promise<string>((resolve) => {
    const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ...options })
    socket.once('secureConnect', () => resolve(`ok ${String(socket.alpnProtocol)}`))
    socket.once('error', (error: Error & { code?: string }) => resolve(`refused ${error.code ?? ''}`))
    socket.on('data', () => undefined)
  })
  const outcome = { server: await accepted, client }
  server.close()
  return outcome
}

test('a self-signed certificate names the host and this machine, on P-256', async () => {
  await using directory = await temporary()
  const pair = await makeSelfSigned(['mail.example.org'])
  const tls = await Tls.open(await put(directory, pair, 1), 0, silentLog, systemClock)
  assert.match(pair.key, /BEGIN PRIVATE KEY/)
  for (const servername of ['mail.example.org', 'localhost']) {
    assert.deepEqual(await shake(tls, { ca: pair.cert, servername }), {
      server: 'ok TLSv1.3',
      client: 'ok false',
    })
  }
  assert.match(
    (await shake(tls, { ca: pair.cert, servername: 'other.example' })).client,
    /refused ERR_TLS_CERT_ALTNAME/,
  )
})

const handshakes: readonly (readonly [name: string, options: ConnectionOptions, client: RegExp])[] = [
  ['imap is agreed on when it is offered', { ALPNProtocols: ['imap'] }, /^ok imap$/],
  [
    'other protocols are refused',
    { ALPNProtocols: ['http/1.1', 'h2'] },
    /^refused .*NO_APPLICATION_PROTOCOL$/,
  ],
  ['TLS 1.2 is spoken', { maxVersion: 'TLSv1.2' }, /^ok false$/],
  ['TLS 1.1 is not', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }, /^refused /],
]
for (const [name, options, client] of handshakes) {
  test(name, async () => {
    await using directory = await temporary()
    const pair = await makeSelfSigned(['localhost'])
    const tls = await Tls.open(await put(directory, pair, 1), 0, silentLog, systemClock)
    assert.match((await shake(tls, { ca: pair.cert, ...options })).client, client)
  })
}

test('TLS 1.2 can be refused', async () => {
  await using directory = await temporary()
  const pair = await makeSelfSigned(['localhost'])
  const tls = await Tls.open({ ...(await put(directory, pair, 1)), min: '1.3' }, 0, silentLog, systemClock)
  assert.match((await shake(tls, { ca: pair.cert, maxVersion: 'TLSv1.2' })).client, /^refused /)
})

test('a peer that speaks no TLS, or goes away, is a rejection and no crash', async () => {
  await using directory = await temporary()
  const tls = await Tls.open(
    await put(directory, await makeSelfSigned(['localhost']), 1),
    0,
    silentLog,
    systemClock,
  )
  for (const words of ['a LOGIN x y\r\n', '']) {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const refused = new Promise<void>((resolve, reject) => {
      server.once('connection', (socket) => {
        socket.on('error', () => undefined)
        tls.accept(socket).then(
          () => reject(new Error('accepted')),
          () => resolve(),
        )
      })
    })
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.end(words)
    await refused
    server.close()
  }
})

test('changed files are shown to the next handshake, unchanged ones are not read again', async () => {
  await using directory = await temporary()
  const [old, young] = [await makeSelfSigned(['localhost']), await makeSelfSigned(['localhost'])]
  const lines: string[] = []
  const tls = await Tls.open(await put(directory, old, 1000), 0, recordingLog(lines), systemClock)
  const heard: string[] = []
  tls.onChange(({ cert }) => heard.push(cert))
  assert.equal(await tls.reloadIfChanged(), false)
  await put(directory, young, 2000)
  assert.equal(await tls.reloadIfChanged(), true)
  assert.equal(await tls.reloadIfChanged(), false)
  assert.deepEqual(heard, [young.cert])
  assert.match((await shake(tls, { ca: young.cert })).client, /^ok/)
  assert.match((await shake(tls, { ca: old.cert })).client, /^refused/)
})

test('files that do not belong together leave the old certificate, and are looked at again', async () => {
  await using directory = await temporary()
  const [old, young] = [await makeSelfSigned(['localhost']), await makeSelfSigned(['localhost'])]
  const lines: string[] = []
  const tls = await Tls.open(await put(directory, old, 1000), 0, recordingLog(lines), systemClock)
  await put(directory, { cert: young.cert }, 2000) // a renewal that is half done
  assert.equal(await tls.reloadIfChanged(), false)
  assert.match(lines.join('\n'), /"tls\.reload-failed"/)
  assert.match((await shake(tls, { ca: old.cert })).client, /^ok/)
  await put(directory, { key: young.key }, 2000)
  assert.equal(await tls.reloadIfChanged(), true)
  assert.match((await shake(tls, { ca: young.cert })).client, /^ok/)
})

test('a key of another kind than the certificate’s does not belong to it either', async () => {
  await using directory = await temporary()
  const old = await makeSelfSigned(['localhost'])
  const tls = await Tls.open(await put(directory, old, 1000), 0, silentLog, systemClock)
  // OpenSSL by itself keeps one pair for each kind, takes the halves, and then has nothing to show.
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await put(directory, { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }, 2000)
  assert.equal(await tls.reload(), false)
  assert.match((await shake(tls, { ca: old.cert })).client, /^ok/)
})

test('missing and foreign files are told with what to do', async () => {
  await using directory = await temporary()
  const [one, two] = [await makeSelfSigned(['localhost']), await makeSelfSigned(['localhost'])]
  const open = async (pair: Partial<CertificatePair>): Promise<Tls> =>
    Tls.open(await put(directory, pair, 1), 0, silentLog, systemClock)
  await assert.rejects(open({}), {
    code: 'configuration',
    message: /certificate .*cert\.pem \(ENOENT\)/,
    hint: /letterlock init/,
  })
  await assert.rejects(open({ cert: one.cert, key: two.key }), { message: /cannot be used together/ })
  await assert.rejects(open({ cert: 'no PEM', key: two.key }), { message: /cannot be used together/ })
})

test('a certificate that ends soon is told', async () => {
  await using directory = await temporary()
  const lines: string[] = []
  const pair = await makeSelfSigned(['localhost'])
  const end = Date.now() + 3650 * 24 * 3_600_000
  await Tls.open(await put(directory, pair, 1), 0, recordingLog(lines), {
    now: () => end - 15 * 24 * 3_600_000,
  })
  assert.equal(lines.length, 0)
  await Tls.open(await put(directory, pair, 1), 0, recordingLog(lines), {
    now: () => end - 13 * 24 * 3_600_000,
  })
  assert.match(lines[0] ?? '', /"tls\.expires"/)
})
