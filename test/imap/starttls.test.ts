// STARTTLS over real TLS: what came in the clear is not taken for what comes encrypted.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { Client } from './client.ts'
import { address, makeHarness, passwordText, type Harness } from './harness.ts'
import { startTls } from './start-tls.ts'

async function encrypt(client: Client): Promise<Client> {
  client.socket.removeAllListeners()
  const socket = connectTls({ socket: client.socket, rejectUnauthorized: false })
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  return new Client(socket)
}

async function withHarness(test: (harness: Harness) => Promise<void>): Promise<void> {
  const harness = await makeHarness({ startTls, settings: { allowPlainLogin: false } })
  try {
    await test(harness)
  } finally {
    await harness.close()
  }
}

describe('STARTTLS', () => {
  it('is offered, and makes logins possible', () =>
    withHarness(async ({ connect }) => {
      const open = await connect('plain')
      const [before = ''] = await open.ok('CAPABILITY')
      assert.match(before, / STARTTLS /)
      assert.match(before, / LOGINDISABLED$/)
      assert.match((await open.run(`LOGIN ${address} "${passwordText}"`))[0] ?? '', /^NO \[PRIVACYREQUIRED\]/)
      await open.ok('STARTTLS')
      const client = await encrypt(open)
      const [after = ''] = await client.ok('CAPABILITY')
      assert.doesNotMatch(after, /STARTTLS|LOGINDISABLED/)
      assert.match(after, / AUTH=PLAIN/)
      await client.ok(`LOGIN ${address} "${passwordText}"`)
      await client.ok('SELECT INBOX')
      assert.match((await client.run('STARTTLS'))[0] ?? '', /^BAD /)
      await client.ok('COMPRESS DEFLATE')
      client.compress()
      await client.ok('CHECK')
      // Compressed inside TLS, so there is no second handshake to be had.
      assert.match((await client.run('STARTTLS'))[0] ?? '', /^BAD /)
      await client.ok('LOGOUT')
    }))

  it('forgets commands that came behind it in the clear', () =>
    withHarness(async ({ connect }) => {
      const open = await connect('plain')
      open.write('a STARTTLS\r\nevil NOOP\r\nhalf LOG')
      assert.match((await open.next()) ?? '', /^a OK /)
      const client = await encrypt(open)
      // Neither `evil` nor the rest of `half` is answered or put in front of this.
      assert.deepEqual(await client.run('NOOP'), ['OK NOOP completed'])
    }))

  it('ends the connection when the handshake fails', () =>
    withHarness(async ({ connect, handles }) => {
      const open = await connect('plain')
      await open.ok('STARTTLS')
      open.write('this is not a ClientHello\r\n')
      await handles[0]?.closed
    }))

  it('ends the connection when the handshake does not begin', () =>
    withHarness(async ({ connect, handles, timers }) => {
      const open = await connect('plain')
      await open.ok('STARTTLS')
      timers.advance(60_000)
      await handles[0]?.closed
    }))
})
