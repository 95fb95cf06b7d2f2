// A connection's life: deadlines, goodbyes, IDLE's signs of life, and what a kicked session is told.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deferred } from '../../src/base/async.ts'
import type { ImapHandle } from '../../src/imap/serve.ts'
import { withFaults } from './faulty-accounts.ts'
import { address, mail, makeHarness, passwordText, type Harness, type HarnessOptions } from './harness.ts'

async function withHarness(
  options: HarnessOptions,
  test: (harness: Harness) => Promise<void>,
): Promise<void> {
  const harness = await makeHarness(options)
  try {
    await test(harness)
  } finally {
    await harness.close()
  }
}

describe('capabilities', () => {
  it('can be taken off the list where a client trips over them', () =>
    withHarness(
      { settings: { capabilitiesOff: ['condstore', 'APPENDLIMIT', 'AUTH=LOGIN'] } },
      async ({ connect }) => {
        const client = await connect()
        const [list = ''] = await client.ok('CAPABILITY')
        assert.doesNotMatch(list, /CONDSTORE|APPENDLIMIT|AUTH=LOGIN/)
        assert.match(list, /^\* CAPABILITY IMAP4rev1 .* AUTH=PLAIN/)
      },
    ))

  it('stand in the greeting', async () => {
    const harness = await makeHarness()
    try {
      const client = await harness.connect('tls', (greeting) => {
        assert.match(greeting, /^\* OK \[CAPABILITY IMAP4rev1 .* AUTH=PLAIN AUTH=LOGIN\] /)
      })
      await client.ok('LOGOUT')
    } finally {
      await harness.close()
    }
  })
})

describe('deadlines', () => {
  it('closes a connection that has not logged in after a minute, whatever it does meanwhile', () =>
    withHarness({}, async ({ connect, timers }) => {
      const client = await connect()
      timers.advance(59_000)
      await client.ok('NOOP')
      timers.advance(1_000)
      assert.deepEqual(await client.rest(), ['* BYE Login took too long'])
    }))

  it('closes one that waits in the middle of AUTHENTICATE', () =>
    withHarness({}, async ({ connect, timers }) => {
      const client = await connect()
      client.send('a AUTHENTICATE PLAIN')
      assert.equal(await client.next(), '+ ')
      timers.advance(60_000)
      assert.deepEqual(await client.rest(), ['* BYE Login took too long'])
    }))

  it('closes a session that says nothing for half an hour, and not one that does', () =>
    withHarness({}, async ({ login, timers }) => {
      const client = await login()
      timers.advance(29 * 60_000)
      await client.ok('NOOP')
      timers.advance(29 * 60_000)
      await client.ok('NOOP')
      timers.advance(30 * 60_000)
      assert.deepEqual(await client.rest(), ['* BYE Idle for too long'])
    }))

  it('keeps IDLE alive for ever, with a sign of life every two minutes', () =>
    withHarness({}, async ({ select, timers }) => {
      const client = await select()
      client.send('a IDLE')
      assert.equal(await client.next(), '+ idling')
      for (let minutes = 0; minutes < 60; minutes += 2) {
        timers.advance(2 * 60_000)
        assert.equal(await client.next(), '* OK Still here')
      }
      client.send('DONE')
      assert.equal(await client.next(), 'a OK IDLE completed')
      await client.ok('NOOP')
    }))

  it('leaves no timer behind', () =>
    withHarness({}, async ({ select, timers, handles }) => {
      const client = await select()
      client.send('a IDLE')
      await client.next()
      client.socket.destroy()
      await handles[0]?.closed
      assert.equal(timers.pending, 0)
    }))
})

describe('the end', () => {
  it('is told to a client that waits', () =>
    withHarness({}, async ({ login, handles }) => {
      const client = await login()
      handles[0]?.close('The server is shutting down')
      assert.deepEqual(await client.rest(), ['* BYE [UNAVAILABLE] The server is shutting down'])
      await handles[0]?.closed
    }))

  it('is told to a client in IDLE', () =>
    withHarness({}, async ({ select, handles }) => {
      const client = await select()
      client.send('a IDLE')
      await client.next()
      handles[0]?.close('The server is shutting down')
      assert.deepEqual(await client.rest(), ['* BYE [UNAVAILABLE] The server is shutting down'])
    }))

  it('comes when the account is kicked, and takes the session with it', () =>
    withHarness({}, async ({ select, site, handles }) => {
      const client = await select()
      assert.equal(site.accounts.sessions().length, 2)
      await site.accounts.kick({ address }, 'An administrator ended the session')
      assert.deepEqual(await client.rest(), ['* BYE [UNAVAILABLE] An administrator ended the session'])
      await handles[0]?.closed
      assert.equal(site.accounts.sessions().length, 0)
    }))

  it('gives the account up when the client vanishes', () =>
    withHarness({}, async ({ select, site, handles }) => {
      const client = await select()
      client.socket.resetAndDestroy()
      await handles[0]?.closed
      assert.equal(site.accounts.sessions().length, 1)
    }))

  it('answers a client that has said all it has to say and closed its half', () =>
    withHarness({}, async ({ connect }) => {
      const client = await connect()
      client.write(`a LOGIN ${address} "${passwordText}"\r\nb STATUS INBOX (MESSAGES)\r\n`)
      client.socket.end()
      const responses = await client.rest()
      assert.match(responses[0] ?? '', /^a OK /)
      assert.deepEqual(responses.slice(1), ['* STATUS INBOX (MESSAGES 0)', 'b OK STATUS completed'])
    }))

  it('comes after five wrong passwords', () =>
    withHarness({}, async ({ connect }) => {
      const client = await connect()
      for (let count = 0; count < 5; count += 1) {
        assert.match(
          (await client.run(`LOGIN ${address} wrong${count}`))[0] ?? '',
          /^NO \[AUTHENTICATIONFAILED\]/,
        )
      }
      assert.deepEqual(await client.rest(), ['* BYE Too many failed logins'])
    }))

  it('closes at once on request while a login is being checked, and keeps no account', () =>
    withHarness(
      {
        wrap: (accounts) =>
          new Proxy(accounts, {
            get(target, name) {
              const value: unknown = Reflect.get(target, name)
              if (name !== 'login')
                return typeof value === 'function' ? (value.bind(target) as unknown) : value
              return async (...args: Parameters<typeof accounts.login>) => {
                const opened = await target.login(...args)
                // The peer goes while its password is being checked.
                args[2].end('gone')
                return opened
              }
            },
          }),
      },
      async ({ connect, site, handles }) => {
        const client = await connect()
        client.send(`a LOGIN ${address} "${passwordText}"`)
        assert.deepEqual(await client.rest(), ['* BYE [UNAVAILABLE] gone'])
        await handles[0]?.closed
        assert.equal(site.accounts.sessions().length, 1)
      },
    ))
})

describe('a command in progress', () => {
  it('is stopped between two messages when the connection is told to close', async () => {
    let handle: ImapHandle | undefined
    await withHarness(
      {
        limits: { outputBytes: 1 },
        wrap: (accounts) =>
          withFaults(accounts, {
            content(content) {
              if (content.uid === 2) handle?.close('Enough')
              return content
            },
          }),
      },
      async ({ select, put, handles }) => {
        for (const subject of ['one', 'two', 'three']) await put(mail(subject))
        const client = await select()
        handle = handles[0]
        client.send('a FETCH 1:3 (UID ENVELOPE)')
        const responses = await client.rest()
        assert.deepEqual(
          responses.map((response) => response.slice(0, 17)),
          ['* 1 FETCH (UID 1 ', '* 2 FETCH (UID 2 ', '* BYE [UNAVAILABL'],
        )
      },
    )
  })

  it('is cut off when it does not end in time', async () => {
    const begun = deferred<undefined>()
    const done = deferred<undefined>()
    const hang = (method: string): Promise<void> | undefined => {
      if (method !== 'expunge') return undefined
      begun.resolve(undefined)
      return done.promise
    }
    await withHarness(
      { wrap: (accounts) => withFaults(accounts, { mailbox: hang }) },
      async ({ select, handles, timers }) => {
        const client = await select()
        client.send('a CLOSE')
        await begun.promise
        handles[0]?.close('Enough')
        timers.advance(5_000)
        assert.deepEqual(await client.rest(), [])
        done.resolve(undefined)
        await handles[0]?.closed
      },
    )
  })
})

describe('a peer that does not read', () => {
  it('is cut off after five minutes and hinders nobody', () =>
    withHarness({}, async ({ select, put, timers, handles }) => {
      const body = `${'x'.repeat(78)}\r\n`.repeat(10_000)
      for (let count = 0; count < 8; count += 1) await put(mail(`big ${count}`, body))
      const deaf = await select()
      deaf.socket.pause()
      const hearing = await select()
      for (let count = 0; count < 20; count += 1) deaf.send(`d${count} FETCH 1:* BODY.PEEK[]`)
      // The other one is served meanwhile, again and again.
      for (let count = 0; count < 20; count += 1) {
        const [answer = ''] = await hearing.ok('FETCH 8 BODY.PEEK[]')
        assert.ok(answer.length > body.length)
      }
      // Until the server has filled every buffer there is and waits.
      while (!timersHoldStall()) await hearing.ok('NOOP')
      timers.advance(5 * 60_000)
      await handles[0]?.closed
      await hearing.ok('NOOP')

      function timersHoldStall(): boolean {
        return timers.delays.includes(5 * 60_000)
      }
    }))
})
