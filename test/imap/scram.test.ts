// AUTHENTICATE SCRAM-SHA-256 and -PLUS over real TLS: what is offered, what lets in, and what a client that does not trust the server leaves behind.
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls'
import { channelBinding } from '../../src/server/channel-binding.ts'
import { ScramClient, type ScramClientOptions } from '../support/scram-client.ts'
import { iterations } from '../account/scram-logins.ts'
import { Client } from './client.ts'
import { address, KeptLog, makeHarness, passwordText, type Harness, type HarnessOptions } from './harness.ts'
import { certificate, startTls } from './start-tls.ts'

const endPoint = createHash('sha256').update(new X509Certificate(certificate).raw).digest()

/** A client's end of TLS, and the client on it. */
async function encrypted(
  { connect }: Harness,
  maxVersion: SecureVersion = 'TLSv1.3',
): Promise<{ client: Client; socket: TLSSocket }> {
  const open = await connect('plain')
  await open.ok('STARTTLS')
  open.socket.removeAllListeners()
  const socket = connectTls({ socket: open.socket, rejectUnauthorized: false, maxVersion })
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  return { client: new Client(socket), socket }
}

async function withHarness(
  test: (harness: Harness) => Promise<void>,
  options: HarnessOptions = {},
): Promise<void> {
  const harness = await makeHarness({
    ...{ startTls, channelBinding, settings: { allowPlainLogin: false } },
    ...{ site: { scramIterations: iterations }, ...options },
  })
  try {
    await test(harness)
  } finally {
    await harness.close()
  }
}

const b64 = (text: string): string => Buffer.from(text).toString('base64')

async function challenge(client: Client): Promise<string> {
  const line = (await client.next()) ?? ''
  assert.match(line, /^\+ /, line)
  return Buffer.from(line.slice(2), 'base64').toString()
}

/** Runs an exchange as far as the server goes on; resolves to the tagged answer, without its tag. */
async function authenticate(
  client: Client,
  mechanism: string,
  options: Partial<ScramClientOptions> & { readonly isInitial?: boolean; readonly end?: string } = {},
): Promise<string> {
  const scram = new ScramClient({ user: address, password: passwordText, ...options })
  const isInitial = options.isInitial ?? true
  client.write(`s AUTHENTICATE ${mechanism}${isInitial ? ` ${b64(scram.first)}` : ''}\r\n`)
  let line = (await client.next()) ?? ''
  if (!isInitial) {
    assert.equal(line, '+ ')
    client.write(`${b64(scram.first)}\r\n`)
    line = (await client.next()) ?? ''
  }
  if (!line.startsWith('+ ')) return line.replace(/^s /, '')
  client.write(`${b64(scram.final(Buffer.from(line.slice(2), 'base64').toString()))}\r\n`)
  line = (await client.next()) ?? ''
  if (!line.startsWith('+ ')) return line.replace(/^s /, '')
  assert.ok(scram.trusts(Buffer.from(line.slice(2), 'base64').toString()))
  client.write(`${options.end ?? ''}\r\n`)
  return ((await client.next()) ?? '').replace(/^s /, '')
}

const offered = async (client: Client): Promise<string[]> =>
  ((await client.ok('CAPABILITY'))[0] ?? '').split(' ').filter((name) => name.startsWith('AUTH='))

const scram = ['AUTH=SCRAM-SHA-256-PLUS', 'AUTH=SCRAM-SHA-256']
const others = ['AUTH=PLAIN', 'AUTH=LOGIN']

describe('AUTHENTICATE by SCRAM', () => {
  it('is offered where the site takes it, with -PLUS over TLS only', async () => {
    await withHarness(async (harness) => {
      assert.deepEqual(await offered(await harness.connect('plain')), [])
      assert.deepEqual(await offered((await encrypted(harness)).client), [...scram, ...others])
      assert.deepEqual(await offered((await encrypted(harness, 'TLSv1.2')).client), [...scram, ...others])
    })
    const open = { settings: { allowPlainLogin: true } }
    await withHarness(async ({ connect }) => {
      assert.deepEqual(await offered(await connect('loopback')), ['AUTH=SCRAM-SHA-256', ...others])
    }, open)
    await withHarness(
      async (harness) => {
        const { client } = await encrypted(harness)
        assert.deepEqual(await offered(client), others)
        assert.match(await authenticate(client, 'SCRAM-SHA-256'), /^NO \[CANNOT\]/)
      },
      { site: {} },
    )
    const off = ['AUTH=SCRAM-SHA-256', 'AUTH=SCRAM-SHA-256-PLUS']
    await withHarness(
      async (harness) => assert.deepEqual(await offered((await encrypted(harness)).client), others),
      { settings: { allowPlainLogin: false, capabilitiesOff: off } },
    )
  })

  it('lets in whoever knows the password, with and without an initial response', () =>
    withHarness(async (harness) => {
      for (const isInitial of [true, false]) {
        const { client } = await encrypted(harness)
        assert.match(await authenticate(client, 'scram-sha-256', { isInitial }), /^OK \[CAPABILITY /)
        await client.ok('SELECT INBOX')
        await client.ok('LOGOUT')
      }
    }))

  it('is bound to the connection under -PLUS, by what TLS exports and by the certificate', () =>
    withHarness(async (harness) => {
      const exporter = (socket: TLSSocket): Buffer =>
        socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
      const plus = 'SCRAM-SHA-256-PLUS'
      const byExporter = { gs2Header: 'p=tls-exporter,,' }
      const byEndPoint = { gs2Header: 'p=tls-server-end-point,,' }
      const first = await encrypted(harness)
      const binding = exporter(first.socket)
      assert.match(await authenticate(first.client, plus, { ...byExporter, binding }), /^OK /)
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const { client } = await encrypted(harness, version)
        assert.match(await authenticate(client, plus, { ...byEndPoint, binding: endPoint }), /^OK /)
      }
      // Of another connection, of another certificate, of another kind; and none that this version of TLS has.
      const wrong: readonly (readonly [Partial<ScramClientOptions>, SecureVersion])[] = [
        [{ ...byExporter, binding }, 'TLSv1.3'],
        [{ ...byEndPoint, binding }, 'TLSv1.3'],
        [{ ...byEndPoint, binding: Buffer.alloc(32) }, 'TLSv1.3'],
        [{ ...byExporter, binding: endPoint }, 'TLSv1.2'],
        [{ gs2Header: 'p=tls-unique,,', binding }, 'TLSv1.2'],
      ]
      for (const [options, version] of wrong) {
        const { client } = await encrypted(harness, version)
        assert.match(await authenticate(client, plus, options), /^NO \[AUTHENTICATIONFAILED\] The channel/)
      }
      // Somebody in between has taken -PLUS out of the list.
      const { client } = await encrypted(harness)
      assert.match(
        await authenticate(client, 'SCRAM-SHA-256', { gs2Header: 'y,,' }),
        /^NO \[AUTHENTICATIONFAILED\]/,
      )
      assert.match(await authenticate(client, plus), /^BAD /)
    }))

  it('answers a wrong password and an unknown name alike, and ends the connection after some', () =>
    withHarness(async (harness) => {
      const { client } = await encrypted(harness)
      const answers = new Set<string>()
      for (const options of [
        { password: 'wrong' },
        { user: 'nobody@example.org' },
        { user: 'x', password: 'y' },
      ])
        answers.add(await authenticate(client, 'SCRAM-SHA-256', options))
      assert.deepEqual([...answers], ['NO [AUTHENTICATIONFAILED] Wrong address or password'])
      for (let tries = 0; tries < 2; tries += 1)
        await authenticate(client, 'SCRAM-SHA-256', { password: 'wrong' })
      assert.match((await client.next()) ?? '', /^\* BYE /)
    }))

  it('refuses to act for another', () =>
    withHarness(async (harness) => {
      const { client } = await encrypted(harness)
      const answer = await authenticate(client, 'SCRAM-SHA-256', { gs2Header: 'n,a=bob@example.org,' })
      assert.match(answer, /^NO \[AUTHORIZATIONFAILED\]/)
      assert.match(await authenticate(client, 'SCRAM-SHA-256', { gs2Header: `n,a=${address},` }), /^OK /)
    }))

  it('leaves no session behind for a client that does not trust the server, or is gone', () => {
    const log = new KeptLog()
    return withHarness(
      async (harness) => {
        await harness.lock()
        const { accounts } = harness
        const { client } = await encrypted(harness)
        assert.match(await authenticate(client, 'SCRAM-SHA-256', { end: '*' }), /^BAD .*cancelled/)
        assert.match(await authenticate(client, 'SCRAM-SHA-256', { end: b64('more') }), /^BAD /)
        assert.deepEqual(accounts.sessions(), [])
        const scramClient = new ScramClient({ user: address, password: passwordText })
        client.write(`s AUTHENTICATE SCRAM-SHA-256 ${b64(scramClient.first)}\r\n`)
        client.write(`${b64(scramClient.final(await challenge(client)))}\r\n`)
        await challenge(client)
        assert.equal(accounts.sessions().length, 1)
        client.socket.destroy()
        await Promise.all(harness.handles.map(({ closed }) => closed))
        assert.deepEqual(accounts.sessions(), [])
        assert.equal((await accounts.info(address)).isUnlocked, false)
        const failures = log.lines.filter(({ event }) => event === 'auth.refused')
        assert.deepEqual(
          failures.map(({ fields }) => fields['code']),
          ['given-up', 'given-up', 'given-up'],
        )
      },
      { log },
    )
  })

  const hostile: readonly (readonly [name: string, lines: readonly string[]])[] = [
    ['an empty initial response', ['=']],
    ['what is no base64', ['***']],
    ['a message of nothing', [b64(',')]],
    ['a cancelled exchange', [b64('n,,n=a,r=x'), '*']],
    ['a final message of nothing', [b64('n,,n=a,r=x'), '']],
    ['a nonce of its own', [b64('n,,n=a,r=x'), b64(`c=biws,r=x,p=${Buffer.alloc(32).toString('base64')}`)]],
    ['a line that never ends', [b64('n,,n=a,r=x'), 'A'.repeat(9000)]],
  ]
  for (const [name, [first = '', ...rest]] of hostile)
    it(`answers BAD to ${name}, and goes on`, () =>
      withHarness(async (harness) => {
        const { client } = await encrypted(harness)
        client.write(`s AUTHENTICATE SCRAM-SHA-256 ${first}\r\n`)
        for (const line of rest) {
          await challenge(client)
          client.write(`${line}\r\n`)
        }
        assert.match((await client.next()) ?? '', /^s BAD /)
        assert.match(await authenticate(client, 'SCRAM-SHA-256'), /^OK /)
      }))
})
