// SEARCH in messages that are not held in memory as a whole: what is opened, what is found, what is damaged.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Refusal } from '../../src/account/errors.ts'
import { plainContent } from '../support/plain-content.ts'
import { withFaults } from './faulty-accounts.ts'
import { mail, makeHarness } from './harness.ts'

describe('SEARCH of large messages', () => {
  const filler = `${'0123456789abcdef'.repeat(4)}\r\n`
  const part = (type: string, body: string): string => `--b\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`
  const large =
    mail('large', '').replace('\r\n\r\n', '\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n') +
    part('text/plain', 'near the beginning') +
    part('application/octet-stream; name=attached.bin', filler.repeat(10_000)) +
    part('text/plain', `${filler.repeat(5_000)}far behind`) +
    '--b--\r\n'

  it('finds words behind an attachment without opening the attachment', async () => {
    const read: [number, number][] = []
    const harness = await makeHarness({
      wrap: (accounts) =>
        withFaults(accounts, {
          content: (content) => ({
            ...plainContent(content),
            read(start, end) {
              read.push([start, end])
              return content.read(start, end)
            },
          }),
        }),
    })
    try {
      await harness.put(large)
      const client = await harness.select()
      for (const [word, expected] of [
        ['BODY "near the beginning"', '* SEARCH 1'],
        ['BODY "far behind"', '* SEARCH 1'],
        ['TEXT attached.bin', '* SEARCH 1'],
        ['BODY nowhere', '* SEARCH'],
      ] as const) {
        read.length = 0
        assert.equal((await client.ok(`SEARCH ${word}`))[0], expected)
        const opened = read.reduce((sum, [start, end]) => sum + end - start, 0)
        assert.ok(
          opened > 300_000 && opened < large.length - filler.length * 9_000,
          `${opened} octets opened`,
        )
      }
    } finally {
      await harness.close()
    }
  })

  it('reads a header that is too long to be kept ready', async () => {
    const harness = await makeHarness()
    try {
      const text = mail('long header').replace(
        '\r\n\r\n',
        `\r\n${`X-Filler: ${filler}`.repeat(1000)}X-Last: found\r\n\r\n`,
      )
      await harness.put(text)
      const client = await harness.select()
      assert.equal((await client.ok('SEARCH HEADER X-Last found'))[0], '* SEARCH 1')
    } finally {
      await harness.close()
    }
  })

  it('leaves out, in words, a message whose body is damaged', async () => {
    const harness = await makeHarness({
      wrap: (accounts) =>
        withFaults(accounts, {
          content: (content) => ({
            ...plainContent(content),
            async *read() {
              throw new Refusal('damaged', 'The message is damaged')
            },
          }),
        }),
    })
    try {
      await harness.put(mail('one'))
      const client = await harness.select()
      const responses = await client.ok('SEARCH BODY hello')
      assert.match(responses[0] ?? '', /^\* NO \[CORRUPTION\] 1 /)
      assert.equal(responses[1], '* SEARCH')
    } finally {
      await harness.close()
    }
  })
})
