// INPROGRESS (RFC 9585): commands that take long give signs of life, in no other line's middle, and not for ever.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deferred } from '../../src/base/async.ts'
import { withFaults } from './faulty-accounts.ts'
import { mail, makeHarness, type Harness } from './harness.ts'

interface Held {
  readonly harness: Harness
  /** Resolves when the held method was called. */
  readonly called: Promise<undefined>
  readonly release: () => void
}

/** A server whose mailboxes hold one method up until `release`. */
async function holding(method: string): Promise<Held> {
  const called = deferred<undefined>()
  const gate = deferred<undefined>()
  const harness = await makeHarness({
    wrap: (accounts) =>
      withFaults(accounts, {
        mailbox: async (name) => {
          if (name !== method) return
          called.resolve(undefined)
          await gate.promise
        },
      }),
  })
  return { harness, called: called.promise, release: () => gate.resolve(undefined) }
}

const sign = '* OK [INPROGRESS ("a7" NIL NIL)] Still working on it'

describe('a command that takes long', () => {
  for (const [command, method] of [
    ['SEARCH BODY hello', 'contents'],
    ['UID SEARCH RETURN (ALL) BODY hello', 'contents'],
    ['EXPUNGE', 'expunge'],
  ] as const) {
    it(`gives a sign of life every ten seconds, and none after its answer: ${command}`, async () => {
      const { harness, called, release } = await holding(method)
      try {
        await harness.put(mail('one'))
        const client = await harness.select()
        client.send(`a7 ${command}`)
        await called
        harness.timers.advance(10_000)
        assert.equal(await client.next(), sign)
        harness.timers.advance(20_000)
        assert.deepEqual([await client.next(), await client.next()], [sign, sign])
        release()
        const rest = await client.until('a7')
        assert.match(rest.at(-1) ?? '', /^a7 OK /)
        harness.timers.advance(10_000)
        assert.deepEqual(await client.run('NOOP'), ['OK NOOP completed'])
      } finally {
        release()
        await harness.close()
      }
    })
  }

  it('gives none when it is quick, and FETCH gives none at all', async () => {
    const { harness, called, release } = await holding('contents')
    try {
      await harness.put(mail('one'))
      const client = await harness.select()
      client.send('a7 FETCH 1 BODY.PEEK[TEXT]')
      await called
      harness.timers.advance(30_000)
      release()
      assert.equal(await client.next(), '* 1 FETCH (BODY[TEXT] {8}\r\nHello.\r\n)')
    } finally {
      release()
      await harness.close()
    }
  })
})
