// Notices leave by a real SMTP relay, with login, and not without the TLS that was asked for.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { SMTPServer } from 'smtp-server'
import type { Config } from '../../src/config/schema.ts'
import { relayOf } from '../../src/server/outgoing-mail.ts'

interface Taken {
  readonly from: string
  readonly to: readonly string[]
  readonly user: unknown
  readonly text: string
}

async function relay(context: TestContext): Promise<{ port: number; taken: Taken[] }> {
  const taken: Taken[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      if (username === 'relay' && password === 'relay words') done(null, { user: username })
      else done(new Error('no'))
    },
    onData(stream, { envelope, user }, done) {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        const to = envelope.rcptTo.map(({ address }) => address)
        taken.push({ from, to, user, text: Buffer.concat(pieces).toString() })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { port: (server.server.address() as AddressInfo).port, taken }
}

const configOf = (smtp: Partial<Config['recovery']['smtp']>): Config =>
  ({ hostname: 'mail.example.org', recovery: { smtp: { tls: 'none', ...smtp } } }) as Config

const message = Buffer.from('Subject: hello\r\n\r\n.dots and all\r\n')

describe('mail that leaves the house', () => {
  it('goes to the relay as it is, with its login', async (context) => {
    const { port, taken } = await relay(context)
    const directory = await mkdtemp(join(tmpdir(), 'relay-'))
    context.after(() => rm(directory, { recursive: true }))
    const passwordFile = join(directory, 'password')
    await writeFile(passwordFile, 'relay words\n', { mode: 0o600 })
    const outgoing = await relayOf(configOf({ host: '127.0.0.1', port, user: 'relay', passwordFile }))
    await outgoing?.send('alice@elsewhere.example', message)
    assert.deepEqual(taken, [
      {
        from: 'postmaster@mail.example.org',
        to: ['alice@elsewhere.example'],
        user: 'relay',
        text: message.toString(),
      },
    ])
  })

  it('is refused when the relay does not know the login, or does not offer the TLS that is wanted', async (context) => {
    const { port, taken } = await relay(context)
    const unknown = await relayOf(configOf({ host: '127.0.0.1', port, user: 'somebody' }))
    await assert.rejects(async () => unknown?.send('a@b.example', message))
    const secure = await relayOf(configOf({ host: '127.0.0.1', port, tls: 'starttls' }))
    await assert.rejects(async () => secure?.send('a@b.example', message))
    assert.equal(taken.length, 0)
  })

  it('goes nowhere without a relay', async () => {
    assert.equal(await relayOf(configOf({})), undefined)
    const missing = configOf({ host: 'relay.example', passwordFile: '/does/not/exist' })
    await assert.rejects(relayOf(missing), /cannot read the relay/)
  })
})
