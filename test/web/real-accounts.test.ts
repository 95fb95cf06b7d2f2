// The page over the real account layer, in a server: what an admin's key leaves behind, TLS and its reload, slow requests.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer, request as requestPlain, type IncomingMessage } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { suite, test } from 'node:test'
import type { Accounts, OpenAccount } from '../../src/account/api.ts'
import { makeSelfSigned } from '../../src/server/self-signed.ts'
import { BodyRefused, readBody } from '../../src/web/body.ts'
import { running } from '../server/running.ts'
import { RawClient } from './raw-client.ts'

const address = 'alice@example.org'

suite('with a recovery key of the administrators', () => {
  test('its owner is told before turning on, and shown what it was used for at the next sign-in', async () => {
    await using site = await running({ 'listen.web': '127.0.0.1:0', 'web.tls': 'false' })
    const { accounts } = site.server
    const [password, reset, admin] = [
      'the first password',
      'a password by the admin',
      'the password of the admins',
    ]
    await accounts.create(address, Buffer.from(password))
    await accounts.escrow.setEscrow([Buffer.from(admin)])
    const client = new RawClient(site.port('web'))
    await client.signIn(address, password)
    assert.match(
      (await client.get('/turn-on')).body,
      /administrators keep a recovery key that can open your mail/,
    )
    const shown = await client.submit('/turn-on', { password, understood: 'yes' })
    const groups = [...shown.body.matchAll(/<li>([0-9A-Z]{4})<\/li>/g)].map(([, group]) => group ?? '')
    assert.equal(groups.length, 7)
    assert.equal(
      (await client.submit('/confirm-code', { typed: groups.slice(-2).join(' ') })).headers.location,
      '/progress',
    )
    for (;;) {
      if ((await accounts.info(address)).atRest === 'on') break
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await accounts.escrow.escrowResetPassword(address, [Buffer.from(admin)], Buffer.from(reset))
    // The password was changed elsewhere: the session is over.
    assert.equal((await client.get('/')).headers.location, '/sign-in')
    await client.signIn(address, reset)
    const { body } = await client.get('/')
    assert.match(
      body,
      /While you were away[^]*password was reset, by an administrator, with the recovery key/,
    )
    await client.submit('/history', { password: reset })
    assert.doesNotMatch((await client.get('/')).body, /While you were away/)
    assert.match((await client.get('/history')).body, /recovery key can open the mail from now on/)
  })
})

suite('app passwords', () => {
  const login = (accounts: Accounts, secret: string, protocol: 'imap' | 'web'): Promise<OpenAccount> =>
    accounts.login(address, Buffer.from(secret), {
      protocol,
      remoteAddress: '192.0.2.1',
      isTls: true,
      end: () => undefined,
    })

  test('made on the page, one opens the mail but not the page, until it is revoked there', async () => {
    await using site = await running({ 'listen.web': '127.0.0.1:0', 'web.tls': 'false' })
    const { accounts } = site.server
    const password = 'the main password'
    await accounts.create(address, Buffer.from(password))
    const client = new RawClient(site.port('web'))
    await client.signIn(address, password)
    const { body } = await client.submit('/app-passwords', {
      what: 'add',
      name: 'Phone',
      imap: 'yes',
      password,
    })
    const text = [...body.matchAll(/<li>([0-9A-Za-z]+)<\/li>/g)].map(([, group]) => group ?? '').join('-')
    await (await login(accounts, text, 'imap')).close()
    const other = new RawClient(site.port('web'))
    assert.match((await other.signIn(address, text)).body, /Address or password is wrong/)
    await client.submit('/app-passwords', { what: 'web-only', password }, '/app-passwords')
    await assert.rejects(login(accounts, password, 'imap'))
    await (await login(accounts, password, 'web')).close()
    const id = /name="id" value="([^"]+)"/.exec((await client.get('/app-passwords')).body)?.[1] ?? ''
    await client.submit('/app-passwords', { what: 'revoke', id })
    await assert.rejects(login(accounts, text, 'imap'))
  })
})

interface SecureAnswer {
  readonly status: number
  readonly cookie: string
  readonly transport: string
  readonly fingerprint: string
}

async function ask(port: number, options: RequestOptions = {}): Promise<SecureAnswer> {
  const asked = request({
    host: '127.0.0.1',
    port,
    path: '/sign-in',
    rejectUnauthorized: false,
    agent: false,
    ...options,
  })
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const { socket } = answer
  assert.ok(socket instanceof TLSSocket)
  const fingerprint = socket.getPeerCertificate().fingerprint256
  answer.resume()
  return {
    status: answer.statusCode ?? 0,
    cookie: answer.headers['set-cookie']?.[0] ?? '',
    transport: answer.headers['strict-transport-security'] ?? '',
    fingerprint,
  }
}

suite('over TLS', () => {
  test('cookies are bound to it, browsers are told to come back by it, and a new certificate is shown without a restart', async () => {
    await using site = await running({ 'listen.web': '127.0.0.1:0' })
    const first = await ask(site.port('web'))
    assert.equal(first.status, 200)
    assert.match(first.cookie, /^__Host-letterlock-form=.*; Secure/)
    assert.match(first.transport, /^max-age=\d+$/)
    const { cert, key } = await makeSelfSigned(['mail.example.org'])
    await writeFile(site.config.tls.key, key)
    await writeFile(site.config.tls.cert, cert)
    await site.server.reload()
    const second = await ask(site.port('web'))
    assert.equal(second.status, 200)
    assert.notEqual(second.fingerprint, first.fingerprint)
  })

  test('plain HTTP on the secure port gets nothing', async () => {
    await using site = await running({ 'listen.web': '127.0.0.1:0' })
    const asked = requestPlain({ host: '127.0.0.1', port: site.port('web'), path: '/sign-in', agent: false })
    asked.end()
    await assert.rejects(once(asked, 'response'))
  })

  test('plain HTTP for others than this machine is refused by the settings', async () => {
    await assert.rejects(running({ 'listen.web': '0.0.0.0:0', 'web.tls': 'false' }), /must be true unless/)
    await using proxied = await running({
      'listen.web': '0.0.0.0:0',
      'web.tls': 'false',
      'web.trusted_proxies': '10.0.0.1',
    })
    assert.notEqual(proxied.port('web'), 0)
  })
})

suite('bodies', () => {
  const rows: readonly (readonly [
    name: string,
    status: number,
    patienceMs: number,
    send: (asked: ReturnType<typeof requestPlain>) => void,
  ])[] = [
    ['that stop half way', 408, 100, (asked) => asked.write('half')],
    ['that end with their connection', 400, 60_000, (asked) => asked.write('half', () => asked.destroy())],
    ['that are longer than they may be', 413, 60_000, (asked) => asked.end('x'.repeat(2000))],
  ]
  for (const [name, status, patienceMs, send] of rows) {
    test(`${name} are refused with ${status}`, async () => {
      const refused = new Promise<unknown>((resolve) => {
        const server = createServer((incoming, outgoing) => {
          readBody(incoming, 1000, patienceMs)
            .then(resolve, resolve)
            .finally(() => {
              outgoing.destroy()
              server.close()
            })
        })
        server.listen(0, '127.0.0.1', () => {
          const { port } = server.address() as AddressInfo
          const asked = requestPlain({
            host: '127.0.0.1',
            port,
            method: 'POST',
            headers: { 'transfer-encoding': 'chunked' },
          })
          asked.on('error', () => undefined)
          send(asked)
        })
      })
      const error = await refused
      assert.ok(error instanceof BodyRefused)
      assert.equal(error.status, status)
    })
  }
})
